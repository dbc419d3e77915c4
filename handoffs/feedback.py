"""Contested rejections and their rulings, and what the AE had to ask again after the call."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from handoffs import notices, rights
from handoffs.completeness import SECTIONS
from handoffs.log import record
from handoffs.models import AskedAgain, Contest, Criterion, Handoff, HandoffEvent, Meeting
from handoffs.models.event import EventKind
from handoffs.querysets import HandoffQuerySet
from handoffs.refusal import TransitionRefused
from handoffs.wording import is_sentence
from team.models import User

DAY = timedelta(days=1)
DAYS_TO_CONTEST = 2  # working days of the handoff's territory
TALK_WITHIN = timedelta(days=14)  # after that nobody remembers the call
LONGEST_WAIT = timedelta(days=60)  # for them to come round
NOT_HELD = "This is asked once the meeting has taken place."


def rejection_of(handoff: Handoff) -> HandoffEvent | None:
    """The event of its rejection; as prefetched, where it is."""
    return next(iter(handoff.told(EventKind.REJECTED)), None)


def contest_until(rejection: HandoffEvent) -> datetime | None:
    """Until when the SDR may contest: the close of the second working day after the rejection.

    Working days are those of the territory's calendar; without one, or where it can no longer be
    read, two times 24 hours. None if no day opens any more.
    """
    territory = rejection.handoff.territory
    at = rejection.occurred_at
    if territory is None:
        return at + timedelta(days=DAYS_TO_CONTEST)
    try:
        hours = territory.calendar.hours()
    except ValueError:
        return at + timedelta(days=DAYS_TO_CONTEST)
    zone = ZoneInfo(hours.time_zone)
    closes: dict[date, datetime] = {}
    for opening, closing in hours.segments(at, at + LONGEST_WAIT):
        for day, close in _by_day(opening, closing, zone):
            if day > at.astimezone(zone).date():
                if day not in closes and len(closes) == DAYS_TO_CONTEST:
                    return max(closes.values())
                closes[day] = close
    return max(closes.values(), default=None)


def _by_day(
    opening: datetime, closing: datetime, zone: ZoneInfo
) -> Iterator[tuple[date, datetime]]:
    """The day an open stretch belongs to, with its close; around the clock, each of its days."""
    day = opening.astimezone(zone).date()
    while closing - opening > DAY:
        opening = datetime.combine(day + DAY, time.min, zone).astimezone(UTC)
        yield day, opening
        day += DAY
    yield day, closing


def why_too_late(handoff: Handoff, now: datetime) -> str:
    """Why this rejection cannot be contested by anybody now; empty when it can."""
    rejection = rejection_of(handoff)
    if handoff.status != Handoff.Status.REJECTED or rejection is None:
        return "Only a rejected handoff can be contested."
    if contest_of(handoff) is not None:
        return "This rejection was already contested."
    until = contest_until(rejection)
    if until is not None and now > until:
        return "A rejection can be contested within two working days."
    return ""


def why_no_contest(user: User, handoff: Handoff, now: datetime) -> str:
    """Why `user` may not contest the rejection of `handoff` now; empty when they may."""
    return why_too_late(handoff, now) or rights.why_not(user, rights.EDIT, handoff)


def contest_of(handoff: Handoff) -> Contest | None:
    """The contest of its rejection; as prefetched with its events, where they are."""
    contest: Contest | None = getattr(rejection_of(handoff), "contest", None)
    return contest


def open_contest(handoff: Handoff) -> Contest | None:
    """The contest that waits for a ruling."""
    case = contest_of(handoff)
    return case if case and not case.ruling else None


def waiting_for(manager: User) -> list[Contest]:
    """The contests this manager has to rule on, the oldest first."""
    rows = Contest.objects.filter(ruling="").order_by("raised_at", "pk")
    rows = rows.filter(Handoff.objects.seen_by(manager))
    joined = rows.select_related(
        "handoff__account", "handoff__territory", "raised_by", "rejection__actor"
    ).defer("rejection__data")
    return [case for case in joined if not why_no_ruling(manager, case)]


def contest(
    handoff: Handoff,
    *,
    by: User,
    argument: str,
    at: datetime | None = None,
    criterion: Criterion | None = None,
) -> Contest:
    """The SDR disagrees: once, in time, with an argument. The manager is told.

    Without a `criterion` it is about the one that the rejection cites, if it cites one.
    """
    at = at or timezone.now()
    if sentence := why_no_contest(by, handoff, at):
        raise TransitionRefused(sentence)
    if not is_sentence(argument):
        raise TransitionRefused("Say in a sentence what the rejection overlooks.")
    rejection = rejection_of(handoff)
    assert rejection is not None  # noqa: S101  why_no_contest has looked
    if criterion is None and handoff.framework_version_id:
        cited = (rejection.data or {}).get("criterion", "")
        criterion = Criterion.objects.filter(
            version=handoff.framework_version_id, code=cited
        ).first()
    try:
        with transaction.atomic():
            raised = Contest.objects.create(
                rejection=rejection,
                handoff=handoff,
                criterion=criterion,
                argument=argument.strip(),
                raised_by=by,
                raised_at=at,
            )
            record(
                handoff,
                EventKind.CONTESTED,
                by=by,
                at=at,
                from_status=handoff.status,
                note=raised.argument,
            )
            notices.tell_of_contest(raised)
    except IntegrityError:
        raise TransitionRefused("This rejection was already contested.") from None
    return raised


def why_no_ruling(user: User, case: Contest) -> str:
    """Why `user` may not rule on this contest; empty when they may."""
    if case.ruling:
        return f"{case.ruled_by} has already ruled on this."
    if user == case.raised_by or user == case.rejection.actor:
        return "Neither side can rule on its own case."
    if not rights.leads_it(user, case.handoff):
        return "Only a manager of this handoff may rule."
    return ""


def rule(
    case: Contest, *, by: User, ruling: str, because: str, at: datetime | None = None
) -> Contest:
    """The manager decides; both sides are told. Final: the handoff's own status stays."""
    at = at or timezone.now()
    if sentence := why_no_ruling(by, case):
        raise TransitionRefused(sentence)
    if ruling not in Contest.Ruling.values:
        raise TransitionRefused("Choose whether the rejection stands.")
    if not is_sentence(because):
        raise TransitionRefused("Say in a sentence why, so that both sides can learn from it.")
    with transaction.atomic():
        changed = Contest.objects.filter(pk=case.pk, ruling="").update(
            ruling=ruling, because=because.strip(), ruled_by=by, ruled_at=at
        )
        if not changed:
            raise TransitionRefused("Somebody else has ruled on this meanwhile.")
        case.refresh_from_db()
        # A rejection that was wrong is none in the reports, which read the log
        overturned = ruling == Contest.Ruling.OVERTURNED
        record(
            case.handoff,
            EventKind.RULED,
            by=by,
            at=at,
            from_status=case.handoff.status,
            note=case.because,
            data={"ruling": ruling} | ({"counts": False} if overturned else {}),
        )
        notices.tell_of_ruling(case)
    return case


def why_no_talk(handoff: Handoff) -> str:
    """Why there is nothing to talk over; empty while both sides still should."""
    rejection = rejection_of(handoff)
    if handoff.status != Handoff.Status.REJECTED or rejection is None:
        return "Only a rejection is talked over."
    if handoff.told(EventKind.TALKED):
        return "You have talked this over already."
    return ""


def record_talk(
    handoff: Handoff, *, by: User, note: str, at: datetime | None = None
) -> HandoffEvent:
    """Both sides have talked a rejection over; `note` is what they do differently from now on."""
    at = at or timezone.now()
    if sentence := rights.why_not(by, rights.BOOK, handoff):
        raise TransitionRefused(sentence)
    if not is_sentence(note):
        raise TransitionRefused("Say in a sentence what you do differently from now on.")
    with transaction.atomic():
        Handoff.objects.select_for_update().get(pk=handoff.pk)  # one talk, however many click
        if sentence := why_no_talk(handoff):
            raise TransitionRefused(sentence)
        return record(
            handoff, EventKind.TALKED, by=by, at=at, from_status=handoff.status, note=note
        )


def to_talk_over(user: User, now: datetime) -> HandoffQuerySet:
    """Rejections of the last days that `user` gave or got, and nobody has talked over yet.

    Those that say something about the handoff: a duplicate needs no talk.
    """
    events = HandoffEvent.objects.filter(
        kind=EventKind.REJECTED, occurred_at__gte=now - TALK_WITHIN, occurred_at__lte=now
    )
    mine = events.filter(Q(actor=user) | Q(handoff__sdr=user), reason__counts=True)
    talked = HandoffEvent.objects.filter(handoff=OuterRef("pk"), kind=EventKind.TALKED)
    rows = Handoff.objects.visible_to(user).filter(
        pk__in=list(mine.values_list("handoff", flat=True))
    )
    found: HandoffQuerySet = rows.exclude(Exists(talked)).order_by("closed_at", "pk")
    return found


class Askable(NamedTuple):
    """Something of the package that an AE may have had to ask again."""

    section: str
    field: str
    label: str


def askable(handoff: Handoff) -> list[Askable]:
    """What can be ticked: the sections of the package, the qualification by criterion."""
    found: list[Askable] = []
    for section in SECTIONS:
        if section.key == "qualification":
            version = handoff.framework_version
            criteria = version.criteria.all() if version else []
            found += [Askable(section.key, row.code, row.name) for row in criteria]
        else:
            found.append(Askable(section.key, section.key, section.label))
    return found


def was_held(handoff: Handoff) -> bool:
    return any(m.status == Meeting.Status.HELD for m in handoff.meetings.all())


def record_asked_again(
    handoff: Handoff, *, by: User, fields: dict[str, str], at: datetime | None = None
) -> None:
    """What had to be asked again and why, once they met: {field: why}; replaces the list."""
    at = at or timezone.now()
    if sentence := rights.why_not(by, rights.WORK, handoff):
        raise TransitionRefused(sentence)
    if not was_held(handoff):
        raise TransitionRefused(NOT_HELD)
    known = {row.field: row.section for row in askable(handoff)}
    if not set(fields) <= set(known):
        raise TransitionRefused("This is not a part of the package.")
    if not set(fields.values()) <= set(AskedAgain.Why.values):
        raise TransitionRefused("Choose why it had to be asked again.")
    with transaction.atomic():
        handoff.asked_again.all().delete()
        AskedAgain.objects.bulk_create(
            AskedAgain(handoff=handoff, section=known[field], field=field, why=why, by=by, at=at)
            for field, why in fields.items()
        )
        Handoff.objects.filter(pk=handoff.pk).update(asked_again_at=at)
