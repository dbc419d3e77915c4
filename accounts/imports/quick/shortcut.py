"""Decides the rows of a contacts file that leave no doubt, many at once.

A row is without doubt when each cell is plain, at most one contact fits by id and e-mail, and its
company is the one it is at or one that we have. Every other row is left to
`contacts.ContactImporter`, and what is decided here is what would be decided there; a test runs
both over the same files.
Nothing here is for people who may change only some contacts: their files are small.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from phonenumber_field.phonenumber import to_python

from accounts.erased import erased_among, name_by_id
from accounts.imports import parsing
from accounts.imports.quick.columns import PHONES, READERS, WITH_CARE, Columns, Given
from accounts.imports.quick.firms import Coming, Firm, Firms, NamedFirm, named_by
from accounts.imports.quick.people import (
    AT,
    Company,
    Known,
    NamedPeople,
    company_of,
    names_of,
    namesakes,
    phones_taken,
)
from accounts.imports.quick.shorts import Short, insert, update
from accounts.matching import BY_EMAIL, BY_ID
from accounts.names import name_key
from team.models import Role
from team.sheets.core import Change, Kind, Line
from team.sheets.problems import Remark, Unreadable
from team.sheets.reading import Row

if TYPE_CHECKING:
    from accounts.imports.contacts import ContactImporter


class Quick:
    """The shortcut of one import."""

    def __init__(self, importer: "ContactImporter") -> None:
        self.importer = importer
        mapping, by = importer.mapping, importer.context.by
        self.works = (
            (by is None or by.is_revops or by.is_superuser)
            and importer.owners.own_desk is None
            and all(name in READERS for name in mapping.places)
        )
        self.columns = Columns(mapping.places if self.works else {})
        self.firms = Firms(importer.companies)
        self.erased: set[str] = set()
        self.assigns: dict[str, str | None] = {}
        self.new: list[Short] = []
        self.changed: list[Short] = []

    # --- Reading and matching a batch -----------------------------------------------------------

    def read(self, rows: list[Row]) -> Sequence[Short | None]:
        """The rows that leave no doubt, in their places."""
        self.new, self.changed = [], []
        found: list[Short | None] = [None] * len(rows)
        if not self.works:
            return found
        plain = self.columns.plain(rows)
        named = NamedPeople(plain, self.columns)
        self.erased = erased_among(
            [
                *(name for _, given in plain for name in self._names(given)),
                *(name for contact in named.known.values() for name in names_of(contact)),
            ]
        )
        fresh: list[tuple[int, Given]] = []
        for place, given in plain:
            pks = named.by(given)
            if not pks:
                fresh.append((place, given))
            elif len(pks) == 1:
                found[place] = self._matched(rows[place], given, named.known[pks.pop()])
        shorts = dict(self._fresh(rows, fresh))
        if shorts and "company" in self.columns.place:
            others = (p for p in range(len(rows)) if found[p] is None and p not in shorts)
            coming = Coming(self._firm_named_roughly(rows[place]) for place in others)
            for place, given in fresh:
                short = shorts.get(place)
                if short and coming.may_be(self._firm_named(given), short.firm):
                    del shorts[place]
        for place, short in shorts.items():
            found[place] = short
        return found

    def _names(self, given: Given) -> Iterable[str]:
        """What the person of a row can be known by, should they have asked to be forgotten."""
        if email := self.columns.value(given, "email"):
            yield email
        for name in self.columns.ids:
            if key := self.columns.value(given, name):
                yield name_by_id(name, key)

    def _region(self, given: Given, country: str | None) -> str:
        """The country of numbers that name none, at a company of `country`."""
        own: str = self.columns.value(given, "company_country")
        return own or country or self.importer.context.country

    def _owner_is_settled(self, given: Given, owner_id: int | None, sdr_id: int | None) -> bool:
        """Whether the owner that the row names, if any, has nothing left to change or to note."""
        text = self.columns.value(given, "owner")
        if not text:
            return True
        if text not in self.assigns:
            people = self.importer.owners.directory.find(text)
            fitting = [p for p in people if set(p.roles) & {Role.AE, Role.SDR}]
            one = fitting[0] if len(fitting) == 1 else None
            self.assigns[text] = None if one is None else "owner" if one.is_ae else "sdr"
        field = self.assigns[text]
        return field is not None and (owner_id if field == "owner" else sdr_id) is not None

    # --- Those whom we know ---------------------------------------------------------------------

    def _matched(self, row: Row, given: Given, contact: Known) -> Short | None:
        company = company_of(contact)
        if not self._stays(given, company):
            return None
        if not self._owner_is_settled(given, company.owner_id, company.sdr_id):
            return None
        said = self.columns.of_the_contact(given, self._region(given, company.country))
        if said is None:
            return None
        changes: list[Change] = []
        values: dict[str, Any] = {}
        for name, new in said.items():
            old = contact[AT[name]]
            if new == old:
                continue
            if name in WITH_CARE or (old and name in self.columns.ids):
                return None
            changes.append(Change(name, _shown(name, old), _shown(name, new)))
            values[name] = new
        email = values.get("email", contact[AT["email"]])
        if not email or (changes and not self.erased.isdisjoint((email, *names_of(contact)))):
            return None
        first, last = (values.get(name, contact[AT[name]]) for name in ("first_name", "last_name"))
        kind = Kind.CHANGED if changes else Kind.SAME
        label = f"{first} {last}".strip() or email
        return Short(row, kind, label, self._why(given, contact), contact[0], values, changes, None)

    def _stays(self, given: Given, company: Company) -> bool:
        """Whether the row, without doubt, names the company where the contact is, or none."""
        name = self.columns.value(given, "company")
        web = self.columns.value(given, "company_domain")
        if company.pk is None:
            return False
        if web:
            return bool(web == (company.domain or ""))
        return not name or (bool(company.name_key) and name_key(name) == company.name_key)

    def _why(self, given: Given, contact: Known) -> str:
        """Why the row is taken for this contact, in words."""
        for name in self.columns.keys:
            key = self.columns.value(given, name)
            if key != "" and key == contact[0 if name == "id" else AT[name]]:
                return BY_ID[name]
        return BY_EMAIL

    # --- New ones -------------------------------------------------------------------------------

    def _fresh(
        self, rows: list[Row], fresh: list[tuple[int, Given]]
    ) -> Iterable[tuple[int, Short]]:
        """The rows of people whom no id and no e-mail finds, where nothing else does either."""
        fresh = [
            (place, given)
            for place, given in fresh
            if self.columns.value(given, "email")
            and not self.columns.value(given, "id")
            and (not self.erased or self.erased.isdisjoint(self._names(given)))
        ]
        if not fresh:
            return
        self.firms.load(self._firm_named(given) for _, given in fresh)
        ready: list[tuple[int, Firm | None, dict[str, Any]]] = []
        for place, given in fresh:
            named = self._firm_named(given)
            if named not in self.firms.known:
                continue
            firm = self.firms.known[named]
            if firm and not self._owner_is_settled(given, firm.owner_id, firm.sdr_id):
                continue
            region = self._region(given, firm.country if firm else "")
            values = self.columns.of_the_contact(given, region)
            if values is not None:
                ready.append((place, firm, values))
        taken = phones_taken({v[name] for _, _, v in ready for name in PHONES if name in v})
        accounts = {firm.account.pk for _, firm, _ in ready if firm and firm.account.pk}
        known = namesakes(accounts)
        for place, firm, values in ready:
            first, last = values.get("first_name", ""), values.get("last_name", "")
            if last and any(values.get(name) in taken for name in PHONES):
                continue
            if firm and (firm.account.pk, first.casefold(), last.casefold()) in known:
                continue
            label = f"{first} {last}".strip() or values["email"]
            yield place, Short(rows[place], Kind.NEW, label, "", None, values, [], firm)

    def _firm_named(self, given: Given) -> NamedFirm:
        value = self.columns.value
        return named_by(
            value(given, "company"), value(given, "company_domain"), value(given, "email")
        )

    def _firm_named_roughly(self, row: Row) -> NamedFirm:
        """What a row that has to be read with care says of a company."""
        places = self.importer.mapping.places
        name, web, email = (
            row.cells[places[field]].strip() if field in places and not row.problem else ""
            for field in ("company", "company_domain", "email")
        )
        try:
            web = parsing.domain(web, lambda note: None) if web else ""
        except Unreadable:
            web = ""
        return named_by(name, web, email)

    # --- Deciding in the order of the file ------------------------------------------------------

    def take(self, short: Short) -> Line:
        """The line of a row that `read` has found; what it changes is written with the batch."""
        row = short.row
        line = Line(row.number, short.kind, short.label, short.reason, short.changes)
        line.cells = row.cells
        if problems := self._claim(short):
            line.kind, line.reason, line.changes, line.problems = Kind.WRONG, "", [], problems
        elif short.values:
            (self.new if short.pk is None else self.changed).append(short)
        return line

    def _claim(self, short: Short) -> list[Remark]:
        """Two rows about one person are a mistake in the file, whatever the database knows."""
        claims, number, header = self.importer.claims, short.row.number, self.importer.header
        if short.pk is not None:
            first = claims.first("contact", short.pk, number)
            if first != number:
                sentence = f"is about the same contact as row {first}."
                return [Remark(number, header("email"), sentence)]
        problems = []
        for field in ("email", *self.columns.ids):
            if field in short.values:
                first = claims.first(field, short.values[field], number)
                if first != number:
                    what = "e-mail" if field == "email" else "id"
                    sentence = f"the same {what} as in row {first}."
                    problems.append(Remark(number, header(field), sentence))
        return problems

    def write(self) -> None:
        """Writes what was taken since the last call; new companies are in the database already."""
        context = self.importer.context
        trail = self.importer.trail
        source = self.importer.mapping.format.source
        insert(self.new, source=source, at=context.now, trail=trail)
        source = self.importer.origin
        update(self.changed, source=source, by=context.by, at=context.now, trail=trail)
        self.new, self.changed = [], []


def _shown(name: str, value: Any) -> str:
    """A value in words, as the model’s own would be."""
    if value is None or value == "":
        return ""
    return str(to_python(value)) if name in PHONES else str(value)
