"""Accounts from rows: matched by id, domain or name; parents and technologies beside them.

A matched account gets the words that the row has; an empty cell leaves what we know alone. A new
one without a territory goes to the territory that names its country. Parents may stand further
down in the same file, so they are joined at the end; an unknown parent is reported and left out.
"""

from collections.abc import Iterable

from accounts.imports import formats, parsing
from accounts.imports.shared import FOREIGN_IDS, Owners, Territories, keep_ids
from accounts.matching import BY_NAME, AccountBook, AccountKeys, Match, equally_sure, told_apart
from accounts.models import Account, AccountTechnology
from accounts.names import name_key
from team.sheets.core import (
    BATCH,
    Change,
    Context,
    Importer,
    Kind,
    Line,
    Record,
    wrong,
)
from team.sheets.formats import Mapping
from team.sheets.problems import Remark

PLAIN_FIELDS = (
    "name",
    "domain",
    "industry",
    "employees",
    "annual_revenue",
    "country",
    "city",
    "year_established",
    "fit",
    "fit_reason",
    "source",
)


class AccountImporter(Importer):
    """Imports accounts. By an SDR: only their own and nobody's, and new ones become theirs."""

    model = Account
    formats = formats.ACCOUNT_FORMATS
    parsers = parsing.ACCOUNT
    relations = frozenset({"parent", "territory", "owner", "sdr"})
    can_undo = True

    def __init__(self, mapping: Mapping, context: Context) -> None:
        super().__init__(mapping, context)
        self.book, self.parents = AccountBook(), AccountBook()
        self.owners, self.territories = Owners(context.by), Territories()
        self.names: dict[str, list[tuple[AccountKeys, int]]] = {}
        self.coming: set[str] = set()  # names and ids of new accounts, for parents
        self.held: list[tuple[Line, Account, str]] = []

    def prepare(self, records: list[Record]) -> None:
        self.new: list[Account] = []
        self.changed: list[tuple[Account, tuple[str, ...]]] = []
        self.technologies: list[tuple[Account, list[str]]] = []
        self.book.load([_keys(record) for record in records])
        self.parents.load([_parent_keys(record.values.get("parent", "")) for record in records])
        found = {match.found.pk for record in records for match in self.book.find(_keys(record))}
        self.allowed = self._changeable(found)
        self.known_technologies: dict[int, set[str]] = {}
        if "technologies" in self.mapping.places:
            rows = AccountTechnology.objects.filter(account__in=found)
            for account, name in rows.values_list("account", "name"):
                self.known_technologies.setdefault(account, set()).add(name.casefold())

    def decide(self, record: Record) -> Line | None:
        match = self._match(record)
        if record.remarks:
            return wrong(record)
        account = match.found if match else Account()
        changes = self.fill(account, record, self._fields(account, record))
        changes += keep_ids(account, record, self.header)
        changes += self._place(account, record, new=match is None)
        if match is None or changes:
            self.check(account, record, [change.field for change in changes])
        self._claim_keys(account, record)
        if record.remarks:
            return wrong(record, str(account))
        waits = self._waits_for_parent(account, record, changes)
        columns = tuple(change.field for change in changes)
        changes += self._technologies(account, record)
        line = Line(
            record.number,
            Kind.NEW if match is None else Kind.CHANGED if changes else Kind.SAME,
            label=account.name,
            reason=match.reason if match else "",
            changes=changes if match else [],
            notes=record.notes,
            cells=record.cells,
        )
        if match is None:
            self.new.append(account)
            self.coming |= {name_key(account.name), account.salesforce_id} - {""}
        elif columns:
            self.changed.append((account, columns))
        if waits:
            self.held.append((line, account, record.values["parent"]))
            return None
        return line

    def _fields(self, account: Account, record: Record) -> list[str]:
        """A name that differs in its legal form only is no news."""
        same = account.pk and name_key(record.values.get("name", "")) == account.name_key
        return [field for field in PLAIN_FIELDS if not (same and field == "name")]

    def _match(self, record: Record) -> Match[Account] | None:
        """The one account that fits; what cannot be told apart or changed is a problem."""
        found = self.book.find(_keys(record))
        if not found:
            self._refuse_unknown_number(record)
            return None
        best, equal = found[0], len(equally_sure(found))
        if best.reason == BY_NAME and equal > 1:
            self._problem(
                record,
                "name",
                f"{equal} accounts are called so. Add a domain or an id, so that the right "
                "one is found.",
            )
        elif best.found.pk and best.found.pk not in self.allowed:
            self._problem(
                record,
                "name",
                "this company is on somebody else’s desk. Ask your manager to import it.",
            )
        elif best.found.pk:
            first = self.claims.first("account", best.found.pk, record.number)
            if first != record.number:
                self._problem(record, "name", f"names the same account as row {first}.")
        return best

    def _refuse_unknown_number(self, record: Record) -> None:
        if number := record.values.get("id"):
            self._problem(record, "id", f"there is no account with the number {number}.")

    def _place(self, account: Account, record: Record, *, new: bool) -> list[Change]:
        """Sets territory, owner and SDR; an SDR's new accounts are their own.

        Who works an account decides who sees it: as on its page, only managers assign it.
        """
        changes = []
        name = record.values.get("territory")
        if name and self.owners.own_desk:
            sentence = "territories are set by a manager; the column was left out."
            record.notes.append(Remark(record.number, self.header("territory"), sentence))
            name = ""
        if name:
            territory = self.territories.by_name(name)
            if territory is None:
                self._problem(record, "territory", f"no territory is called “{name[:60]}”.")
            elif account.territory_id != territory.pk:
                changes.append(Change("territory", str(account.territory or ""), territory.name))
                account.territory = territory
        elif new and account.country:
            account.territory = self.territories.by_country(account.country)
        if new and self.owners.own_desk:
            account.sdr = self.owners.own_desk
        for field in ("owner", "sdr"):
            if text := record.values.get(field):
                changes += self.owners.set(account, field, text, record, self.header(field))
        return changes

    def _claim_keys(self, account: Account, record: Record) -> None:
        """Two rows about one company are a mistake in the file, whatever the database knows."""
        if account.domain:
            words = "the same domain as in"
            self.claim(record, "domain", account.domain, self.header("domain"), words)
            if any(other.pk != account.pk for other in self.book.at("domain", account.domain)):
                self._problem(record, "domain", "another account already has this domain.")
        for field in FOREIGN_IDS:
            if key := getattr(account, field):
                self.claim(record, field, key, self.header(field), "the same id as in")
                if any(other.pk != account.pk for other in self.book.at(field, key)):
                    self._problem(record, field, "another account already has this id.")
        keys = AccountKeys(
            domain=account.domain, **{field: getattr(account, field) for field in FOREIGN_IDS}
        )
        alike = self.names.setdefault(name_key(account.name), [])
        for other, row in alike:
            if not told_apart(keys, other) and not record.remarks:
                self._problem(record, "name", f"names the same company as row {row}.")
        alike.append((keys, record.number))

    def _technologies(self, account: Account, record: Record) -> list[Change]:
        known = self.known_technologies.get(account.pk or 0, set())
        listed = [name[:80] for name in record.values.get("technologies", ())]
        added = [name for name in listed if name.casefold() not in known]
        if not added:
            return []
        self.technologies.append((account, added))
        return [Change("technologies", "", ", ".join(added))]

    def _waits_for_parent(self, account: Account, record: Record, changes: list[Change]) -> bool:
        """Sets the parent if we have it; True where it may stand further down in the file."""
        wanted = record.values.get("parent")
        if not wanted:
            return False
        found = self.parents.find(_parent_keys(wanted))
        if not found:
            return True
        if sentence := _adopt(account, found, wanted, changes):
            record.notes.append(Remark(record.number, self.header("parent"), sentence))
        return False

    def finish(self) -> Iterable[Line]:
        """Joins the parents that came with the file, and reports those nobody knows."""
        for start in range(0, len(self.held), BATCH):
            yield from self._join(self.held[start : start + BATCH])

    def _join(self, held: list[tuple[Line, Account, str]]) -> Iterable[Line]:
        self.parents.load([_parent_keys(wanted) for _, _, wanted in held])
        joined: list[tuple[Account, tuple[str, ...]]] = []
        for line, account, wanted in held:
            found = self.parents.find(_parent_keys(wanted))
            changes: list[Change] = []
            sentence = ""
            if found:
                sentence = _adopt(account, found, wanted, changes)
            elif not {name_key(wanted), wanted} & self.coming:
                sentence = f"no account is called “{wanted[:60]}”; the parent was left empty."
            elif not self.context.writing:
                changes.append(Change("parent", str(account.parent or ""), wanted))
            if sentence:
                line.notes.append(Remark(line.number, self.header("parent"), sentence))
            if changes:
                joined.append((account, ("parent",)))
                if line.kind is not Kind.NEW:
                    line.kind, line.changes = Kind.CHANGED, [*line.changes, *changes]
            yield line
        if self.may_write:
            self.save(joined)

    def write(self) -> None:
        now, source = self.context.now, self.mapping.format.source
        for account in self.new:
            account.source = account.source or source
            account.created_at = account.updated_at = now
        self.create(Account, self.new)
        for account, _ in self.changed:
            account.updated_at = now
            account.name_key = name_key(account.name)
        machine = ("name_key", "updated_at")
        self.save((account, (*columns, *machine)) for account, columns in self.changed)
        rows = [
            AccountTechnology(account=account, name=name, source=source)
            for account, names in self.technologies
            for name in names
        ]
        self._add_technologies(rows)

    def _add_technologies(self, rows: list[AccountTechnology]) -> None:
        """Adds them; one that somebody has added meanwhile stays theirs."""
        accounts = {row.account_id for row in rows}
        known = AccountTechnology.objects.filter(account__in=accounts)
        before = set(known.values_list("pk", flat=True))
        AccountTechnology.objects.bulk_create(rows, ignore_conflicts=True)
        if self.trail is not None and rows:
            self.trail.added(AccountTechnology, set(known.values_list("pk", flat=True)) - before)

    def _changeable(self, found: set[int]) -> set[int]:
        if self.context.by is None:
            return found
        rows = Account.objects.filter(pk__in=found).importable_by(self.context.by)
        return set(rows.values_list("pk", flat=True))

    def _problem(self, record: Record, field: str, sentence: str) -> None:
        record.remarks.append(Remark(record.number, self.header(field), sentence))


def _keys(record: Record) -> AccountKeys:
    given = {name: record.values.get(name, "") for name in AccountKeys._fields if name != "email"}
    return AccountKeys(**given)


def _adopt(
    account: Account, found: list[Match[Account]], wanted: str, changes: list[Change]
) -> str:
    """Makes the one that was found the parent; where nothing tells several apart, says so.

    A company named as its own parent, as vendors do with the topmost, has none.
    """
    equal = equally_sure(found)
    if any(match.found.pk == account.pk for match in equal):
        return ""
    if len(equal) > 1:
        return f"{len(equal)} accounts are called “{wanted[:60]}”; the parent was left as it is."
    parent = equal[0].found
    if account.parent_id != parent.pk:
        changes.append(Change("parent", str(account.parent or ""), parent.name))
        account.parent = parent
    return ""


def _parent_keys(text: str) -> AccountKeys:
    """A parent is named by its name, or by its Salesforce id."""
    return AccountKeys(name=text, salesforce_id=text)
