"""What the account, its contacts and earlier handoffs know already, so that nobody types it again.

Facts are filled in; opinions (why we targeted them, who belongs to the committee) are offered.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.models import Account, Attitude, CommitteeRole, Contact, GrowthSignal
from handoffs import lifecycle, wording
from handoffs.models import Handoff, Trigger
from handoffs.snapshot import account_facts
from team.models import User

RECENT = timedelta(days=180)  # a signal older than this prompted nobody's call today
MOST_TRIGGERS = 3
LENGTHS = {"company_size": 80, "industry": 80, "tech_stack": 500, "growth_signals": 1000}


class Suggestion(NamedTuple):
    """A row that one click adds: what the button says, and what it fills in."""

    words: str
    values: dict[str, str]

    @property
    def as_json(self) -> str:
        """The values for the script that adds the row."""
        return json.dumps(self.values)


def begin(
    *, sdr: User, by: User, account: Account | None, at: datetime | None = None, **fields: Any
) -> Handoff:
    """A new draft with everything the account knows filled in."""
    at = at or timezone.now()
    with transaction.atomic():
        if account is not None:
            fields = {**facts(account), "contact": likeliest_contact(account), **fields}
        handoff = lifecycle.create_draft(sdr=sdr, by=by, account=account, at=at, **fields)
        if account is not None:
            Trigger.objects.bulk_create(
                Trigger(
                    handoff=handoff,
                    kind=signal.kind,
                    happened_on=signal.happened_on,
                    detail=signal.detail,
                    source_url=signal.source_url,
                )
                for signal in recent_signals(account, at.date())[:MOST_TRIGGERS]
            )
    return handoff


def facts(account: Account) -> dict[str, str]:
    """The fit with our ideal customer as the account’s record has it, as long as the form takes."""
    return {name: _cut(text, LENGTHS[name]) for name, text in account_facts(account).items()}


def moved_to(handoff: Handoff, account: Account) -> dict[str, Any]:
    """The fields of a draft that is given (another) account: typed texts stay."""
    old = facts(handoff.account) if handoff.account else {}
    known = facts(account)
    return {
        "account": account,
        "contact": likeliest_contact(account),
        **{
            name: text
            for name, text in known.items()
            if getattr(handoff, name) in ("", old.get(name))
        },
    }


def likeliest_contact(account: Account) -> Contact | None:
    """The only contact, else the one of the newest handoff; several without history: nobody."""
    here: list[Contact] = [contact for contact in account.contacts.all() if contact.left_on is None]
    if len(here) == 1:
        return here[0]
    known: dict[int, Contact] = {contact.pk: contact for contact in here}
    newest = (
        Handoff.objects.filter(account=account, contact__in=known).order_by("-pk").first()
        if known
        else None
    )
    return known.get(newest.contact_id) if newest and newest.contact_id else None


def recent_signals(account: Account, today: date) -> list[GrowthSignal]:
    """What happened at the account lately, newest first."""
    since = today - RECENT
    return [signal for signal in account.signals.all() if since <= signal.happened_on <= today]


def trigger_suggestions(handoff: Handoff, today: date) -> list[Suggestion]:
    """Recent signals of the account that are not among the triggers yet."""
    if handoff.account is None:
        return []
    listed = {wording.same_text(trigger.detail) for trigger in handoff.triggers.all()}
    return [
        Suggestion(
            str(signal),
            {
                "kind": signal.kind,
                "happened_on": signal.happened_on.isoformat(),
                "detail": signal.detail,
                "source_url": signal.source_url,
            },
        )
        for signal in recent_signals(handoff.account, today)
        if wording.same_text(signal.detail) not in listed
    ]


def committee_suggestions(handoff: Handoff, contacts: list[Contact]) -> list[Suggestion]:
    """The account's other people who are still there and not listed yet."""
    listed = {row.contact_id for row in handoff.committee.all()} | {handoff.contact_id}
    names = {wording.same_text(row.name) for row in handoff.committee.all()}
    return [
        Suggestion(
            f"{contact.name}, {contact.title}".strip(", "),
            {
                "contact_id": str(contact.pk),
                "name": contact.name,
                "title": contact.title,
                "role": contact.role or CommitteeRole.UNKNOWN,
                "attitude": contact.attitude or Attitude.UNKNOWN,
            },
        )
        for contact in contacts
        if contact.left_on is None
        and contact.pk not in listed
        and contact.name
        and wording.same_text(contact.name) not in names
    ]


def earlier(handoff: Handoff, user: User) -> list[Handoff]:
    """The newest other handoffs of this account that `user` may see."""
    if handoff.account_id is None:
        return []
    rows = Handoff.objects.visible_to(user).filter(account=handoff.account_id)
    return list(rows.exclude(pk=handoff.pk).distinct().select_related("sdr").order_by("-pk")[:3])


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip(" ,;") + "…"
