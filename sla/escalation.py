"""What happens when a promise runs late: which step is next, and firing it once.

Whether somebody can be reached is looked at when the step fires. Each who cannot is a hop on
record and the next in line is asked, at last every admin: an alert never goes to nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from handoffs import lifecycle
from handoffs.models import Handoff
from handoffs.notices import fields_of
from handoffs.refusal import TransitionRefused
from handoffs.routing import unfit
from messaging import outbox
from sla import words
from sla.breaches import NO_BACKUP
from sla.ledger import Case, Coming
from sla.models import Clock, ClockKind, Escalation, EscalationStep
from sla.models.policy import OF_THE_OWNER
from sla.reach import LAST_RESORT, Asked, Crowd, first_reachable, in_line, person_of
from team.availability import stand_ins
from team.models import User

logger = logging.getLogger(__name__)

Action = EscalationStep.Action
MOST_BACKUPS = 5  # asked before the manager owns it
# What is told so late that many may be: it waits until the pass is over, so that it can leave as
# one mail for each reader (messaging.digests)
LONG_AGO = timedelta(minutes=15)
GATHER = timedelta(seconds=45)
NOBODY = "Nobody could be told"  # how such an outcome begins
TEXTS = {
    Action.REMIND: "sla_remind",
    Action.MANAGER: "sla_manager",
    Action.BACKUP: "sla_manager",
    Action.UPPER: "sla_upper",
    Action.CHANNEL: "sla_manager",
}


@dataclass
class Alert:
    """What a step comes to: its record, whom it tells and the letters that say so."""

    record: Escalation
    told: list[Asked] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    reassigned: bool = False


class Letter(NamedTuple):
    """One text to a person, or to the channel of that name."""

    to: User | str
    text: str
    fields: dict[str, str]


def next_step(case: Case, clock: Clock, crowd: Crowd) -> Coming | None:
    """The step to fire now, if any: what is due first; the backup step when its owner is away."""
    coming = case.coming[clock.kind, clock.cycle]
    person = person_of(case.handoff, clock)
    if person is not None and crowd.away(person):
        for one in coming:
            if one.step.action == Action.BACKUP:
                return one._replace(at=min(one.at, crowd.now))
    return next((one for one in coming if one.at <= crowd.now), None)


def fire(case: Case, clock: Clock, coming: Coming, crowd: Crowd) -> Alert | None:
    """Fire a step of a clock; None if it has fired before, whoever fired it.

    The row comes first and its unique constraint is the lock. Row, messages and reassignment
    belong to one transaction, which is the caller's.
    """
    record = _record(clock, coming, crowd)
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        return None
    if hands_over(coming.step, clock):
        alert = _hand_over(record, case, clock, crowd)
    else:
        alert = _alert(record, case, clock, crowd)
    record.save(update_fields=["hops", "outcome"])
    _write([alert], crowd)
    return alert


def hands_over(step: EscalationStep, clock: Clock) -> bool:
    """Whether the step is to give the handoff to somebody else."""
    return step.action == Action.BACKUP and clock.kind in OF_THE_OWNER


def prepare(case: Case, clock: Clock, coming: Coming, crowd: Crowd) -> Alert:
    """What a step that hands nothing over comes to; for `write`, which fires it with others."""
    return _alert(_record(clock, coming, crowd), case, clock, crowd)


def write(alerts: Sequence[Alert], crowd: Crowd) -> None:
    """Fire prepared steps together; IntegrityError if any of them has fired before."""
    Escalation.objects.bulk_create([alert.record for alert in alerts])
    _write(alerts, crowd)


def _write(alerts: Sequence[Alert], crowd: Crowd) -> None:
    """Record whom each told, and put its letters into the outbox."""
    through = Escalation.told.through
    through.objects.bulk_create(
        through(escalation_id=alert.record.pk, user_id=asked.user.pk)
        for alert in alerts
        for asked in alert.told
    )
    sack = outbox.Sack(crowd.now)
    for alert in alerts:
        key = f"escalation:{alert.record.pk}"
        about = f"handoff:{alert.record.clock.handoff_id}"
        is_catching_up = crowd.now - alert.record.due_at > LONG_AGO
        leave_at = crowd.now + GATHER if is_catching_up else None
        for to, text, fields in alert.letters:
            says: Any = {"event_key": key, "text": text, "fields": fields, "about": about}
            if isinstance(to, User):
                sack.tell(to, escalation=True, leave_at=leave_at, **says)
            else:
                sack.post(to, leave_at=leave_at, **says)
    sack.drop()


def _record(clock: Clock, coming: Coming, crowd: Crowd) -> Escalation:
    return Escalation(
        clock=clock,
        step=coming.step,
        cycle=clock.cycle,
        due_at=coming.at,
        fired_at=crowd.now,
        action=coming.step.action,
    )


def _alert(record: Escalation, case: Case, clock: Clock, crowd: Crowd) -> Alert:
    """Tell a channel, or the first in line who can be told."""
    alert = Alert(record)
    if record.action != Action.CHANNEL:
        record.outcome = _alert_people(alert, case, clock, crowd)
    elif (channel := record.step.channel) is not None and channel.is_enabled:
        record.outcome = f"Posted to {channel}."
        reader = case.handoff.owner or case.handoff.sdr
        fields = _fields(record, case, clock, reader, crowd.now)
        alert.letters.append(Letter(channel.name, "sla_channel", fields))
    else:
        record.outcome = f"The channel is off; {_alert_people(alert, case, clock, crowd)}"
    return alert


def _alert_people(alert: Alert, case: Case, clock: Clock, crowd: Crowd) -> str:
    """Tell the first in line who can be told, at last every admin; in words, who that was."""
    handoff, action = case.handoff, Action(alert.record.action)
    person = person_of(handoff, clock)
    told, tried = first_reachable(in_line(action, person, handoff, crowd), crowd)
    passed = [hop for hop in tried if hop.verdict]
    for asked in told:
        text = TEXTS[action]
        if asked.because == LAST_RESORT:
            text = "sla_last_resort"
        elif text == "sla_remind" and asked.user != person:
            text = "sla_manager"
        alert.letters.append(_letter(alert, case, clock, asked, text, crowd.now, passed))
    alert.told += told
    alert.record.hops += [hop.as_data() for hop in tried]
    if not told:
        logger.error("%s: there is no active admin to tell.", alert.record)
        return f"{NOBODY}."
    return f"{_names(told)} told."[:250]


def _hand_over(record: Escalation, case: Case, clock: Clock, crowd: Crowd) -> Alert:
    """Reassign to the first backup who can take it; else the manager owns it.

    Whoever has had this handoff is not asked again, so it never goes round in a circle.
    """
    handoff, now = case.handoff, crowd.now
    alert = Alert(record)
    at = max(now, handoff.updated_at)  # later than now after a clock was set back
    had_it = case.owners()
    why = _why(handoff, clock, crowd)
    for hop in islice(stand_ins(handoff.owner, handoff.territory, now), MOST_BACKUPS):
        verdict = hop.verdict or _unfit(hop.user, handoff, had_it, now)
        if not verdict:
            try:
                with transaction.atomic():
                    lifecycle.reassign(handoff, to=hop.user, why=why, by=None, at=at)
            except TransitionRefused as refusal:
                verdict = str(refusal)
        asked = Asked(hop.user, hop.because, verdict)
        record.hops.append(asked.as_data())
        if not verdict:
            record.outcome = f"Reassigned to {hop.user}."
            alert.told.append(asked)
            alert.letters.append(_letter(alert, case, clock, asked, "sla_backup", now))
            alert.reassigned = True
            return alert
    record.outcome = f"{NO_BACKUP}; {_alert_people(alert, case, clock, crowd)}"
    return alert


def _why(handoff: Handoff, clock: Clock, crowd: Crowd) -> str:
    if handoff.owner is None:
        return "Nobody had it."
    if away := crowd.away(handoff.owner):
        return f"{handoff.owner} is {away}."
    return f"{handoff.owner} {_NOT_DONE[ClockKind(clock.kind)]} in time."


_NOT_DONE = {
    ClockKind.ACCEPT: "has not accepted",
    ClockKind.FIRST_CONTACT: "has not contacted the prospect",
    ClockKind.CONFIRMATION: "has not had the meeting confirmed to the prospect",
    ClockKind.DISPOSITION: "has not said how the call went",
    ClockKind.ANSWER: "has had no answer from the SDR",
}


def _unfit(user: User, handoff: Handoff, had_it: set[int], now: datetime) -> str:
    """Why a backup who is there cannot take it all the same; empty when they can."""
    return "has had it before" if user.pk in had_it else unfit(user, handoff, now)


def _letter(
    alert: Alert,
    case: Case,
    clock: Clock,
    asked: Asked,
    text: str,
    now: datetime,
    passed: Sequence[Asked] = (),
) -> Letter:
    reason = "; ".join([asked.because, *(f"{hop.user} {hop.verdict}" for hop in passed)])
    fields = _fields(alert.record, case, clock, asked.user, now) | {"reason": reason}
    return Letter(asked.user, text, fields)


def _fields(
    record: Escalation, case: Case, clock: Clock, reader: User, now: datetime
) -> dict[str, str]:
    """What a text may name, with times as `reader` reads them."""
    left = clock.left_at(now)
    return fields_of(case.handoff) | {
        "due": words.instant(clock.due_at, reader.zone) if clock.due_at else "",
        "promise": ClockKind(clock.kind).label,  # read once; the choices are read each time
        "step": record.step.when_text,
        "time_left": words.span(left) if left >= timedelta() else "",
        "late_by": words.span(-left) if left < timedelta() else "",
    }


def _names(told: Sequence[Asked]) -> str:
    names = ", ".join(str(asked.user) for asked in told[:5])
    return f"{names} and {len(told) - 5} more" if len(told) > 5 else names
