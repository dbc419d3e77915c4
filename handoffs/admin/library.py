"""The library for the preparation: notes on competitors and customer stories, kept by RevOps."""

from typing import Any

from django import forms
from django.contrib import admin
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.models import SignalKind
from handoffs.models import CaseStudy, CompetitorNote
from handoffs.models.package import Objection
from team.admin_base import DeskAdmin


class EntryForm(forms.ModelForm):
    """Tags are ticked, not typed."""

    triggers = forms.MultipleChoiceField(
        choices=SignalKind.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label="Fits these triggers",
    )
    objections = forms.MultipleChoiceField(
        choices=Objection.Category.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label="Answers these objections",
    )


class LibraryAdmin(DeskAdmin):
    """What both kinds of entry share."""

    form = EntryForm
    list_filter = [("is_active", BooleanRadioFilter)]

    @display(description="industries")
    def for_industries(self, obj: Any) -> str:
        return obj.industries or "all"


@admin.register(CompetitorNote)
class CompetitorNoteAdmin(LibraryAdmin):
    help_words = {
        "competitor": "The name as prospects say it.",
        "is_active": "Off: kept here, offered to nobody.",
    }
    empty_words = (
        "No notes yet. What you write about a competitor is shown to every AE who prepares "
        "for a prospect that named them."
    )
    list_display = ["competitor", "for_industries", "is_active", "updated_at"]
    search_fields = ["competitor", "note"]
    search_help_text = "Competitor, or words of the note"
    fields = ["competitor", "note", "industries", "triggers", "objections", "is_active"]


@admin.register(CaseStudy)
class CaseStudyAdmin(LibraryAdmin):
    help_words = {
        "title": "As the AE reads it in the list.",
        "summary": "Who it was and what changed, in two or three sentences.",
        "url": "Where the whole story stands, such as https://www.example.com/story.",
        "is_active": "Off: kept here, offered to nobody.",
    }
    empty_words = (
        "No case studies yet. Tag a story with industry, trigger and objection, and it is "
        "offered to the AEs it fits."
    )
    list_display = ["title", "for_industries", "is_active", "updated_at"]
    search_fields = ["title", "summary"]
    search_help_text = "Words of the title or the summary"
    fields = ["title", "summary", "url", "industries", "triggers", "objections", "is_active"]
