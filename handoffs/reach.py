"""Who else can be reached at the company: the committee with their channels, and how fresh."""

from datetime import datetime
from typing import NamedTuple

from accounts.freshness import Freshness, states
from accounts.models import VerifiedField
from handoffs.masking import Veil
from handoffs.models import CommitteeMember, Handoff


class Channel(NamedTuple):
    """One way to somebody: what to click, and how far it can be trusted."""

    label: str
    value: str
    link: str
    freshness: Freshness


class Reachable(NamedTuple):
    """Somebody of the committee, and the ways to them; `note` where there is none or they left."""

    member: CommitteeMember
    channels: list[Channel]
    note: str


def others(handoff: Handoff, veil: Veil, now: datetime) -> list[Reachable]:
    """Everybody of the committee in the package's order; channels only without the veil.

    Reads `committee` with `contact__verifications` as prefetched.
    """
    return [_reachable(member, veil, now) for member in handoff.committee.all()]


def _reachable(member: CommitteeMember, veil: Veil, now: datetime) -> Reachable:
    contact = member.contact
    if veil.drawn:
        return Reachable(member, [], "")
    if contact is None:
        ask = f"Ask {member.mentioned_by}." if member.mentioned_by else ""
        return Reachable(member, [], f"No e-mail or number yet. {ask}".strip())
    if contact.left_on is not None and contact.left_on <= now.date():
        return Reachable(member, [], f"Left {contact.left_on:%-d %b %Y}.")
    fresh = states(contact, now)
    channels = [
        Channel(label, value, f"{scheme}{value.replace(' ', '')}", fresh[field])
        for label, field, scheme in (
            ("E-mail", VerifiedField.EMAIL, "mailto:"),
            ("Dial", VerifiedField.DIAL, "tel:"),
        )
        if (value := contact.verified_value(field))
    ]
    return Reachable(member, channels, "" if channels else "No e-mail or number yet.")
