"""People with their managers and territories from a file: our own columns, or sales teams.

Whoever is new signs in only after somebody has set a password for them. Roles are added, never
taken away; nobody changes their own and nobody is changed who is an admin. A territory that is not
known yet is made, with the first work calendar there is, or office hours in UTC; the first manager
named with a territory that has none manages it. A manager who is not known yet is made, too: as
their own row has it, if the file holds one.
"""

import re
import unicodedata
from collections.abc import Iterable

from import_export.fields import Field

from team.directory import Directory
from team.models import Role, Territory, User, WorkCalendar, WorkInterval
from team.models.calendars import WEEKDAYS
from team.sheets import values
from team.sheets.core import (
    Change,
    Context,
    Importer,
    Kind,
    Line,
    Record,
    save_changes,
    wrong,
)
from team.sheets.formats import Column, Format, Mapping
from team.sheets.problems import Remark, Unreadable
from team.sheets.resources import SheetResource
from team.sheets.values import Note

OWN = Format(
    "own",
    "Handoff Desk",
    (
        Column("username", "username"),
        Column("name", "name", required=True),
        Column("email", "email"),
        Column("roles", "roles", required=True),
        Column("manager", "manager"),
        Column("territory", "territory"),
        Column("time_zone", "time_zone"),
    ),
)
MAVEN = Format(
    "maven",
    "sales teams",
    (
        Column("sales_agent", "name", required=True),
        Column("manager", "manager", required=True),
        Column("regional_office", "territory", required=True),
    ),
)
# A list of sales teams names agents: they take handoffs over.
ROLES_OF_AGENTS = [Role.AE]
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def roles(cell: str, note: Note) -> list[Role]:
    """Roles by value or label, parted by commas or semicolons."""
    known = {name.casefold(): role for role in Role for name in (role.value, str(role.label))}
    found = []
    for part in re.split(r"[,;]", cell):
        if (name := part.strip().casefold()) not in known:
            labels = ", ".join(str(role.label) for role in Role)
            raise Unreadable(f"“{part.strip()[:60]}” is not one of: {labels}.")
        found.append(known[name])
    return found


class PeopleImporter(Importer):
    """Imports people, their managers and their territories."""

    model = User
    formats = (OWN, MAVEN)
    parsers = {"email": values.email, "roles": roles}
    relations = frozenset({"reports_to", "calendar"})

    def __init__(self, mapping: Mapping, context: Context) -> None:
        super().__init__(mapping, context)
        self.directory = Directory()
        gone = User.objects.filter(is_active=False)
        self.gone = {
            name.casefold()
            for person in gone
            for name in (person.email, person.username, person.get_full_name())
            if name
        }
        self.usernames = set(User.objects.values_list("username", flat=True))
        self.territories = {item.name.casefold(): item for item in Territory.objects.all()}
        self.members = {
            (territory, person)
            for territory, person in Territory.team.through.objects.values_list(
                "territory_id", "user_id"
            )
        }
        self.taken: dict[str, int] = {}
        self.named: dict[str, Record] = {}  # rows by what a manager may be called in other rows

    def prepare(self, records: list[Record]) -> None:
        for record in records:
            for field in ("name", "username", "email"):
                if called := str(record.values.get(field, "")):
                    self.named.setdefault(called.casefold(), record)
        self.new: list[User] = []
        self.changed: list[tuple[User, tuple[str, ...]]] = []
        self.new_territories: list[Territory] = []
        self.led: list[Territory] = []
        self.joins: list[tuple[Territory, User]] = []

    def decide(self, record: Record) -> Line | None:
        person, reason = self._match(record)
        if record.remarks:
            return wrong(record)
        changes = self._fill(person, record)
        if person.pk is None or changes:
            self.check(person, record, [change.field for change in changes] if person.pk else None)
        manager = self._manager(person, record)
        if record.remarks:
            return wrong(record, str(person))
        columns = [change.field for change in changes]
        if manager and person.reports_to_id != (manager.pk or -1):
            changes.append(Change("reports_to", str(person.reports_to or ""), str(manager)))
            person.reports_to = manager
            columns.append("reports_to")
        changes += self._territory(person, manager, record)
        if not reason:
            self._keep_new(person)
        elif columns and person.pk:
            self.changed.append((person, tuple(columns)))
        return Line(
            record.number,
            Kind.NEW if not reason else Kind.CHANGED if changes else Kind.SAME,
            label=str(person),
            reason=reason,
            changes=changes if reason else [],
            notes=record.notes,
            cells=record.cells,
        )

    def _match(self, record: Record) -> tuple[User, str]:
        """The person the row is about, and why; a new one without a reason."""
        given = record.values
        if not given.get("name"):
            self._problem(record, "name", "enter the person’s name.")
            return User(), ""
        for field, reason in (
            ("email", "same e-mail"),
            ("username", "same user name"),
            ("name", "same name"),
        ):
            found = self.directory.find(given[field]) if given.get(field) else []
            if len(found) > 1:
                self._problem(
                    record, field, f"{len(found)} people are called “{given[field]}”. Add e-mails."
                )
            if found:
                self._check_twice(record, found[0].username)
                return found[0], reason
        person = self._new(given["name"], given.get("username", ""))
        person.email = given.get("email", "")
        self._check_gone(record, person, "name")
        self._check_twice(record, person.username)
        return person, ""

    def _check_gone(self, record: Record, person: User, column: str) -> None:
        names = (person.get_full_name(), person.username, person.email)
        if {name.casefold() for name in names if name} & self.gone:
            sentence = f"{person} was deactivated: activate them again by hand first."
            self._problem(record, column, sentence)

    def _check_twice(self, record: Record, username: str) -> None:
        first = self.taken.setdefault(username, record.number)
        if first != record.number:
            self._problem(record, "name", f"is about the same person as row {first}.")

    def _new(self, name: str, username: str = "") -> User:
        first, _, last = name.strip().rpartition(" ")
        person = User(first_name=first, last_name=last, username=username or self._username(name))
        person.set_unusable_password()
        return person

    def _username(self, name: str) -> str:
        marks = unicodedata.normalize("NFKD", name.casefold())
        plain = _NOT_PLAIN.sub(".", marks.encode("ascii", "ignore").decode()).strip(".")[:140]
        plain, number = plain or "person", 1
        username = plain
        while username in self.usernames:
            number += 1
            username = f"{plain}{number}"
        return username

    def _fill(self, person: User, record: Record) -> list[Change]:
        changes = self.fill(person, record, ("email", "time_zone"))
        listed = ROLES_OF_AGENTS if self.mapping.format is MAVEN else []
        wanted = record.values.get("roles", listed)
        added = [role for role in wanted if role not in person.roles]
        if added:
            changes += self._add_roles(person, added, record, "roles")
        return changes

    def _add_roles(
        self, person: User, added: Iterable[Role], record: Record, field: str
    ) -> list[Change]:
        by = self.context.by
        if person.pk and by and person.pk == by.pk:
            self._problem(record, field, "nobody changes their own roles.")
            return []
        if person.pk and (person.is_superuser or person.is_revops):
            self._problem(record, field, f"{person} is an admin: change their roles by hand.")
            return []
        for role in added:
            setattr(person, f"is_{role.value}", True)
        person.is_staff = True
        return [Change(f"is_{role.value}", "", str(role.label)) for role in added]

    def _manager(self, person: User, record: Record) -> User | None:
        name = record.values.get("manager")
        if not name:
            return None
        found = self.directory.find(name)
        if len(found) > 1:
            self._problem(record, "manager", f"{len(found)} people are called “{name[:60]}”.")
            return None
        manager = found[0] if found else self._new_manager(name, record)
        if manager == person or manager.username == person.username:
            self._problem(record, "manager", "nobody reports to themselves.")
            return None
        if _is_above(person, manager):
            self._problem(record, "manager", "these two would report to each other in a circle.")
            return None
        if not manager.is_manager:
            changes = self._add_roles(manager, [Role.MANAGER], record, "manager")
            if not found:
                self.check(manager, record)
                if not record.remarks:
                    self._keep_new(manager)
                    self.extra["managers added"] += 1
            elif manager.pk and changes:
                self.changed.append((manager, ("is_manager",)))
        return None if record.remarks else manager

    def _new_manager(self, name: str, record: Record) -> User:
        """Somebody who is made because a row names them; by their own row where there is one."""
        own = self.named.get(name.casefold())
        if own is not None and own.values.get("name"):
            person = self._new(own.values["name"], own.values.get("username", ""))
            person.email = own.values.get("email", "")
        else:
            person = self._new(name)
            if "@" in name:
                sentence = f"nobody here has the address “{name[:60]}”: add a row for them."
                self._problem(record, "manager", sentence)
        self._check_gone(record, person, "manager")
        return person

    def _territory(self, person: User, manager: User | None, record: Record) -> list[Change]:
        name = record.values.get("territory", "")[:80]
        if not name:
            return []
        territory = self.territories.get(name.casefold())
        if territory is None:
            territory = Territory(name=name)
            self.territories[name.casefold()] = territory
            self.new_territories.append(territory)
            self.extra["territories added"] += 1
        if manager and territory.manager is None:
            territory.manager = manager
            self.led.append(territory)
        known = person.pk and territory.pk and (territory.pk, person.pk) in self.members
        if not person.is_ae or known:
            return []
        self.joins.append((territory, person))
        return [Change("territory", "", territory.name)]

    def _keep_new(self, person: User) -> None:
        self.usernames.add(person.username)
        self.directory.add(person)
        self.new.append(person)

    def write(self) -> None:
        self._create_from_the_top()
        for person, _ in self.changed:
            person.is_staff = True
        save_changes((person, (*columns, "is_staff")) for person, columns in self.changed)
        if self.new_territories:
            calendar = first_calendar()
            for territory in self.new_territories:
                territory.calendar = calendar
            Territory.objects.bulk_create(self.new_territories)
        led = [item for item in self.led if item not in self.new_territories]
        save_changes((territory, ("manager",)) for territory in led)
        through = Territory.team.through
        through.objects.bulk_create(
            [through(territory=territory, user=person) for territory, person in self.joins],
            ignore_conflicts=True,
        )

    def _create_from_the_top(self) -> None:
        """Managers before those who point at them."""
        waiting = self.new
        while waiting:
            ready = [p for p in waiting if p.reports_to is None or p.reports_to.pk]
            User.objects.bulk_create(ready)
            waiting = [person for person in waiting if person.pk is None]

    def _problem(self, record: Record, field: str, sentence: str) -> None:
        record.remarks.append(Remark(record.number, self.header(field), sentence))


def _is_above(person: User, other: User) -> bool:
    """Whether `other` reports to `person`, directly or not, also where neither is saved yet."""
    seen: list[User] = []
    above: User | None = other
    while above is not None and above not in seen:
        if above == person:
            return True
        seen.append(above)
        above = above.reports_to
    return False


def first_calendar() -> WorkCalendar:
    """The oldest work calendar; “Office hours”, 09:00 to 17:00 UTC, where there is none."""
    calendar = WorkCalendar.objects.order_by("pk").first()
    if calendar is None:
        calendar = WorkCalendar.objects.create(name="Office hours", time_zone="UTC")
        WorkInterval.objects.bulk_create(
            WorkInterval(calendar=calendar, weekday=day, opens="09:00", closes="17:00")
            for day, _ in WEEKDAYS[:5]
        )
    return calendar


class PeopleResource(SheetResource):
    """People for django-import-export; mix `team.sheets.door.SheetDoor` into their admin."""

    importer = PeopleImporter
    name = Field(column_name="name", attribute="get_full_name")
    roles = Field(column_name="roles")
    manager = Field(column_name="manager")
    territory = Field(column_name="territory")

    class Meta:
        model = User
        name = "People"
        clean_model_instances = True
        fields = tuple(column.header for column in OWN.columns)
        export_order = fields

    joined = ("reports_to",)
    fetched = ("territories",)

    def dehydrate_roles(self, person: User) -> str:
        return ", ".join(role.value for role in person.roles)

    def dehydrate_manager(self, person: User) -> str:
        boss = person.reports_to
        return (boss.email or boss.username) if boss else ""

    def dehydrate_territory(self, person: User) -> str:
        """The first one: a row names one territory, further ones are added by hand."""
        return next((territory.name for territory in person.territories.all()), "")
