"""Policies and their versions: promises and steps are edited in a draft, then put in force."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm, PaginationInlineFormSet

from messaging.models import Channel
from sla import policies
from sla.admin.words import promises_in_words, script_in_words
from sla.models import EscalationStep, Policy, PolicyVersion, Target
from team.admin_kit import (
    InDraftOnly,
    KeptAdmin,
    PlainTabularInline,
    VersionedAdmin,
    viewer,
)
from team.forms.shared import kept_rows

State = PolicyVersion.State


class TargetForm(forms.ModelForm):
    class Meta:
        model = Target
        fields = ("kind", "limit_minutes", "warn_minutes", "hours")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        warn, limit = found.get("warn_minutes"), found.get("limit_minutes")
        if warn and limit and warn >= limit:
            self.add_error("warn_minutes", "The warning has to come before the limit.")
        return found


class TargetFormSet(PaginationInlineFormSet):
    def get_unique_error_message(self, unique_check: Any) -> str:
        return "The same promise stands there twice; give each promise one limit."


class StepForm(forms.ModelForm):
    class Meta:
        model = EscalationStep
        fields = ("kind", "at_percent", "minutes_past", "action", "channel")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        percent, minutes = found.get("at_percent"), found.get("minutes_past")
        if "at_percent" in found and "minutes_past" in found:
            if percent is None and minutes is None:
                self.add_error("at_percent", "When? Give a percentage, or minutes past the limit.")
            elif percent is not None and minutes is not None:
                self.add_error("minutes_past", "Give a percentage or minutes past it, not both.")
        if found.get("channel") and found.get("action") != EscalationStep.Action.CHANNEL:
            self.add_error("channel", "A channel only belongs to “Post to a channel”.")
        return found


class StepFormSet(PaginationInlineFormSet):
    """Steps of a version: none twice, and nobody hears of it after their own manager did."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        seen: set[tuple[Any, ...]] = set()
        first: dict[tuple[str, str], tuple[int, int]] = {}
        for row in kept_rows(self):
            moment = _moment(row["at_percent"], row["minutes_past"])
            same = (row["kind"], moment, row["action"], row["channel"])
            if same in seen:
                raise ValidationError("The same step stands there twice.")
            seen.add(same)
            key = (row["kind"], row["action"])
            first[key] = min(moment, first.get(key, moment))
        for (kind, what), moment in first.items():
            manager = first.get((kind, EscalationStep.Action.MANAGER))
            if what == EscalationStep.Action.UPPER and manager is not None and moment <= manager:
                raise ValidationError(
                    "The manager’s manager would hear of it before the manager does: put that "
                    "step later."
                )


def _moment(percent: int | None, minutes: int | None) -> tuple[int, int]:
    """Something to order steps by without knowing the limit: 100% is the limit itself."""
    if percent is None:
        return (100, minutes or 0)
    return (percent, 0)


class TargetInline(InDraftOnly, PlainTabularInline):
    help_words = {
        "kind": "What has to be done in time.",
        "hours": "Business hours stand still while the territory is closed.",
    }
    model = Target
    form = TargetForm
    formset = TargetFormSet
    verbose_name = "promise"
    verbose_name_plural = "promises, in minutes (60 is an hour, 480 a working day of eight)"


class StepInline(InDraftOnly, PlainTabularInline):
    help_words = {
        "kind": "Which promise it watches.",
        "at_percent": "50 is half-way, 100 the limit. Or leave it empty and give minutes.",
        "action": "What happens then, once.",
        "channel": "Only for “Post to a channel”.",
    }
    model = EscalationStep
    form = StepForm
    formset = StepFormSet
    verbose_name = "step"
    verbose_name_plural = "what happens when a promise runs late"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        formfield: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "channel":
            formfield.queryset = Channel.objects.filter(is_enabled=True)
            formfield.empty_label = "none"
        return formfield


@admin.register(Policy)
class PolicyAdmin(KeptAdmin):
    """For which handoffs a policy is; its numbers are on the pages of its versions."""

    help_words = {
        "name": "As people call it, such as “Inbound, weekdays”.",
        "lead_source": "Whose handoffs get these promises.",
    }
    list_display = ["name", "lead_source", "place"]
    list_filter = [
        ("lead_source", ChoicesDropdownFilter),
        ("territory", RelatedDropdownFilter),
    ]
    list_select_related = ["territory"]
    search_fields = ["name"]
    fields = ["name", "lead_source", "territory"]
    instead = "Clocks have run under it. Activate a new version with other numbers instead."

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["lead_source", "territory"] if obj is not None and _was_in_force(obj) else []

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            policies.new_draft(obj)

    def response_add(
        self, request: HttpRequest, obj: Policy, post_url_continue: Any = None
    ) -> HttpResponse:
        sentence = f"{obj} is there. Now say what it promises, then activate it."
        self.message_user(request, sentence, messages.SUCCESS)
        first = obj.versions.get()
        return HttpResponseRedirect(reverse("admin:sla_policyversion_change", args=[first.pk]))

    def keeps(self, obj: Policy) -> str:
        return "versions that have been in force" if _was_in_force(obj) else ""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        names = [str(obj) for obj in objs]
        return names, {"policies": len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Policy) -> None:
        obj.versions.all().delete()
        super().delete_model(request, obj)

    @display(description="where", ordering="territory__name")
    def place(self, obj: Policy) -> str:
        return str(obj.territory or "everywhere else")


def _was_in_force(policy: Policy) -> bool:
    return policy.versions.exclude(state=State.DRAFT).exists()


@admin.register(PolicyVersion)
class PolicyVersionAdmin(VersionedAdmin):
    help_words = {
        "note": "What is new in this version, and why.",
    }
    empty_words = (
        "No promise yet. Press “New policy” and say how soon what has to happen, and who is "
        "told when it does not."
    )
    list_display = ["title", "source", "place", "state_word", "promises", "step_count"]
    list_filter = [
        ("policy__lead_source", ChoicesDropdownFilter),
        ("policy__territory", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
    ]
    search_fields = ["policy__name", "note"]
    fields = ["title", "source", "place", "state_chip", "note", "script", "to_do"]
    readonly_fields = ["title", "source", "place", "state_chip", "script", "to_do"]
    inlines = [TargetInline, StepInline]
    actions_list = ["new_policy"]
    actions_detail = ["activate", "new_version", "try_it", "where_it_applies"]
    locked_because = (
        "This version is or was in force, so its numbers stay as they were promised. "
        "“New version to edit” makes a draft with the same numbers."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PolicyVersion]:
        found = super().get_queryset(request).select_related("policy__territory", "activated_by")
        return found.prefetch_related("targets", "steps__channel")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Versions come from “New version to edit” or with a new policy."""
        return False

    def has_activate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        version = self.row(request, object_id)
        return self.may_write(request) and not version.is_locked

    def has_where_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return viewer(request).has_perm("sla.change_policy")

    def has_new_policy_permission(self, request: HttpRequest) -> bool:
        return viewer(request).has_perm("sla.add_policy")

    @action(description="New policy", icon="add", permissions=["new_policy"])
    def new_policy(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:sla_policy_add"))

    @action(description="Where it applies", icon="map", permissions=["where"])
    def where_it_applies(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A link, nothing more: the page of the policy itself."""
        version = self.row(request, object_id)
        return HttpResponseRedirect(reverse("admin:sla_policy_change", args=[version.policy_id]))

    @action(description="Try it on the past", icon="science", permissions=["where"])
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A link, nothing more: the page that replays it."""
        version = self.row(request, object_id)
        return HttpResponseRedirect(reverse("try_policy", args=[version.pk]))

    @action(
        description="Activate",
        icon="check_circle",
        variant=ActionVariant.PRIMARY,
        permissions=["activate"],
        dialog={
            "title": "Put this version in force",
            "description": (
                "Clocks that start from now on promise these times. Clocks that run keep what "
                "they promised. The version in force until now retires."
            ),
            "form_class": BaseDialogForm,
            "form_submit_text": "Activate",
        },
    )
    def activate(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        version = self.row(request, object_id)

        def work() -> str:
            policies.activate(version, by=viewer(request), at=timezone.now())
            return f"{version} is in force for clocks that start from now on."

        return self.press(request, work, back_to=self.page_of(version), about=version)

    def draft_after(self, version: PolicyVersion, note: str) -> tuple[PolicyVersion, bool]:
        return policies.new_draft(version.policy, note=note)

    @display(description="version", ordering="policy__name")
    def title(self, obj: PolicyVersion) -> str:
        return str(obj)

    @display(description="lead source", ordering="policy__lead_source")
    def source(self, obj: PolicyVersion) -> str:
        return obj.policy.get_lead_source_display()

    @display(description="territory", ordering="policy__territory__name")
    def place(self, obj: PolicyVersion) -> str:
        return str(obj.policy.territory or "everywhere else")

    @display(description="promises")
    def promises(self, obj: PolicyVersion) -> str:
        return promises_in_words(obj)

    @display(description="steps")
    def step_count(self, obj: PolicyVersion) -> int:
        return len(obj.steps.all())

    @display(description="in words")
    def script(self, obj: PolicyVersion) -> SafeString | str:
        blocks = [
            format_html(
                '<p class="font-semibold">{}</p><ul class="ml-5 mb-2">{}</ul>',
                head,
                format_html_join("", "<li>{}</li>", ((line,) for line in lines)),
            )
            for head, lines in script_in_words(obj)
        ]
        return format_html_join("", "{}", ((block,) for block in blocks)) or "Nothing promised yet."

    @display(description="before it can be in force")
    def to_do(self, obj: PolicyVersion) -> SafeString | str:
        if obj.is_locked:
            since = f"{timezone.localtime(obj.activated_at):%-d %b %Y}" if obj.activated_at else ""
            return f"In force since {since}, by {obj.activated_by or 'Handoff Desk'}."
        sentences = policies.problems(obj)
        if not sentences:
            return "Nothing: activate it."
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in sentences))
