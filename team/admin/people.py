"""People: who signs in, with which roles; what has to be passed on when somebody leaves."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet, Subquery
from django.db.models.expressions import OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter, DropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from team.admin_kit import KeptAdmin, button, viewer
from team.forms.people import NewPersonForm, PasswordForSomebodyForm, PersonForm
from team.imports import PeopleResource
from team.models import Absence, Role, User
from team.sessions import end_sessions
from team.sheets.door import SheetDoor
from team.wording import counted, listed
from team.workload import open_handoffs, open_load, unfinished_drafts

ROLES = tuple(f"is_{role.value}" for role in Role)
ROLE_ROWS = (ROLES[:2], ROLES[2:])
ENDS_SESSIONS = {*ROLES, "is_active", "is_superuser"}
OPEN_LIST = "admin:handoffs_handoff_changelist"


class RoleFilter(DropdownFilter):
    title = "role"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.value, str(role.label)) for role in Role]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() in Role.values:
            return queryset.filter(**{f"is_{self.value()}": True})
        return queryset


class AwayFilter(DropdownFilter):
    title = "presence"
    parameter_name = "presence"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("away", "Away now"), ("here", "Not away")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        away = Absence.objects.at(timezone.now()).values("user")
        if self.value() == "away":
            return queryset.filter(pk__in=away)
        if self.value() == "here":
            return queryset.exclude(pk__in=away)
        return queryset


@admin.register(User)
class PersonAdmin(SheetDoor, UserAdmin, KeptAdmin):  # type: ignore[misc]
    """Only RevOps edits people; nobody their own roles, and nobody a superuser but another."""

    help_words = {
        "username": "What they sign in with: letters, digits and @ . + - _, without blanks.",
        "email": "Reminders and alerts go there.",
        "is_active": "Off: cannot sign in. The record of what they did stays.",
        "last_name": "Colleagues and prospects read both names.",
    }
    resource_classes = [PeopleResource]
    rows_in_trail = True
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = PasswordForSomebodyForm
    actions = None
    instead = "Deactivate them instead: the record stays, and they can no longer sign in."
    list_display = ["name", "role_labels", "boss", "where", "load", "away", "works_here"]
    list_filter = [
        RoleFilter,
        AwayFilter,
        ("reports_to", RelatedDropdownFilter),
        ("is_active", BooleanRadioFilter),
    ]
    list_select_related = ["reports_to"]
    search_fields = ["first_name", "last_name", "username", "email"]
    search_help_text = "Name, user name or e-mail"
    ordering = ["first_name", "last_name", "username"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined", "holds"]
    actions_detail = ["sign_out"]
    add_fieldsets = [
        (
            None,
            {
                "fields": [
                    "username",
                    ("first_name", "last_name"),
                    "email",
                    "time_zone",
                    "usable_password",
                    "password1",
                    "password2",
                ]
            },
        ),
        ("Work", {"fields": [*ROLE_ROWS, "reports_to", "calendar", "capacity"]}),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        may_edit = self.has_change_permission(request, obj)
        sign_in = ["username", "password"] if may_edit else ["username"]
        access = ["is_active"]
        if viewer(request).is_superuser:
            access.append("is_superuser")
        return [
            (None, {"fields": [*sign_in, ("first_name", "last_name"), "email", "time_zone"]}),
            (
                "Work",
                {
                    "fields": [*ROLE_ROWS, "reports_to", "calendar", "capacity", "holds"],
                    "description": self._own_roles_note(request, obj),
                },
            ),
            ("Notices", {"fields": [("by_email", "by_slack"), "slack_member_id"]}),
            ("Access", {"fields": [*access, ("last_login", "date_joined")]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None and obj == viewer(request) and not obj.is_superuser:
            fields += [*ROLES, "is_active"]
        return fields

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None and "is_active" in form.base_fields:
            form.base_fields["is_active"].help_text = (
                "Off: cannot sign in, is passed over for new handoffs, and their sessions end. "
                "The record of what they did stays."
            )
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "reports_to":
            kwargs["queryset"] = User.objects.with_role(Role.MANAGER)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser is changed by superusers alone: a password set for one is their power."""
        if obj is not None and obj.is_superuser and not viewer(request).is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        away = Absence.objects.at(timezone.now()).filter(user=OuterRef("pk")).order_by("-ends_at")
        return (
            super()
            .get_queryset(request)
            .annotate(open_load=open_load(), away_until=Subquery(away.values("ends_at")[:1]))
            .prefetch_related("primary_of", "territories")
        )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and ENDS_SESSIONS & set(form.changed_data):
            mine = request.session.session_key if obj == viewer(request) else None
            end_sessions(obj, now=timezone.now(), keep=mine)
        if change and "is_active" in form.changed_data and not obj.is_active:
            for sentence in left_behind(obj):
                self.message_user(request, sentence, messages.WARNING)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Somebody else’s password; one’s own is changed with the present one."""
        if id == str(viewer(request).pk):
            return HttpResponseRedirect(reverse("admin:password_change"))
        return super().user_change_password(request, id, form_url)

    @button(
        "Sign out everywhere",
        icon="logout",
        permission="sign_out",
        asks="Sign out everywhere?",
        says="All of their sessions end, on every device. They can sign in again.",
        does="Sign out",
    )
    def sign_out(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        person = self.row(request, object_id)

        def work() -> str:
            ended = end_sessions(person, now=timezone.now())
            return f"{person} is signed out: {counted(ended, 'session')} ended."

        return self.press(request, work, back_to=self.page_of(person), about=person)

    def has_sign_out_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if object_id is None:
            return self.has_change_permission(request)
        return self.has_change_permission(request, self.row(request, object_id))

    def _own_roles_note(self, request: HttpRequest, obj: User) -> str:
        if obj == viewer(request) and not obj.is_superuser:
            return "These are your own roles: another admin has to change them."
        return ""

    @display(description="name", ordering="first_name", header=True)
    def name(self, obj: User) -> list[str]:
        return [str(obj), obj.email or obj.username]

    @display(description="roles", label=True)
    def role_labels(self, obj: User) -> list[str]:
        names = [str(role.label) for role in obj.roles]
        return [*names, "Superuser"] if obj.is_superuser else names

    @display(description="reports to", ordering="reports_to__first_name")
    def boss(self, obj: User) -> str:
        return str(obj.reports_to or "–")

    @display(description="territory")
    def where(self, obj: User) -> str:
        leads = {territory.pk: f"{territory} (primary)" for territory in obj.primary_of.all()}
        joins = {territory.pk: str(territory) for territory in obj.territories.all()}
        return ", ".join({**joins, **leads}.values()) or "–"

    @display(
        description="open handoffs",
        ordering="open_load",
        label={"full": "danger", "busy": "warning"},
    )
    def load(self, obj: Any) -> tuple[str, str] | str:
        if not obj.is_ae and not obj.open_load:
            return ""
        words = f"{obj.open_load} of {obj.capacity}"
        if obj.open_load >= obj.capacity:
            return "full", f"{words}, full"
        return ("busy", f"{words}, nearly full") if obj.open_load >= 0.8 * obj.capacity else words

    @display(description="away now", label={"away": "warning"})
    def away(self, obj: Any) -> tuple[str, str] | str:
        if obj.away_until is None:
            return ""
        return "away", f"until {timezone.localtime(obj.away_until):%-d %b %Y}"

    @display(description="active", ordering="is_active", boolean=True)
    def works_here(self, obj: User) -> bool:
        return obj.is_active

    @display(description="holds now")
    def holds(self, obj: User) -> SafeString | str:
        count = open_handoffs(obj)
        return open_list(obj, count) if count else "No open handoffs"


def open_list(person: User, count: int) -> SafeString:
    """“4 open handoffs”, as a link to them."""
    address = f"{reverse(OPEN_LIST)}?owner={person.pk}&state=open"
    words = counted(count, "open handoff")
    return format_html('<a class="text-link underline" href="{}">{}</a>', address, words)


def left_behind(person: User) -> list[SafeString | str]:
    """What somebody who leaves still holds, and what to do about each."""
    found: list[SafeString | str] = []
    if count := open_handoffs(person):
        found.append(
            format_html(
                "{} still holds {}, whose clocks go on running. Open the list and reassign them.",
                person,
                open_list(person, count),
            )
        )
    if count := unfinished_drafts(person):
        words = counted(count, "unfinished package")
        found.append(f"{person} leaves {words}: their manager can finish or withdraw them.")
    if count := person.reports.filter(is_active=True).count():
        words = counted(count, "person", "people")
        found.append(f"{words} reported to {person}: choose another manager for them.")
    territories = [str(territory) for territory in person.primary_of.all()]
    if territories:
        found.append(f"{person} was the primary AE of {listed(territories)}: choose another.")
    managed = [str(territory) for territory in person.manages.all()]
    if managed:
        found.append(f"{person} was the manager of {listed(managed)}: choose another.")
    return found
