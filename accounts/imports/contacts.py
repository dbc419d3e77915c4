"""Contacts from rows: matched by id, e-mail, phone or name; their companies found or created.

The company is looked for by the domain column, then by the company's name without the legal form,
then by the e-mail's domain, unless that is a mail provider's. A company that a row names and that
we do not have is created with that name and the e-mail's domain, and reported: contacts exports
are how companies come in where nobody exports companies. A row that names none creates none.

A contact owner in the file becomes the owner (an AE) or the SDR of the company, where it has none
yet. What changes about somebody we know is written down as ContactChange.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Model

from accounts.changes import history
from accounts.domains import company_domain
from accounts.imports import formats, parsing
from accounts.imports.quick.shortcut import Quick
from accounts.imports.quick.shorts import Short
from accounts.imports.shared import FOREIGN_IDS, Owners, Territories, keep_ids
from accounts.matching import (
    BY_MAIL_DOMAIN,
    BY_NAME,
    AccountBook,
    AccountKeys,
    ContactBook,
    ContactKeys,
    Match,
    equally_sure,
)
from accounts.models import Account, Contact, ContactChange
from accounts.names import name_key
from team.models import Role, User
from team.sheets.core import Change, Context, Importer, Kind, Line, Record, wrong
from team.sheets.formats import Mapping
from team.sheets.problems import Remark, Unreadable
from team.sheets.reading import Row

PLAIN_FIELDS = (
    "first_name",
    "last_name",
    "title",
    "email",
    "phone",
    "phone_extension",
    "mobile",
    "profile_url",
    "role",
    "attitude",
    "left_on",
    "source",
)
MOST_EXTENSION = 11


class ContactImporter(Importer):
    """Imports contacts. By an SDR: only those at their own companies and at nobody's."""

    model = Contact
    formats = formats.CONTACT_FORMATS
    parsers = parsing.CONTACT
    relations = frozenset({"account"})
    can_undo = True

    def __init__(self, mapping: Mapping, context: Context) -> None:
        super().__init__(mapping, context)
        self.companies, self.book = AccountBook(), ContactBook()
        self.owners, self.territories = Owners(context.by), Territories()
        self.quick = Quick(self)
        source = mapping.format.source or mapping.format.title
        self.origin = f"{source} import"

    def shortcut(self, rows: list[Row]) -> Sequence[Short | None]:
        return self.quick.read(rows)

    def take(self, short: Short) -> Line:
        return self.quick.take(short)

    def prepare(self, records: list[Record]) -> None:
        self.new_accounts: list[Account] = []
        self.assigned: list[tuple[Account, tuple[str, ...]]] = []
        self.new: list[Contact] = []
        self.changed: list[tuple[Contact, tuple[str, ...]]] = []
        self.history: list[ContactChange] = []
        self.companies.load([_company_keys(record) for record in records])
        self.book.load([self._keys(record, self._known_company(record)) for record in records])
        contacts = {
            match.found.pk
            for record in records
            for match in self.book.find(self._keys(record, self._known_company(record)))
        }
        accounts = {
            match.found.pk
            for record in records
            for match in self.companies.find(_company_keys(record))
        }
        self._ask_what_may_change(contacts, accounts)

    def decide(self, record: Record) -> Line | None:
        match = self._match(record)
        if record.remarks:
            return wrong(record)
        company = self._company(record, match.found if match else None)
        contact = match.found if match else Contact()
        self._read_phones(record, company or contact.account)
        changes = self.fill(contact, record, PLAIN_FIELDS)
        changes += keep_ids(contact, record, self.header)
        changes += self._move(contact, company)
        if match is None or changes:
            self.check(contact, record, [change.field for change in changes])
        self._claim_keys(contact, changes, record)
        if record.remarks:
            return wrong(record, str(contact))
        self._keep(contact, company, changes, record)
        return Line(
            record.number,
            Kind.NEW if match is None else Kind.CHANGED if changes else Kind.SAME,
            label=str(contact),
            reason=match.reason if match else "",
            changes=changes if match else [],
            notes=record.notes,
            cells=record.cells,
        )

    # --- Who it is -----------------------------------------------------------------------------

    def _match(self, record: Record) -> Match[Contact] | None:
        found = self.book.find(self._keys(record, self._known_company(record)))
        if not found:
            if number := record.values.get("id"):
                self._problem(record, "id", f"there is no contact with the number {number}.")
            return None
        best = found[0]
        if (equal := len(equally_sure(found))) > 1:
            sentence = f"{equal} contacts fit ({best.reason}). Add an e-mail or an id."
            self._problem(record, "last_name", sentence)
        elif best.found.pk not in self.allowed_contacts:
            sentence = "this contact is on somebody else’s desk. Ask your manager to import it."
            self._problem(record, "email", sentence)
        else:
            first = self.claims.first("contact", best.found.pk, record.number)
            if first != record.number:
                self._problem(record, "email", f"is about the same contact as row {first}.")
        return best

    def _keys(self, record: Record, company: Account | None) -> ContactKeys:
        given = record.values
        phones = []
        for field in ("phone", "mobile"):
            if cell := given.get(field):
                try:
                    number, _ = parsing.phone(str(cell), self._region(record, company))
                except Unreadable:
                    continue
                phones.append(str(number))
        return ContactKeys(
            id=given.get("id", ""),
            email=given.get("email", ""),
            phones=tuple(phones),
            first_name=given.get("first_name", ""),
            last_name=given.get("last_name", ""),
            account_id=company.pk if company else None,
            **{field: given.get(field, "") for field in FOREIGN_IDS},
        )

    def _region(self, record: Record, company: Account | None) -> str:
        """The country whose numbers may be written without a country code."""
        own = record.values.get("company_country", "")
        return own or (company.country if company else "") or self.context.country

    def _read_phones(self, record: Record, company: Account | None) -> None:
        region = self._region(record, company)
        for field in ("phone", "mobile"):
            cell = record.values.get(field)
            if not cell:
                continue
            try:
                number, extension = parsing.phone(cell, region)
            except Unreadable as error:
                self._problem(record, field, str(error))
                del record.values[field]
                continue
            record.values[field] = number
            if not extension:
                continue
            if field == "phone" and len(extension) <= MOST_EXTENSION:
                record.values.setdefault("phone_extension", extension)
            else:
                self._note(record, field, f"the extension {extension} was left out.")

    # --- Where they work -------------------------------------------------------------------------

    def _known_company(self, record: Record) -> Account | None:
        found = self.companies.find(_company_keys(record))
        return found[0].found if found else None

    def _company(self, record: Record, contact: Contact | None) -> Account | None:
        """The company the row speaks of; a new one where it names one that we do not have.

        An e-mail's domain places somebody new, but does not move somebody we know: people keep
        an old address for a while, and a company may write from several domains.
        """
        given = record.values
        found = self.companies.find(_company_keys(record))
        named = given.get("company") or given.get("company_domain")
        if contact and contact.account_id and not named:
            return contact.account
        if not found:
            return self._new_company(record) if given.get("company") else None
        best, account = found[0], found[0].found
        if best.reason == BY_NAME and len(equally_sure(found)) > 1:
            mail = company_domain(_email(record))
            ours = [m.found for m in found if contact and m.found.pk == contact.account_id]
            by_mail = [m.found for m in found if mail and m.found.domain == mail]
            if not (ours or by_mail):
                sentence = f"several accounts are called “{given['company'][:60]}”. Add a domain."
                self._problem(record, "company", sentence)
                return account
            account = (ours or by_mail)[0]
        if best.reason == BY_MAIL_DOMAIN and given.get("company"):
            sentence = f"“{given['company'][:60]}” was taken for {account} ({best.reason})."
            self._note(record, "company", sentence)
        if account.pk and account.pk not in self.allowed_accounts:
            sentence = "this company is on somebody else’s desk. Ask your manager to import it."
            self._problem(record, "company" if named else "email", sentence)
        return account

    def _new_company(self, record: Record) -> Account | None:
        given = record.values
        account = Account(
            name=given["company"],
            domain=given.get("company_domain") or company_domain(_email(record)),
            country=given.get("company_country", ""),
            source=self.mapping.format.source,
            sdr=self.owners.own_desk,
        )
        if account.country:
            account.territory = self.territories.by_country(account.country)
        before = len(record.remarks)
        self.check(account, record)
        if len(record.remarks) > before:
            record.remarks[before:] = [
                Remark(record.number, self.header("company"), remark.sentence)
                for remark in record.remarks[before:]
            ]
            return None
        return account

    def _move(self, contact: Contact, company: Account | None) -> list[Change]:
        if company is None or (company.pk and company.pk == contact.account_id):
            return []
        change = Change("account", str(contact.account or ""), company.name)
        contact.account = company
        return [change]

    # --- What is written ---------------------------------------------------------------------

    def _claim_keys(self, contact: Contact, changes: list[Change], record: Record) -> None:
        """Nobody may get a key that another row or another contact has.

        What a contact had before is theirs already, and only one row is about each contact.
        """
        changed = {change.field for change in changes}
        if contact.email and (contact.pk is None or "email" in changed):
            self.claim(
                record, "email", contact.email, self.header("email"), "the same e-mail as in"
            )
            if any(other.pk != contact.pk for other in self.book.at("email", contact.email)):
                self._problem(record, "email", "another contact already has this e-mail.")
        for field in FOREIGN_IDS:
            key = getattr(contact, field)
            if key and (contact.pk is None or field in changed):
                self.claim(record, field, key, self.header(field), "the same id as in")
                if any(other.pk != contact.pk for other in self.book.at(field, key)):
                    self._problem(record, field, "another contact already has this id.")
        if not contact.email:
            company = contact.account.name if contact.account else ""
            who = f"{contact.name}/{company}".casefold()
            self.claim(record, "person", who, self.header("last_name"), "the same person as in")

    def _keep(
        self, contact: Contact, company: Account | None, changes: list[Change], record: Record
    ) -> None:
        if company is not None:
            self._keep_company(company, record)
        if contact.pk is None:
            self.new.append(contact)
        elif changes:
            self.changed.append((contact, tuple(change.field for change in changes)))
            self.history += history(
                contact,
                changes,
                source=self.origin,
                by=self.context.by,
                at=self.context.now,
            )

    def _keep_company(self, company: Account, record: Record) -> None:
        """Notes a new company once, and gives it the owner that the row names if it has none."""
        alike = self.companies.at("name", name_key(company.name))
        if company.pk is None and not any(other is company for other in alike):
            self.companies.add(company)
            self.quick.firms.forget()
            self.new_accounts.append(company)
            self.extra["accounts added"] += 1
            self._note(record, "company", f"“{company.name}” is new and comes in as an account.")
        if text := record.values.get("owner"):
            self._assign(company, text, record)

    def _assign(self, company: Account, text: str, record: Record) -> None:
        if self.owners.own_desk:
            self._note(record, "owner", "owners are set by a manager; the column was left out.")
            return
        header = self.header("owner")
        person = self.owners.named(text, (Role.AE, Role.SDR), record, header)
        if person is None:
            return
        field = "owner" if person.is_ae else "sdr"
        if getattr(company, f"{field}_id") is None:
            setattr(company, field, person)
            self.extra["accounts given an owner"] += 1
            if company.pk:
                self.assigned.append((company, (field, "updated_at")))

    @classmethod
    def set_back(
        cls,
        model: type[Model],
        changes: Iterable[tuple[Model, list[tuple[str, str, str]]]],
        *,
        source: str,
        by: User,
        at: datetime,
    ) -> None:
        """What an undone import had changed about somebody has changed once more."""
        rows: list[ContactChange] = []
        for row, fields in changes:
            if isinstance(row, Contact):
                rows += history(row, fields, source=source, by=by, at=at)
        ContactChange.objects.bulk_create(rows)

    def write(self) -> None:
        now, source = self.context.now, self.mapping.format.source
        for company in self.new_accounts:
            company.created_at = company.updated_at = now
        for company, _ in self.assigned:
            company.updated_at = now
        for contact in self.new:
            contact.created_at = contact.updated_at = now
            contact.source = contact.source or source
        for contact, _ in self.changed:
            contact.updated_at = now
        self.create(Account, self.new_accounts)
        self.save(self.assigned)
        self.create(Contact, self.new)
        self.save((contact, (*columns, "updated_at")) for contact, columns in self.changed)
        ContactChange.objects.bulk_create(self.history)
        self.quick.write()
        if self.new_accounts:
            self.quick.firms.forget()

    def _ask_what_may_change(self, contacts: set[int], accounts: set[int]) -> None:
        self.allowed_contacts, self.allowed_accounts = contacts, accounts
        if by := self.context.by:
            mine = Contact.objects.filter(pk__in=contacts).importable_by(by)
            self.allowed_contacts = set(mine.values_list("pk", flat=True))
            ours = Account.objects.filter(pk__in=accounts).importable_by(by)
            self.allowed_accounts = set(ours.values_list("pk", flat=True))

    def _problem(self, record: Record, field: str, sentence: str) -> None:
        record.remarks.append(Remark(record.number, self.header(field), sentence))

    def _note(self, record: Record, field: str, sentence: str) -> None:
        record.notes.append(Remark(record.number, self.header(field), sentence))


def _company_keys(record: Record) -> AccountKeys:
    given = record.values
    return AccountKeys(
        domain=given.get("company_domain", ""),
        name=given.get("company", ""),
        email=_email(record),
    )


def _email(record: Record) -> str:
    return str(record.values.get("email", ""))
