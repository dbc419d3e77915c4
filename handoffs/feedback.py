"""Contested rejections and their rulings, and what the AE had to ask again after the call."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from handoffs import notices, rights
from handoffs.models import AskedAgain, Contest, Criterion, Handoff, HandoffEvent
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from handoffs.wording import is_sentence
from team.business_time import BusinessHours
from team.models import User

DAYS_TO_CONTEST = 2  # working days of the handoff's territory


def rejection_of(handoff: Handoff) -> HandoffEvent | None:
    return handoff.events.filter(kind=EventKind.REJECTED).select_related("actor", "reason").first()


def contest_until(rejection: HandoffEvent) -> datetime | None:
    """Until when the SDR may contest: two working days of the territory's own hours."""
    territory = rejection.handoff.territory
    hours = (
        territory.calendar.current_version().hours()
        if territory
        else BusinessHours.around_the_clock()
    )
    at: datetime | None = rejection.occurred_at
    for _ in range(DAYS_TO_CONTEST):
        # One working day is as long as the hours that are open within 24 hours of opening.
        opening = hours.next_opening(at) if at else None
        if opening is None:
            return None
        day = hours.elapsed(opening, opening + timedelta(days=1))
        at = hours.add(opening, day)
    return at


def why_no_contest(user: User, handoff: Handoff, now: datetime) -> str:
    """Why `user` may not contest the rejection of `handoff` now; empty when they may."""
    rejection = rejection_of(handoff)
    if handoff.status != Handoff.Status.REJECTED or rejection is None:
        return "Only a rejected handoff can be contested."
    if sentence := rights.why_not(user, rights.EDIT, handoff):
        return sentence
    if Contest.objects.filter(rejection=rejection).exists():
        return "This rejection was already contested."
    until = contest_until(rejection)
    if until is not None and now > until:
        return "A rejection can be contested within two working days."
    return ""


def contest(
    handoff: Handoff,
    *,
    by: User,
    argument: str,
    at: datetime,
    criterion: Criterion | None = None,
) -> Contest:
    """The SDR disagrees: once, in time, with an argument. The manager is told."""
    if sentence := why_no_contest(by, handoff, at):
        raise TransitionRefused(sentence)
    if not is_sentence(argument):
        raise TransitionRefused("Say in a sentence what the rejection overlooks.")
    rejection = rejection_of(handoff)
    assert rejection is not None  # noqa: S101  why_no_contest has looked
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
            notices.tell_of_contest(raised)
    except IntegrityError:
        raise TransitionRefused("This rejection was already contested.") from None
    return raised


def why_no_ruling(user: User, case: Contest) -> str:
    if case.ruling:
        return f"{case.ruled_by} has already ruled on this."
    if user == case.raised_by or user == case.rejection.actor:
        return "Neither side can rule on its own case."
    if not rights.leads_it(user, case.handoff):
        return "Only a manager of this handoff may rule."
    return ""


def rule(case: Contest, *, by: User, ruling: str, because: str, at: datetime) -> Contest:
    """The manager decides; both sides are told. Final: the handoff's own status stays."""
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
        notices.tell_of_ruling(case)
    return case


def record_asked_again(
    handoff: Handoff, *, by: User, fields: dict[str, tuple[str, str]], at: datetime
) -> None:
    """What had to be asked again and why, by field: {field: (section, why)}; replaces the list."""
    if sentence := rights.why_not(by, rights.WORK, handoff):
        raise TransitionRefused(sentence)
    unknown = [why for _, why in fields.values() if why not in AskedAgain.Why.values]
    if unknown:
        raise TransitionRefused("Choose why it had to be asked again.")
    with transaction.atomic():
        handoff.asked_again.all().delete()
        AskedAgain.objects.bulk_create(
            AskedAgain(handoff=handoff, section=section, field=field, why=why, by=by, at=at)
            for field, (section, why) in fields.items()
        )
