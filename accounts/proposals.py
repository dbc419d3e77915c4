"""A person decides on a value that contradicts ours; what becomes a proposal is in origins."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import origins
from accounts.changes import history
from accounts.leaving import mark_left
from accounts.models import Account, Contact, ContactChange, Proposal
from team.models import User

LEFT = "left"  # the value of a proposed employer that nobody names


@transaction.atomic
def accept(proposal: Proposal, *, by: User, at: datetime) -> None:
    """Take the proposed value after all. ValidationError where it no longer can be."""
    _close(proposal, Proposal.State.ACCEPTED, by, at)
    if proposal.contact_id is None:
        account = Account.objects.select_for_update().get(pk=proposal.account_id or 0)
        _write(account, proposal, by, at)
        return
    contact = Contact.objects.select_for_update().get(pk=proposal.contact_id)
    if proposal.field == "employer":
        company = "" if proposal.value == LEFT else proposal.value
        mark_left(contact, company, origins.Said(str(by), at), by=by)
        return
    before = _write(contact, proposal, by, at)
    change = (proposal.field, before, proposal.value)
    rows = history(contact, [change], source=proposal.source, by=by, at=at)
    ContactChange.objects.bulk_create(rows)


def decline(proposal: Proposal, *, by: User, at: datetime) -> None:
    """Keep what we have; the same value is not proposed again."""
    _close(proposal, Proposal.State.DECLINED, by, at)


def _close(proposal: Proposal, state: Proposal.State, by: User, at: datetime) -> None:
    changed = Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.OPEN).update(
        state=state, decided_at=at, decided_by=by
    )
    if not changed:
        raise ValidationError("This was decided already, or something newer has come.")


def _write(record: origins.Record, proposal: Proposal, by: User, at: datetime) -> str:
    """Write the value and who decided; what stood there before."""
    field: Any = type(record)._meta.get_field(proposal.field)
    before = origins.text_of(getattr(record, proposal.field))
    setattr(record, proposal.field, field.to_python(proposal.value))
    record.full_clean()
    record.save()
    origins.note(record, [proposal.field], by=by, at=at)
    return before
