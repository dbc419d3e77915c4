"""What a delivered update does to our records; who sent it and whether it is genuine is settled.

The result does not depend on the order in which updates arrive: each field keeps the newest of
what was said about it, and every check is a row of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from accounts import origins
from accounts.changes import found_wrong
from accounts.domains import company_domain
from accounts.erased import SENTENCE, is_erased, record_name
from accounts.hooks.payloads import BOUNCED, Update
from accounts.leaving import mark_back, mark_left
from accounts.matching import (
    BY_MAIL_DOMAIN,
    AccountKeys,
    ContactKeys,
    Match,
    equally_sure,
    find_accounts,
    find_contacts,
)
from accounts.models import (
    Account,
    Contact,
    EnrichmentSource,
    Method,
    SourceRecord,
    ValueOrigin,
    Verification,
    VerifiedField,
)
from accounts.names import name_key
from accounts.origins import Said
from accounts.proposals import LEFT

VERIFIED = {"email": VerifiedField.EMAIL, "phone": VerifiedField.DIAL, "title": VerifiedField.TITLE}
REACHED = {"email": VerifiedField.EMAIL, "phone": VerifiedField.DIAL, "mobile": VerifiedField.DIAL}


class NotHere(Exception):
    """The record is not ours (yet)."""


class RefusedUpdate(Exception):
    """The update cannot be taken. The text is a sentence."""


class ErasedPerson(RefusedUpdate):
    """It is about somebody who asked to be forgotten: not even what was sent is kept."""


class Outcome(NamedTuple):
    """What an update did, in words, and to which record."""

    words: str
    contact: Contact | None = None
    account: Account | None = None
    created: bool = False


def apply(update: Update, *, source: EnrichmentSource, rank: str, now: datetime) -> Outcome:
    """Do what `update` says, in the caller's transaction. NotHere, RefusedUpdate."""
    said = Said(source.name, update.at, rank)
    if not update.is_about_a_contact:
        return _account_update(update, source, said, now)
    if is_erased(update.values.get("email", ""), record_name(source.pk, update.key)):
        raise ErasedPerson(SENTENCE)
    contact = _contact(update, source)
    if contact is None:
        if not update.creates:
            raise NotHere("We have no such contact. It waits for one for a day.")
        return _new_contact(update, source, said)
    if update.kind == "contact.left":
        return Outcome(leave(contact, said, update.company, now), contact)
    if update.kind == BOUNCED:
        return Outcome(_bounce(contact, update, said), contact)
    words = take_about_contact(contact, update, said, now)
    return Outcome(words, contact, created=update.creates)


def take_about_contact(contact: Contact, update: Update, said: Said, now: datetime) -> str:
    """Take what `update` says about a locked contact; what became of it, in words."""
    taken = origins.take(contact, update.values, said, now)
    if said.is_dated:  # what may be of any age checks nothing
        _verify(contact, update, said)
    words = taken.words
    if update.company or update.company_domain:
        words += " " + _employer(contact, update, said, now)
    return words.strip()


# --- People --------------------------------------------------------------------------------------


def _contact(update: Update, source: EnrichmentSource) -> Contact | None:
    """The contact it is about, locked for the transaction; its id there is remembered."""
    known = SourceRecord.objects.filter(
        source=source, kind=SourceRecord.Kind.CONTACT, key=update.key, contact__isnull=False
    )
    pk = known.values_list("contact", flat=True).first() if update.key else None
    if pk is None:
        pk = _matching_contact(update)
        if pk is not None:
            _remember(source, update.key, contact_id=pk)
    return Contact.objects.select_for_update().get(pk=pk) if pk is not None else None


def _matching_contact(update: Update) -> int | None:
    given = update.values
    phones = tuple(str(given[name]) for name in ("phone", "mobile") if given.get(name))
    company = _known_company(update)
    keys = ContactKeys(
        external_id=update.key,
        email=given.get("email", ""),
        phones=phones,
        first_name=given.get("first_name", ""),
        last_name=given.get("last_name", ""),
        account_id=company.pk if company else None,
    )
    found = find_contacts(**keys._asdict())
    if not found and phones and update.kind == BOUNCED:
        found_pks = list(Contact.objects.with_any("phone", phones).values_list("pk", flat=True)[:2])
        return found_pks[0] if len(found_pks) == 1 else None
    return _the_one(found, "contacts")


def _new_contact(update: Update, source: EnrichmentSource, said: Said) -> Outcome:
    contact = Contact(**update.values, source=source.name, account=_company(update, source.name))
    if not (contact.name or contact.email):
        raise RefusedUpdate("data: a new contact needs a name or an email.")
    contact.save(force_insert=True)
    _remember(source, update.key, contact_id=contact.pk)
    for field, value in update.values.items():
        origins.stamp(contact, field, origins.text_of(value), said)
    if contact.account is not None:
        origins.stamp(contact, "employer", contact.account.name, said)
    _verify(contact, update, said)
    return Outcome("Added.", contact, created=True)


def _verify(contact: Contact, update: Update, said: Said) -> None:
    """Each value that a vendor sends is a check of it, right at that time whatever came later."""
    checked = [(VERIFIED[name], str(v)) for name, v in update.values.items() if name in VERIFIED]
    if contact.account is not None and _is_company(contact.account, update):
        checked.append((VerifiedField.EMPLOYER, contact.account.name))
    Verification.objects.bulk_create(
        Verification(
            contact=contact,
            field=field,
            value=value[:254],
            method=Method.VENDOR,
            source=said.source,
            verified_at=said.at,
        )
        for field, value in checked
    )


def _bounce(contact: Contact, update: Update, said: Said) -> str:
    """An address failed: a check that says so, and a line in the history if it is still used."""
    words = []
    for name, value in update.values.items():
        field = REACHED[name]
        row = Verification.objects.create(
            contact=contact,
            field=field,
            value=str(value),
            method=Method.BOUNCE,
            result=Verification.Result.INVALID,
            source=said.source,
            verified_at=said.at,
        )
        if found_wrong(row, at=said.at):
            words.append(f"{field.label} found wrong.")
    return " ".join(words) or "Noted; it is not what we use now."


# --- Where they work -----------------------------------------------------------------------------


def _employer(contact: Contact, update: Update, said: Said, now: datetime) -> str:
    """They are still there, or somewhere else."""
    if contact.account is None:
        origin = _employer_origin(contact)
        company = _company(update, said.source) if origins.is_newer(said, origin) else None
        if company is None:
            return ""
        contact.account = company
        contact.save(update_fields=["account", "updated_at"])
        origins.stamp(contact, "employer", company.name, said)
        return f"Works at {contact.account}."
    if _is_company(contact.account, update):
        return _stay(contact, said, now)
    return leave(contact, said, update.company or update.company_domain, now)


def leave(contact: Contact, said: Said, company: str, now: datetime) -> str:
    """They left, for `company` if that is known: the record is marked, unless we know better."""
    before = contact.account.name if contact.account else ""
    origin = _employer_origin(contact)
    if objection := _employer_objection(contact, before, said, origin):
        origins.propose(contact, "employer", company or LEFT, before, said, objection, now)
        return "Proposed, a person decides: employer."
    if not origins.is_newer(said, origin):
        return "Older than what we have: employer."
    mark_left(contact, company, said)
    origins.overtake(contact, ["employer"], now)
    return f"Left for {company}." if company else "Left."


def _stay(contact: Contact, said: Said, now: datetime) -> str:
    """They work where we thought; somebody marked as gone has come back, if this is newer."""
    name = contact.account.name if contact.account else ""
    origin = _employer_origin(contact)
    if not origins.is_newer(said, origin):
        return ""
    if contact.left_on is not None:
        if origin is not None and origin.by_id and origin.at >= said.at:
            return ""
        mark_back(contact, said, was_at=origin.value if origin else "")
    origins.stamp(contact, "employer", name, said)
    return ""


def _employer_origin(contact: Contact) -> ValueOrigin | None:
    return contact.origins.filter(field="employer").first()


def _employer_objection(
    contact: Contact, present: str, said: Said, origin: ValueOrigin | None
) -> str:
    if contact.left_on is not None:
        return ""
    if origin is not None and origin.by_id and (later := said.unless_newer(origin.at)):
        return f"{origin.source} entered ours on {origin.at:%-d %b %Y}, {later}"
    checked = origins.checked_by_us(contact, VerifiedField.EMPLOYER, present)
    if checked and (later := said.unless_newer(checked)):
        return f"We checked ours on {checked:%-d %b %Y}, {later}"
    return "" if said.is_dated else f"{said.source} does not say since when."


def _is_company(account: Account, update: Update) -> bool:
    if update.company_domain and account.domain:
        return update.company_domain == account.domain
    return bool(update.company) and name_key(update.company) == name_key(account.name)


def _known_company(update: Update) -> Account | None:
    if not (update.company or update.company_domain):
        return None
    found = find_accounts(name=update.company, domain=update.company_domain)
    return found[0].found if found else None


def _company(update: Update, source: str) -> Account | None:
    """The company it names; a new one where we do not have it, as imports do.

    None where it says a domain alone that nobody here has: that names no company.
    """
    if known := _known_company(update):
        return known
    email = update.values.get("email", "")
    if not update.company:
        found = find_accounts(email=email) if email else []
        return found[0].found if found and found[0].reason == BY_MAIL_DOMAIN else None
    domain = update.company_domain or company_domain(email)
    if domain and Account.objects.with_any("domain", [domain]).exists():
        domain = ""
    return Account.objects.create(name=update.company, domain=domain, source=source)


# --- Companies -----------------------------------------------------------------------------------


def _account_update(update: Update, source: EnrichmentSource, said: Said, now: datetime) -> Outcome:
    account = _account(update, source)
    if account is None:
        if not update.creates:
            raise NotHere("We have no such account. It waits for one for a day.")
        if not update.values.get("name"):
            raise RefusedUpdate("data: a new account needs a name.")
        account = Account.objects.create(**update.values, source=source.name)
        _remember(source, update.key, account_id=account.pk)
        for field, value in update.values.items():
            origins.stamp(account, field, origins.text_of(value), said)
        return Outcome("Added.", account=account, created=True)
    taken = origins.take(account, update.values, said, now)
    return Outcome(taken.words, account=account, created=update.creates)


def _account(update: Update, source: EnrichmentSource) -> Account | None:
    known = SourceRecord.objects.filter(
        source=source, kind=SourceRecord.Kind.ACCOUNT, key=update.key, account__isnull=False
    )
    pk = known.values_list("account", flat=True).first() if update.key else None
    if pk is None:
        keys = AccountKeys(
            external_id=update.key,
            domain=update.values.get("domain", ""),
            name=update.values.get("name", ""),
        )
        found = find_accounts(**keys._asdict())
        pk = _the_one(found, "accounts")
        if pk is not None:
            _remember(source, update.key, account_id=pk)
    return Account.objects.select_for_update().get(pk=pk) if pk is not None else None


def _the_one(found: Sequence[Match[Any]], names: str) -> int | None:
    """The number of the record that fits best, None without one. RefusedUpdate for several."""
    if not found:
        return None
    if (equal := len(equally_sure(found))) > 1:
        raise RefusedUpdate(f"{equal} {names} fit ({found[0].reason}). Merge them first.")
    return int(found[0].found.pk)


def _remember(source: EnrichmentSource, key: str, **record: Any) -> None:
    """What the source calls one of our records; the first that it was called so stays."""
    if key:
        kind = SourceRecord.Kind.CONTACT if "contact_id" in record else SourceRecord.Kind.ACCOUNT
        row = SourceRecord(source=source, kind=kind, key=key, **record)
        SourceRecord.objects.bulk_create([row], ignore_conflicts=True)
