"""People who move: what follows from a change at an account; who is told of it is decided above."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from accounts import origins
from accounts.leaving import mark_left
from accounts.matching import find_accounts
from accounts.models import Account, Contact, ContactChange, Departure, VerifiedField
from accounts.names import name_key
from accounts.origins import Said
from team.models import User

Kind = ContactChange.Kind


def matters(change: ContactChange) -> bool:
    """Whether people who work with the contact hear of it: a title, the employer, a bounce."""
    if change.kind != Kind.CHANGED:
        return True
    if change.field not in (VerifiedField.TITLE, VerifiedField.EMPLOYER):
        return False
    return bool(change.old) and change.old.casefold() != change.new.casefold()


def follow(change: ContactChange, now: datetime) -> Departure | None:
    """Ask the account for a replacement where somebody left it; close it where they came back."""
    contact = change.contact
    if change.kind == Kind.LEFT:
        account = contact.account
        return _ask(contact, account, change, now) if account is not None else None
    if change.kind == Kind.BACK:
        contact.departures.filter(account=contact.account, state=Departure.State.OPEN).update(
            state=Departure.State.BACK, settled_at=now
        )
    if change.kind != Kind.CHANGED or change.field != VerifiedField.EMPLOYER or not change.old:
        return None
    # An import or a person has moved the record itself to the new company.
    left = [match.found for match in find_accounts(name=change.old)]
    if len(left) == 1 and left[0].pk != contact.account_id:
        return _ask(contact, left[0], change, now, successor=contact)
    return None


def says_left(
    contact: Contact, *, on: datetime, company: str, by: User, now: datetime
) -> ContactChange | None:
    """Somebody of ours knows that the contact has left."""
    if contact.account is None:
        raise ValidationError("This contact belongs to no account that they could leave.")
    if company and _is_named(contact.account, company):
        raise ValidationError("That is the company that they work at now.")
    with transaction.atomic():
        change = mark_left(contact, company, Said(str(by), on), by=by)
        origins.overtake(contact, ["employer"], now)
    return change


def add_at_new_company(departure: Departure, *, by: User, now: datetime) -> Contact:
    """A new record for the same person where they are now; the old one stays as it was.

    What belongs to the person goes along (name, mobile, profile), what was the old company's
    (e-mail, dial, title) does not.
    """
    with transaction.atomic():
        departure = Departure.objects.select_for_update().get(pk=departure.pk)
        if departure.successor_id:
            raise ValidationError(f"They are already kept as {departure.successor}.")
        if not departure.company:
            raise ValidationError("Nobody has said where they went. Enter it first.")
        old = departure.contact
        found = [match.found for match in find_accounts(name=departure.company)]
        if len(found) > 1:
            sentence = f"{len(found)} accounts are called “{departure.company}”. Merge them first."
            raise ValidationError(sentence)
        account = found[0] if found else _new_account(departure.company, by, now)
        new = Contact.objects.create(
            account=account,
            first_name=old.first_name,
            last_name=old.last_name,
            mobile=old.mobile,
            profile_url=old.profile_url,
            source=f"Was at {departure.account}"[:60],
            created_at=now,
        )
        departure.successor = new
        departure.save(update_fields=["successor"])
    return new


def replace(departure: Departure, contact: Contact | None, *, by: User, now: datetime) -> None:
    """Say who takes over at the account, or that nobody does."""
    if contact is not None and contact.account_id != departure.account_id:
        raise ValidationError(f"{contact} does not work at {departure.account}.")
    if contact is not None and (contact.left_on or contact.pk == departure.contact_id):
        raise ValidationError(f"{contact} has left as well.")
    state = Departure.State.REPLACED if contact else Departure.State.NOBODY
    changed = Departure.objects.filter(pk=departure.pk, state=Departure.State.OPEN).update(
        state=state, replacement=contact, settled_by=by, settled_at=now
    )
    if not changed:
        raise ValidationError("Somebody has answered this already.")


def open_departures(accounts: Iterable[Account]) -> QuerySet[Departure]:
    """Those of these accounts that still ask who takes over."""
    return Departure.objects.filter(
        account__in=list(accounts), state=Departure.State.OPEN
    ).select_related("contact", "account", "successor")


def _ask(
    contact: Contact,
    account: Account,
    change: ContactChange,
    now: datetime,
    successor: Contact | None = None,
) -> Departure:
    newest = {
        "company": change.new,
        "left_on": contact.left_on or change.changed_at.date(),
        "source": change.source,
    }
    at_first = {"title": contact.title, "noticed_at": now, "successor": successor}
    departure, _ = Departure.objects.update_or_create(
        contact=contact,
        account=account,
        state=Departure.State.OPEN,
        defaults=newest,
        create_defaults={**newest, **at_first},
    )
    return departure


def _new_account(company: str, by: User, now: datetime) -> Account:
    return Account.objects.create(
        name=company[:120],
        source="Champion who moved",
        sdr=by if by.is_sdr else None,
        created_at=now,
    )


def _is_named(account: Account, company: str) -> bool:
    return bool(company) and name_key(company) == name_key(account.name)
