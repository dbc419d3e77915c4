"""The risk that a prospect does not come, in points that everybody can count, and how right it was.

The points are a plain sum, so that each says what to do about it. What a band foretells is our
assumption; beside it stands how many came in the team's own meetings, once there are enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Prefetch

from accounts.models import Contact, Verification, VerifiedField
from handoffs.models import Handoff, HandoffEvent, Meeting, ShowRecord
from handoffs.models.event import EventKind

FEWEST = 20  # meetings in a band before its own rate is said
WINDOW = timedelta(days=365)
MOST = 5000  # meetings that a measurement looks at, the newest
BEFORE = timedelta(hours=24)  # a band is judged by the risk as it stood a day before the meeting
CHUNK = 500


class Facts(NamedTuple):
    """What is known about a coming meeting at one moment."""

    days_ahead: int  # from booking to the meeting
    answered: bool
    introduced: bool
    dial_verified: bool
    moved: int  # earlier times that were moved
    missed: int  # earlier times that they missed
    others: int  # people of the committee beside the contact


class Factor(NamedTuple):
    """Points with their reason, and what takes them away. `way` names the page or decision."""

    points: int
    words: str
    remedy: str
    way: str


class Band(NamedTuple):
    """A range of points; `foretold` is the share that we assume to come."""

    key: str
    label: str
    colour: str
    least: int
    foretold: float


BANDS = (
    Band("low", "Low", "is-good", 0, 0.85),
    Band("medium", "Medium", "is-warn", 4, 0.70),
    Band("high", "High", "is-bad", 7, 0.50),
)


class Risk(NamedTuple):
    """Where a meeting stands. `came` of `of` is the band's own record, None below FEWEST."""

    points: int
    band: Band
    factors: list[Factor]
    came: int | None
    of: int

    @property
    def observed(self) -> float | None:
        return None if self.came is None else self.came / self.of


def factors(facts: Facts) -> list[Factor]:
    """What speaks against their coming, the heaviest first.

    Ten days ahead, unanswered, not introduced, dial verified, moved once, one other person:
    2 + 2 + 2 + 0 + 1 + 0 = 7 points.
    """
    found = []
    days = facts.days_ahead
    if points := (days > 3) + (days > 7) + (days > 14):
        words = f"Booked {days} days ahead"
        found.append(Factor(points, words, "Offer an earlier time", "meeting_move"))
    if not facts.answered:
        found.append(
            Factor(
                2,
                "They have not said yes to the invitation",
                "Get their yes and note it",
                "meeting_answered",
            )
        )
    if not facts.introduced:
        found.append(
            Factor(2, "They were not introduced yet", "Send the introduction", "introduction")
        )
    if points := min(facts.moved + 2 * facts.missed, 3):
        found.append(Factor(points, _history(facts), "Call them the day before", "call"))
    if not facts.dial_verified:
        words = "Nobody has verified their number"
        found.append(Factor(1, words, "Verify the direct dial", "contact"))
    if not facts.others:
        words = "Only one person knows of it"
        found.append(Factor(1, words, "Invite a second person", "others"))
    return sorted(found, key=lambda factor: -factor.points)


def band_of(points: int) -> Band:
    return next(band for band in reversed(BANDS) if points >= band.least)


def risk_of(meeting: Meeting, handoff: Handoff, introduced: bool, now: datetime) -> Risk:
    """The risk of a coming meeting at `now`; `handoff` with its relations prefetched. One query."""
    sent = [now] if introduced else []
    found = factors(_facts(meeting, handoff, sent, now))
    points = sum(factor.points for factor in found)
    band = band_of(points)
    record = ShowRecord.objects.first()
    came, of = record.bands.get(band.key, (0, 0)) if record else (0, 0)
    return Risk(points, band, found, came if of >= FEWEST else None, of)


def measure(now: datetime) -> ShowRecord:
    """Count who came in the last 12 months, by the band each meeting was in a day before it.

    Only what was held or missed by the prospect is judged: our own no-shows and what was called
    off or moved in time say nothing about whether they would have come.
    """
    bands = {band.key: [0, 0] for band in BANDS}
    judged = (
        Meeting.objects.filter(starts_at__gte=now - WINDOW, starts_at__lt=now)
        .filter(status__in=[Meeting.Status.HELD, Meeting.Status.NO_SHOW])
        .exclude(status=Meeting.Status.NO_SHOW, by_side=Meeting.Side.OURS)
        .select_related("handoff__contact")
        .prefetch_related(
            "handoff__meetings",
            "handoff__committee",
            Prefetch(
                "handoff__events",
                HandoffEvent.objects.filter(kind=EventKind.INTRODUCED),
                to_attr="introductions",
            ),
            Prefetch(
                "handoff__contact__verifications",
                Verification.objects.filter(field=VerifiedField.DIAL),
            ),
        )
        .order_by("-starts_at")
    )
    for meeting in judged[:MOST].iterator(chunk_size=CHUNK):
        handoff = meeting.handoff
        as_of = max(meeting.starts_at - BEFORE, meeting.booked_at)
        sent = [event.occurred_at for event in handoff.introductions]  # type: ignore[attr-defined]
        points = sum(factor.points for factor in factors(_facts(meeting, handoff, sent, as_of)))
        counted = bands[band_of(points).key]
        counted[0] += meeting.status == Meeting.Status.HELD
        counted[1] += 1
    row, _ = ShowRecord.objects.update_or_create(
        pk=1, defaults={"measured_at": now, "bands": bands}
    )
    return row


def _facts(
    meeting: Meeting, handoff: Handoff, introduced: Iterable[datetime], as_of: datetime
) -> Facts:
    """What was known at `as_of`, from what is prefetched."""
    earlier = [one for one in handoff.meetings.all() if one.pk < meeting.pk]
    missed = [one for one in earlier if one.status == Meeting.Status.NO_SHOW]
    theirs = [one for one in missed if one.by_side != Meeting.Side.OURS]
    return Facts(
        days_ahead=max((meeting.starts_at - meeting.booked_at).days, 0),
        answered=meeting.answered_at is not None and meeting.answered_at <= as_of,
        introduced=any(at <= as_of for at in introduced),
        dial_verified=_dial_verified(handoff.contact, as_of),
        moved=sum(one.status == Meeting.Status.RESCHEDULED for one in earlier),
        missed=len(theirs),
        others=len(handoff.committee.all()),
    )


def _dial_verified(contact: Contact | None, as_of: datetime) -> bool:
    """Whether the newest check of the number they have now found it right."""
    value = contact.verified_value(VerifiedField.DIAL) if contact else ""
    if contact is None or not value:
        return False
    checks = [
        check
        for check in contact.verifications.all()
        if check.field == VerifiedField.DIAL and check.value == value and check.verified_at <= as_of
    ]
    newest = max(checks, key=lambda check: (check.verified_at, check.pk), default=None)
    return newest is not None and newest.result == Verification.Result.VALID


def _history(facts: Facts) -> str:
    parts = []
    if facts.missed:
        parts.append("missed once" if facts.missed == 1 else f"missed {facts.missed} times")
    if facts.moved:
        parts.append("moved once" if facts.moved == 1 else f"moved {facts.moved} times")
    return f"Already {' and '.join(parts)}"
