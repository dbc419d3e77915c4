"""The many rows of a contacts file that leave no doubt: read, matched and written as plain values.

A row is without doubt when each cell is plain, at most one contact fits by id and e-mail, and its
company is the one it is at or one that we have. Every other row is `contacts.ContactImporter`'s, and
what is decided here is what would be decided there; a test runs both over the same files.
Nothing here is for people who may change only some contacts: their files are small.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from accounts.changes import WATCHED, history
from accounts.domains import FREE_MAIL, company_domain
from accounts.imports import parsing
from accounts.imports.dialling import quick_phone
from accounts.imports.shared import FOREIGN_IDS
from accounts.matching import BY_EMAIL, BY_ID, BY_MAIL_DOMAIN, BY_NAME, AccountKeys
from accounts.models import Account, Contact, ContactChange
from accounts.names import name_key
from team.models import Role
from team.sheets import bulk, cells
from team.sheets.core import Change, Kind, Line
from team.sheets.problems import Remark
from team.sheets.reading import Row

if TYPE_CHECKING:
    from accounts.imports.contacts import ContactImporter

PHONES = ("phone", "mobile")
LOCAL = "local:"  # a number whose country is still to be found
MOST_COMPANIES = 20_000


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


class Firm(NamedTuple):
    """What has to be known of a company; `account` where it may have to be written first."""

    pk: int | None
    country: str
    owner_id: int | None
    sdr_id: int | None
    account: Account


class Short(NamedTuple):
    """A row without doubt: new with `values`, or of contact `pk` with what changes."""

    row: Row
    kind: Kind
    label: str
    reason: str
    pk: int | None
    email: str
    values: dict[str, Any]
    changes: list[Change]
    before: dict[str, Any]
    firm: Firm | None


class Quick:
    """The shortcut of one import."""

    def __init__(self, importer: "ContactImporter") -> None:
        self.importer = importer
        mapping, context = importer.mapping, importer.context
        by = context.by
        unrestricted = by is None or by.is_revops or by.is_superuser
        known = all(name in READERS for name in mapping.places)
        self.works = unrestricted and known and importer.owners.own_desk is None
        self.width = len(mapping.places)
        self.columns = [(name, place, READERS[name]) for name, place in mapping.places.items()] if known else []
        self.place = {name: n for n, (name, _, _) in enumerate(self.columns)}
        self.fields = [name for name in FIELDS if name in self.place and name not in FOREIGN_IDS]
        self.keys = [name for name in BY_ID if name in self.place]
        self.ids = [name for name in FOREIGN_IDS if name in self.place]
        self.firms: dict[tuple[str, str, str], Firm | None] = {}
        self.assigns: dict[str, str | None] = {}
        self.new: list[Short] = []
        self.changed: list[Short] = []

    # --- Reading and matching a batch ------------------------------------------------------------

    def read(self, rows: list[Row]) -> Sequence[Short | None]:
        """The rows that leave no doubt, in their places."""
        found: list[Short | None] = [None] * len(rows)
        if not self.works:
            return found
        plain = self._cleaned(rows)
        known, by_key = self._contacts(plain)
        fresh: list[tuple[int, tuple[Any, ...]]] = []
        for place, given in plain:
            pks = {pk for name in self.keys if (pk := by_key.get((name, given[self.place[name]])))}
            if "email" in self.place and (pk := by_key.get(("email", given[self.place["email"]]))):
                pks.add(pk)
            if not pks:
                fresh.append((place, given))
            elif len(pks) == 1:
                found[place] = self._matched(rows[place], given, known[pks.pop()])
        for place, short in self._fresh(rows, fresh):
            found[place] = short
        return found

    def _cleaned(self, rows: list[Row]) -> list[tuple[int, tuple[Any, ...]]]:
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
        self, plain: list[tuple[int, tuple[Any, ...]]]
    ) -> tuple[dict[int, tuple[Any, ...]], dict[tuple[str, Any], int]]:
        """The contacts that one of the rows names, by pk and by (kind of key, key)."""
        known: dict[int, tuple[Any, ...]] = {}
        by_key: dict[tuple[str, Any], int] = {}
        columns = ("pk", *FIELDS, "account_id", *(f"account__{name}" for name in COMPANY))
        query = Contact.objects.order_by().values_list(*columns)
        order = ["email", *self.keys] if "email" in self.place else list(self.keys)
        email, ids = 1 + FIELDS.index("email"), [(f, 1 + FIELDS.index(f)) for f in self.ids]
        for kind in order:
            column = self.place[kind]
            wanted = {given[column] for _, given in plain} - {""}
            wanted = {key for key in wanted if (kind, key) not in by_key}
            if not wanted:
                continue
            field = "pk" if kind == "id" else kind
            for row in query.filter(**{f"{field}__in": wanted}):
                pk = row[0]
                known[pk] = row
                by_key["id", pk] = pk
                if row[email]:
                    by_key["email", row[email]] = pk
                for name, at in ids:
                    if row[at]:
                        by_key[name, row[at]] = pk
        return known, by_key

    def _matched(
        self, row: Row, given: tuple[Any, ...], contact: tuple[Any, ...]
    ) -> Short | None:
        pk, *_ = contact
        email = contact[1 + FIELDS.index("email")]
        account_id, key, domain, country, owner_id, sdr_id = contact[len(FIELDS) + 1 :]
        if not self._stays(given, account_id, key or "", domain or ""):
            return None
        firm = (country or "", owner_id, sdr_id)
        if not self._owner_is_settled(given, account_id, firm):
            return None
        region = self._value(given, "company_country") or firm[0] or self.importer.context.country
        changes: list[Change] = []
        values: dict[str, Any] = {}
        before: dict[str, Any] = {}
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
            if old and name in self.ids:
                return None  # to be remarked on
            changes.append(Change(name, "" if old is None else str(old), str(new)))
            values[name], before[name] = new, old
        email = values.get("email", email)
        if not email:
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
        return Short(
            row,
            Kind.CHANGED if changes else Kind.SAME,
            " ".join(part for part in first if part) or email,
            reason,
            pk,
            email,
            values,
            changes,
            before,
            None,
        )

    def _stays(self, given: tuple[Any, ...], account_id: int | None, key: str, domain: str) -> bool:
        """Whether the row, without doubt, names the company where the contact is, or none."""
        name, web = self._value(given, "company"), self._value(given, "company_domain")
        if not account_id:
            return False
        if web:
            return bool(web == domain)
        return not name or name_key(name) == key

    def _owner_is_settled(
        self,
        given: tuple[Any, ...],
        account_id: int | None,
        firm: tuple[str, int | None, int | None],
    ) -> bool:
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
        if field is None or account_id is None:
            return False
        return firm[1 if field == "owner" else 2] is not None

    def _value(self, given: tuple[Any, ...], name: str) -> Any:
        place = self.place.get(name)
        return "" if place is None else given[place]

    # --- New ones ----------------------------------------------------------------------------------

    def _fresh(
        self, rows: list[Row], fresh: list[tuple[int, tuple[Any, ...]]]
    ) -> Iterable[tuple[int, Short]]:
        """The rows of people whom no id and no e-mail finds, where nothing else does either."""
        fresh = [
            (place, given)
            for place, given in fresh
            if self._value(given, "email") and not self._value(given, "id")
        ]
        if not fresh:
            return
        self._load_firms([given for _, given in fresh])
        ready = []
        for place, given in fresh:
            key = self._firm_key(given)
            if key not in self.firms:
                continue
            firm = self.firms[key]
            settled = firm and (firm.country, firm.owner_id, firm.sdr_id)
            if firm is None:
                if self._value(given, "owner"):
                    # Without a company there is nobody to give it to
                    pass
            elif not self._owner_is_settled(given, firm.pk, settled):  # type: ignore[arg-type]
                continue
            values = self._values(given, firm)
            if values is not None:
                ready.append((place, given, firm, values))
        phones = {v[name] for _, _, _, v in ready for name in PHONES if v.get(name)}
        taken = self._phones_taken(phones)
        namesakes = self._namesakes([firm for _, _, firm, _ in ready])
        for place, _, firm, values in ready:
            if values.get("last_name") and any(values.get(name) in taken for name in PHONES):
                continue
            first, last = values.get("first_name", ""), values.get("last_name", "")
            if firm and (firm.pk, first.casefold(), last.casefold()) in namesakes:
                continue
            label = f"{first} {last}".strip() or values["email"]
            yield place, Short(
                rows[place], Kind.NEW, label, "", None, values["email"], values, [], {}, firm
            )

    def _values(self, given: tuple[Any, ...], firm: Firm | None) -> dict[str, Any] | None:
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

    def _firm_key(self, given: tuple[Any, ...]) -> tuple[str, str, str]:
        email = self._value(given, "email")
        return (
            self._value(given, "company"),
            self._value(given, "company_domain"),
            company_domain(email),
        )

    def forget_firms(self) -> None:
        """To be called when companies were added: names may have become ambiguous."""
        self.firms.clear()

    def _load_firms(self, plain: list[tuple[Any, ...]]) -> None:
        """Finds the companies of the rows; one that is not there, or not for sure, is left out."""
        if len(self.firms) > MOST_COMPANIES:
            self.firms.clear()
        wanted = {self._firm_key(given) for given in plain} - self.firms.keys()
        if not wanted:
            return
        book = self.importer.companies
        asked = {key: AccountKeys(domain=key[1], name=key[0], email=f"@{key[2]}") for key in wanted}
        book.load(asked.values())
        for key, keys in asked.items():
            found = book.find(keys)
            if not found:
                if not key[0]:
                    self.firms[key] = None
                continue
            best = found[0]
            doubtful = best.reason == BY_NAME and [m.reason for m in found].count(BY_NAME) > 1
            remarkable = best.reason == BY_MAIL_DOMAIN and key[0]
            if not doubtful and not remarkable:
                account = best.found
                self.firms[key] = Firm(
                    account.pk, account.country, account.owner_id, account.sdr_id, account
                )

    def _phones_taken(self, phones: set[str]) -> set[str]:
        if not phones:
            return set()
        rows = Contact.objects.order_by()
        taken: set[str] = set()
        for name in PHONES:
            found = rows.filter(**{f"{name}__in": phones}).values_list(name, flat=True)
            taken.update(str(number) for number in found)
        return taken

    def _namesakes(self, firms: list[Firm | None]) -> set[tuple[int, str, str]]:
        """Contacts without an e-mail at these companies: one of them may be meant."""
        pks = {firm.pk for firm in firms if firm and firm.pk}
        rows = Contact.objects.filter(account__in=pks, email="").order_by()
        return {
            (pk, first.casefold(), last.casefold())
            for pk, first, last in rows.values_list("account_id", "first_name", "last_name")
            if first and last
        }

    # --- Deciding in the order of the file ---------------------------------------------------------

    def take(self, short: Short) -> Line:
        row, values = short.row, short.values
        problems = self._claim(short)
        line = Line(
            row.number,
            Kind.WRONG if problems else short.kind,
            label=short.label,
            reason="" if problems else short.reason,
            changes=[] if problems else short.changes,
            problems=problems,
            cells=row.cells,
        )
        if not problems and values:
            (self.new if short.pk is None else self.changed).append(short)
        return line

    def _claim(self, short: Short) -> list[Remark]:
        claims, number, header = self.importer.claims, short.row.number, self.importer.header
        if short.pk is not None:
            first = claims.first("contact", short.pk, number)
            if first != number:
                sentence = f"is about the same contact as row {first}."
                return [Remark(number, header("email"), sentence)]
        problems = []
        values = short.values
        if "email" in values:
            first = claims.first("email", values["email"], number)
            if first != number:
                sentence = f"the same e-mail as in row {first}."
                problems.append(Remark(number, header("email"), sentence))
        for field in self.ids:
            if field in values:
                first = claims.first(field, values[field], number)
                if first != number:
                    sentence = f"the same id as in row {first}."
                    problems.append(Remark(number, header(field), sentence))
        return problems

    # --- Writing -------------------------------------------------------------------------------------

    def write(self) -> None:
        """Writes what was taken since the last call; new companies are in the database already."""
        context = self.importer.context
        source = self.importer.mapping.format.source
        stamp = {"created_at": context.now, "updated_at": context.now}
        bulk.insert(
            Contact,
            [
                {
                    "source": source,
                    **stamp,
                    **short.values,
                    "account_id": short.firm.account.pk if short.firm else None,
                }
                for short in self.new
            ],
        )
        groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        rows: list[ContactChange] = []
        for short in self.changed:
            names = tuple(sorted(short.values))
            cells_of = (short.values[name] for name in names)
            groups.setdefault(names, []).append((short.pk, *cells_of, context.now))
            if any(change.field in WATCHED for change in short.changes):
                rows += history(
                    Contact(pk=short.pk),
                    short.changes,
                    source=self.importer.origin,
                    by=context.by,
                    at=context.now,
                )
        for names, lines in groups.items():
            bulk.update(Contact, (*names, "updated_at"), lines)
        ContactChange.objects.bulk_create(rows)
        self.new, self.changed = [], []
