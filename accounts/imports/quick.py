"""The many rows of a contacts file that leave no doubt: read, matched and written as plain values.

A row is without doubt when each cell is plain, at most one contact fits by id and e-mail, and its
company is the one it is at or one that we have. Every other row is left to
`contacts.ContactImporter`, and what is decided here is what would be decided there; a test runs
both over the same files.
Nothing here is for people who may change only some contacts: their files are small.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, ExpressionWrapper, F
from phonenumber_field.phonenumber import to_python

from accounts.changes import LEFT_ON
from accounts.domains import FREE_MAIL
from accounts.erased import erased_among, name_by_id
from accounts.imports import parsing
from accounts.imports.dialling import quick_phone
from accounts.imports.firms import Coming, Firm, Firms, Named, named_by
from accounts.imports.shared import FOREIGN_IDS
from accounts.imports.shorts import Short, insert, update
from accounts.matching import BY_EMAIL, BY_ID
from accounts.models import Contact
from accounts.names import name_key
from team.models import Role
from team.sheets import cells
from team.sheets.core import Change, Kind, Line
from team.sheets.problems import Remark, Unreadable
from team.sheets.reading import Row

if TYPE_CHECKING:
    from accounts.imports.contacts import ContactImporter

PHONES = ("phone", "mobile")
WITH_CARE = frozenset({LEFT_ON, "last_name"})
LOCAL = "local:"  # a number whose country is still to be found

Given = tuple[Any, ...]  # the values of a row, in the order of `Quick.columns`


def _phone(cell: str) -> str | None:
    cell = cell.strip().removeprefix("'")
    return quick_phone(cell) if cell.startswith("+") else cell and f"{LOCAL}{cell}"


READERS: dict[str, cells.Reader] = {
    "id": cells.number,
    "first_name": cells.text(60),
    "last_name": cells.text(60),
    "title": cells.text(120),
    "email": cells.email,
    "phone": _phone,
    "phone_extension": cells.digits(11),
    "mobile": _phone,
    "profile_url": cells.web_address,
    "role": cells.few(parsing.CONTACT["role"]),
    "attitude": cells.few(parsing.CONTACT["attitude"]),
    "left_on": cells.few(parsing.CONTACT["left_on"]),
    "source": cells.text(60),
    # An exponent may be a number that a spreadsheet has spoilt
    **{field: cells.text(64, refused="+") for field in FOREIGN_IDS},
    "company": cells.text(120),
    "company_domain": cells.domain(FREE_MAIL),
    "company_country": cells.few(parsing.CONTACT["company_country"]),
    "owner": cells.text(200),
}
# Fields of the contact itself, in the order in which they are compared.
FIELDS = (
    "first_name", "last_name", "title", "email", "phone", "phone_extension", "mobile",
    "profile_url", "role", "attitude", "left_on", "source", *FOREIGN_IDS,
)  # fmt: skip
COMPANY = ("name_key", "domain", "country", "owner_id", "sdr_id")

# A number as the database has it; reading it as a number costs more than all the rest of a row
_RAW = {name: ExpressionWrapper(F(name), output_field=CharField()) for name in PHONES}


class Quick:
    """The shortcut of one import."""

    def __init__(self, importer: "ContactImporter") -> None:
        self.importer = importer
        mapping, context = importer.mapping, importer.context
        by = context.by
        self.works = (
            (by is None or by.is_revops or by.is_superuser)
            and importer.owners.own_desk is None
            and all(name in READERS for name in mapping.places)
        )
        self.columns = [
            (name, place, READERS[name]) for name, place in mapping.places.items() if self.works
        ]
        self.place = {name: n for n, (name, _, _) in enumerate(self.columns)}
        self.fields = [name for name in FIELDS if name in self.place and name not in FOREIGN_IDS]
        self.keys = [name for name in BY_ID if name in self.place]
        self.ids = [name for name in FOREIGN_IDS if name in self.place]
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
        plain = self._cleaned(rows)
        known, by_key = self._contacts(plain)
        self.erased = erased_among(self._names(plain, known.values()))
        fresh: list[tuple[int, Given]] = []
        for place, given in plain:
            pks = {pk for name in self.keys if (pk := by_key.get((name, given[self.place[name]])))}
            if "email" in self.place and (pk := by_key.get(("email", given[self.place["email"]]))):
                pks.add(pk)
            if not pks:
                fresh.append((place, given))
            elif len(pks) == 1:
                found[place] = self._matched(rows[place], given, known[pks.pop()])
        shorts = dict(self._fresh(rows, fresh))
        if shorts and "company" in self.place:
            others = (p for p in range(len(rows)) if found[p] is None and p not in shorts)
            coming = Coming(self._named_roughly(rows[place]) for place in others)
            for place, given in fresh:
                short = shorts.get(place)
                if short and coming.may_be(self._named(given), short.firm):
                    del shorts[place]
        for place, short in shorts.items():
            found[place] = short
        return found

    def _names(self, plain: list[tuple[int, Given]], known: Iterable[Given]) -> Iterable[str]:
        """What the people of the batch can be known by, if they asked to be forgotten."""
        for _, given in plain:
            if email := self._value(given, "email"):
                yield email
            for name in self.ids:
                if key := given[self.place[name]]:
                    yield name_by_id(name, key)
        for contact in known:
            yield from _names_of(contact)

    def _cleaned(self, rows: list[Row]) -> list[tuple[int, Given]]:
        places = [place for place, row in enumerate(rows) if not row.problem]
        columns = [
            map(reader, [rows[place].cells[column] for place in places])
            for _, column, reader in self.columns
        ]
        return [
            (place, given)
            for place, given in zip(places, zip(*columns, strict=True), strict=True)
            if None not in given
        ]

    def _contacts(
        self, plain: list[tuple[int, Given]]
    ) -> tuple[dict[int, Given], dict[tuple[str, Any], int]]:
        """The contacts that one of the rows names, by pk and by (kind of key, key)."""
        known: dict[int, Given] = {}
        by_key: dict[tuple[str, Any], int] = {}
        fields = [_RAW.get(name, name) for name in FIELDS]
        company = [f"account__{name}" for name in COMPANY]
        columns = ["pk", *fields, "account_id", *company]
        rows = Contact.objects.order_by()
        order = ["email", *self.keys] if "email" in self.place else list(self.keys)
        email, ids = 1 + FIELDS.index("email"), [(f, 1 + FIELDS.index(f)) for f in self.ids]
        for kind in order:
            column = self.place[kind]
            wanted = {given[column] for _, given in plain} - {""}
            wanted = {key for key in wanted if (kind, key) not in by_key}
            if not wanted:
                continue
            found = rows.filter(pk__in=wanted) if kind == "id" else rows.with_any(kind, wanted)
            for row in found.values_list(*columns):
                pk = row[0]
                known[pk] = row
                by_key["id", pk] = pk
                if row[email]:
                    by_key["email", row[email]] = pk
                for name, at in ids:
                    if row[at]:
                        by_key[name, row[at]] = pk
        return known, by_key

    def _matched(self, row: Row, given: Given, contact: Given) -> Short | None:
        pk = contact[0]
        account_id, key, domain, country, owner_id, sdr_id = contact[len(FIELDS) + 1 :]
        if not self._stays(given, account_id, key or "", domain or ""):
            return None
        if not self._owner_is_settled(given, owner_id, sdr_id):
            return None
        region = self._value(given, "company_country") or country or self.importer.context.country
        changes: list[Change] = []
        values: dict[str, Any] = {}
        for name in chain(self.fields, self.ids):
            new = given[self.place[name]]
            if new == "":
                continue
            if name in PHONES and new.startswith(LOCAL):
                new = quick_phone(new[len(LOCAL) :], region)
                if new is None:
                    return None
            old = contact[1 + FIELDS.index(name)]
            if new == old:
                continue
            if name in WITH_CARE or (old and name in self.ids):
                return None  # news of its own, what others are found by, or to be remarked on
            changes.append(Change(name, _shown(name, old), _shown(name, new)))
            values[name] = new
        email = values.get("email", contact[1 + FIELDS.index("email")])
        if not email or (changes and not self.erased.isdisjoint((email, *_names_of(contact)))):
            return None
        first = values.get("first_name", contact[1]), values.get("last_name", contact[2])
        reason = next(
            (
                BY_ID[name]
                for name in self.keys
                if (key := given[self.place[name]]) != ""
                and key == (pk if name == "id" else contact[1 + FIELDS.index(name)])
            ),
            BY_EMAIL,
        )
        kind = Kind.CHANGED if changes else Kind.SAME
        label = f"{first[0]} {first[1]}".strip() or email
        return Short(row, kind, label, reason, pk, values, changes, None)

    def _stays(self, given: Given, account_id: int | None, key: str, domain: str) -> bool:
        """Whether the row, without doubt, names the company where the contact is, or none."""
        name, web = self._value(given, "company"), self._value(given, "company_domain")
        if not account_id:
            return False
        if web:
            return bool(web == domain)
        return not name or (bool(key) and name_key(name) == key)

    def _owner_is_settled(self, given: Given, owner_id: int | None, sdr_id: int | None) -> bool:
        """Whether the owner that the row names, if any, has nothing left to change or to note."""
        text = self._value(given, "owner")
        if not text:
            return True
        if text not in self.assigns:
            people = self.importer.owners.directory.find(text)
            fitting = [p for p in people if set(p.roles) & {Role.AE, Role.SDR}]
            one = fitting[0] if len(fitting) == 1 else None
            self.assigns[text] = None if one is None else "owner" if one.is_ae else "sdr"
        field = self.assigns[text]
        return field is not None and (owner_id if field == "owner" else sdr_id) is not None

    def _value(self, given: Given, name: str) -> Any:
        place = self.place.get(name)
        return "" if place is None else given[place]

    # --- New ones -------------------------------------------------------------------------------

    def _fresh(
        self, rows: list[Row], fresh: list[tuple[int, Given]]
    ) -> Iterable[tuple[int, Short]]:
        """The rows of people whom no id and no e-mail finds, where nothing else does either."""
        fresh = [
            (place, given)
            for place, given in fresh
            if self._value(given, "email")
            and not self._value(given, "id")
            and (not self.erased or self.erased.isdisjoint(self._names([(place, given)], ())))
        ]
        if not fresh:
            return
        self.firms.load(self._named(given) for _, given in fresh)
        ready = []
        for place, given in fresh:
            named = self._named(given)
            if named not in self.firms.known:
                continue
            firm = self.firms.known[named]
            if firm and not self._owner_is_settled(given, firm.owner_id, firm.sdr_id):
                continue
            values = self._values(given, firm)
            if values is not None:
                ready.append((place, firm, values))
        phones = {values[name] for _, _, values in ready for name in PHONES if values.get(name)}
        taken = self._phones_taken(phones)
        namesakes = self._namesakes([firm for _, firm, _ in ready])
        for place, firm, values in ready:
            first, last = values.get("first_name", ""), values.get("last_name", "")
            if last and any(values.get(name) in taken for name in PHONES):
                continue
            if firm and (firm.account.pk, first.casefold(), last.casefold()) in namesakes:
                continue
            label = f"{first} {last}".strip() or values["email"]
            yield place, Short(rows[place], Kind.NEW, label, "", None, values, [], firm)

    def _named(self, given: Given) -> Named:
        value = self._value
        return named_by(
            value(given, "company"), value(given, "company_domain"), value(given, "email")
        )

    def _named_roughly(self, row: Row) -> Named:
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

    def _values(self, given: Given, firm: Firm | None) -> dict[str, Any] | None:
        """The fields of a new contact; None where a number needs care."""
        values = {
            name: value
            for name in chain(self.fields, self.ids)
            if (value := given[self.place[name]]) != ""
        }
        for name in PHONES:
            if values.get(name, "").startswith(LOCAL):
                region = self._value(given, "company_country") or (firm.country if firm else "")
                number = quick_phone(
                    values[name][len(LOCAL) :], region or self.importer.context.country
                )
                if number is None:
                    return None
                values[name] = number
        return values

    def _phones_taken(self, phones: set[str]) -> set[str]:
        if not phones:
            return set()
        rows = Contact.objects.order_by()
        taken: set[str] = set()
        for name in PHONES:
            # As plain text: the field would read each number anew, the most costly step of all
            found = rows.exclude(**{name: ""}).annotate(number=_RAW[name]).filter(number__in=phones)
            taken.update(found.values_list("number", flat=True))
        return taken

    def _namesakes(self, firms: list[Firm | None]) -> set[tuple[int, str, str]]:
        """Contacts without an e-mail at these companies: one of them may be meant."""
        pks = {firm.account.pk for firm in firms if firm and firm.account.pk}
        rows = Contact.objects.filter(account__in=pks, email="").order_by()
        return {
            (pk, first.casefold(), last.casefold())
            for pk, first, last in rows.values_list("account_id", "first_name", "last_name")
            if first and last
        }

    # --- Deciding in the order of the file ------------------------------------------------------

    def take(self, short: Short) -> Line:
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
        for field in ("email", *self.ids):
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


def _names_of(contact: Given) -> Iterable[str]:
    yield contact[1 + FIELDS.index("email")]
    for name in FOREIGN_IDS:
        if key := contact[1 + FIELDS.index(name)]:
            yield name_by_id(name, key)


def _shown(name: str, value: Any) -> str:
    """A value in words, as the model’s own would be."""
    if value is None or value == "":
        return ""
    return str(to_python(value)) if name in PHONES else str(value)
