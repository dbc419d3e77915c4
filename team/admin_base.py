"""The admin classes every app's pages stand on: bad requests get a sentence, never an error page.

Nothing here knows what a handoff is, nor which rows somebody may see: each admin scopes its own
queryset.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.admin.widgets import AutocompleteMixin
from django.core.exceptions import ValidationError
from django.db import DataError, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from team.admin_trail import Trail
from team.bounds import LARGEST_ID, check_json, check_storable
from team.paging import DeepPaginator

MAX_SEARCH_LENGTH = 200
MAX_SEARCH_WORDS = 8
MAX_FILTER_LENGTH = 500
MAX_JSON_LENGTH = 100_000

TOO_MUCH_SEARCH = (
    f"Search for at most {MAX_SEARCH_LENGTH} characters and {MAX_SEARCH_WORDS} words. "
    "The list is shown without the search."
)
BAD_FILTER = "A filter in this address cannot be read, so it was left out."
SELECTION_CHANGED = "The selection has changed, so nothing was done. Select the rows again."

_ID = re.compile(r"\d{1,18}")
_NUMBER_TOO_LONG = re.compile(r"\d{19,}")


class GuardedJSONField(forms.JSONField):
    """A JSON field that takes only what both databases can store.

    NaN, infinite numbers, NUL, lone surrogates, very deep nesting and more than 100,000
    characters are refused with a sentence.
    """

    default_error_messages = {"invalid": "This is not valid JSON for this field."}

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and not self.disabled and value not in self.empty_values:
            if len(value) > MAX_JSON_LENGTH:
                raise ValidationError(f"Enter at most {MAX_JSON_LENGTH:,} characters.")
            try:
                check_json(json.loads(value, parse_constant=_refuse_constant))
            except (ValueError, RecursionError) as error:
                raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return super().to_python(value)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} cannot be stored")


class _SoundIds:
    """A choice of related rows that shows the refused form again, whatever came as an id.

    Django’s own asks the database for what was sent, so a word in the place of an id breaks it.
    """

    def optgroups(self, name: str, value: list[Any], attr: Any = None) -> Any:
        sound = [one for one in value if not str(one).strip() or _ID.fullmatch(str(one))]
        return super().optgroups(name, sound, attr)  # type: ignore[misc]


@cache
def _sound(widget: type) -> type:
    return type(widget.__name__, (_SoundIds, widget), {})


class _Guards:
    """What pages and inlines share."""

    formfield_overrides = {models.JSONField: {"form_class": GuardedJSONField}}
    # What a field does, in words, where the model itself says nothing; by the field’s name
    help_words: ClassVar[Mapping[str, str]] = {}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if words := self.help_words.get(db_field.name):
            kwargs.setdefault("help_text", words)
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
        return _with_sound_ids(field)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        return _with_sound_ids(field)


def _with_sound_ids(field: Any) -> Any:
    if field is not None and isinstance(field.widget, AutocompleteMixin):
        field.widget.__class__ = _sound(type(field.widget))  # type: ignore[arg-type]
    return field


class DeskAdmin(_Guards, Trail, ModelAdmin):
    """A model's pages in the admin. Lists hold 25 rows and never count the whole table.

    An `@action` of Unfold without `dialog=` is a plain link that a GET runs: give every action
    that writes a dialog and `permissions=`. `empty_words` say what an empty list will hold, and
    what to do to fill it.
    """

    empty_words = "Nothing here yet."
    list_per_page = 25
    paginator = DeepPaginator
    list_max_show_all = 200
    show_full_result_count = False
    list_filter_submit = True

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        kept, sentences = _readable(request)
        if sentences:
            for sentence in sentences:
                self.message_user(request, sentence, messages.WARNING)
            query = f"?{urlencode(kept, doseq=True)}" if kept else ""
            return HttpResponseRedirect(request.path + query)
        if not self._selection_is_readable(request):
            self.message_user(request, SELECTION_CHANGED, messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        try:
            return super().changelist_view(request, extra_context)
        except (ValueError, OverflowError, DataError):
            # A value that Django takes and that no date or column can be, such as the year 99999
            if request.method != "GET" or not request.GET:
                raise
            self.message_user(request, BAD_FILTER, messages.WARNING)
            return HttpResponseRedirect(request.path)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """With `help_words` beside the fields that are only shown, too."""
        kwargs.setdefault("help_texts", dict(self.help_words))
        return super().get_form(request, obj, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Also asked by autocomplete boxes, which have no place for a message: nothing is found."""
        if search_is_too_much(search_term) or not _is_storable(search_term):
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        if from_field is None and not self._is_readable_id(object_id):
            return None
        return super().get_object(request, object_id, from_field)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Not there, or not theirs to see: the same answer, so that nobody learns which."""
        raise Http404

    def _selection_is_readable(self, request: HttpRequest) -> bool:
        chosen = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        return all(self._is_readable_id(identifier) for identifier in chosen)

    def _is_readable_id(self, identifier: str) -> bool:
        try:
            value = self.model._meta.pk.to_python(identifier)
        except (ValidationError, ValueError):
            return False
        return not isinstance(value, int) or 0 < value <= LARGEST_ID


class DeskTabularInline(_Guards, TabularInline):
    """Rows of a related model as a table; no empty rows until somebody asks for one."""

    extra = 0


class DeskStackedInline(_Guards, StackedInline):
    """Rows of a related model one under the other; none empty until somebody asks for one."""

    extra = 0


def search_is_too_much(term: str) -> bool:
    """Whether a search is longer than a person types; SQLite fails on some such."""
    return len(term) > MAX_SEARCH_LENGTH or len(term.split()) > MAX_SEARCH_WORDS


def _readable(request: HttpRequest) -> tuple[dict[str, list[str]], list[str]]:
    """The query parameters that can be used, and a sentence for each kind that cannot."""
    kept: dict[str, list[str]] = {}
    sentences: list[str] = []
    for key, values in request.GET.lists():
        if key == SEARCH_VAR:
            sentence = TOO_MUCH_SEARCH if any(map(search_is_too_much, values)) else ""
            numbers_matter = False
        else:
            sentence = BAD_FILTER if any(len(value) > MAX_FILTER_LENGTH for value in values) else ""
            numbers_matter = True
        for text in (key, *values):
            if not _is_storable(text) or (numbers_matter and _NUMBER_TOO_LONG.search(text)):
                sentence = sentence or BAD_FILTER
        if not sentence:
            kept[key] = values
        elif sentence not in sentences:
            sentences.append(sentence)
    return kept, sentences


def _is_storable(text: str) -> bool:
    try:
        check_storable(text)
    except ValidationError:
        return False
    return True
