"""Absences: everybody enters their own, managers their team's, RevOps anybody's."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from team.admin_kit import KeptAdmin, viewer
from team.forms.absences import AbsenceForm, span
from team.models import Absence, Territory, User
from team.wording import counted, listed
from team.workload import open_handoffs


class WhenFilter(DropdownFilter):
    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "Now"), ("ahead", "Still to come"), ("past", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Absence]) -> QuerySet[Absence]:
        now = timezone.now()
        wanted = {
            "now": Q(starts_at__lte=now, ends_at__gt=now),
            "ahead": Q(starts_at__gt=now),
            "past": Q(ends_at__lte=now),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


@admin.register(Absence)
class AbsenceAdmin(KeptAdmin):
    form = AbsenceForm
    empty_words = "Nobody is or was away. Enter holidays ahead: handoffs then go to whoever covers."
    list_display = ["person", "time", "when", "stand_in", "note"]
    list_filter = [WhenFilter]
    list_select_related = ["user", "cover"]
    search_fields = ["user__first_name", "user__last_name", "user__username"]
    search_help_text = "Name of whoever is away"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Absence]:
        covered = Territory.objects.select_related("manager").prefetch_related("coverage__backup")
        found = super().get_queryset(request)
        found = found.prefetch_related(
            Prefetch("user__primary_of", covered), Prefetch("user__territories", covered)
        )
        if enters_for_all(viewer(request)):
            return found
        return found.filter(user__in=own_people(viewer(request)))

    def get_fieldsets(self, request: HttpRequest, obj: Absence | None = None) -> Any:
        fields = ["starts_at", "ends_at", "cover", "note"]
        if chooses_person(viewer(request)):
            fields.insert(0, "user")
        person = obj.user if obj else viewer(request)
        known = obj is not None or not chooses_person(viewer(request))
        return [(None, {"fields": fields, "description": consequence(person) if known else ""})]

    def get_form(self, request: HttpRequest, obj: Absence | None = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        form.asked_by = viewer(request)
        if "cover" in form.base_fields:
            form.base_fields["cover"].help_text = who_covers(obj.user if obj else viewer(request))
        zone = timezone.get_current_timezone_name()
        whose = ", where they are" if chooses_person(viewer(request)) else ""
        note = f"Without a time: from its first minute{whose}. Times are in your zone, {zone}."
        form.base_fields["starts_at"].help_text = note
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        people = User.objects.active()
        if db_field.name == "user":
            if not enters_for_all(viewer(request)):
                people = people.filter(pk__in=own_people(viewer(request)))
            kwargs["queryset"] = people
            kwargs["initial"] = viewer(request).pk
        if db_field.name == "cover":
            kwargs["queryset"] = people.filter(is_ae=True)
        formfield: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "cover":
            formfield.empty_label = "The territory’s backups"
        return formfield

    def save_model(self, request: HttpRequest, obj: Absence, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        cover = obj.cover
        if cover is None:
            return
        away = cover.absences.filter(starts_at__lt=obj.ends_at, ends_at__gt=obj.starts_at).first()
        if away is not None:
            when = span(away.starts_at, away.ends_at)
            sentence = f"{cover} is away too, {when}: meanwhile the territory’s backups step in."
            self.message_user(request, sentence, messages.WARNING)

    @display(description="who", ordering="user__first_name")
    def person(self, obj: Absence) -> str:
        return str(obj.user)

    @display(description="away", ordering="starts_at")
    def time(self, obj: Absence) -> str:
        return span(obj.starts_at, obj.ends_at).removeprefix("on ")

    @display(description="when", label={"now": "warning", "ahead": "info", "past": "default"})
    def when(self, obj: Absence) -> tuple[str, str]:
        now = timezone.now()
        if obj.ends_at <= now:
            return "past", "Over"
        return ("now", "Now") if obj.starts_at <= now else ("ahead", "To come")

    @display(description="who covers")
    def stand_in(self, obj: Absence) -> str:
        return (
            str(obj.cover)
            if obj.cover
            else ", then ".join(backup_names(obj.user)) or "nobody named"
        )


def enters_for_all(user: User) -> bool:
    return user.is_revops or user.is_superuser


def chooses_person(user: User) -> bool:
    return enters_for_all(user) or user.is_manager


def own_people(user: User) -> list[int]:
    """The ids of those whose absences `user` enters: their own, and a manager their team's."""
    return [user.pk, *user.team_ids()] if user.is_manager else [user.pk]


def consequence(person: User) -> str:
    """What the absence means for what somebody holds now."""
    count = open_handoffs(person)
    if not count:
        return f"{person} holds no open handoffs now. New ones pass them by while they are away."
    return (
        f"{person} holds {counted(count, 'open handoff')} now. New ones pass them by while they "
        "are away; whoever covers gets one of these as soon as its promise runs late."
    )


def who_covers(person: User) -> str:
    """Who stands in where the form names nobody."""
    found = []
    for territory in territories_of(person):
        names = [str(backup) for backup in _backups(territory, person)]
        asked = ", then ".join([*names, str(territory.manager or "every admin")])
        found.append(f"in {territory} {asked}")
    if not found:
        return "Who takes their handoffs meanwhile."
    return f"Who takes their handoffs meanwhile. Empty: {listed(found)}."


def backup_names(person: User) -> list[str]:
    names = [str(one) for place in territories_of(person) for one in _backups(place, person)]
    return list(dict.fromkeys(names))


def _backups(territory: Territory, person: User) -> list[User]:
    """Who stands in there, in order; nobody for themselves."""
    return [row.backup for row in territory.coverage.all() if row.backup_id != person.pk]


def territories_of(person: User) -> list[Territory]:
    """Where somebody takes handoffs, as primary or in the team; each once."""
    found = [*person.primary_of.all(), *person.territories.all()]
    return list({territory.pk: territory for territory in found}.values())
