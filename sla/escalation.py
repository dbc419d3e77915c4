"""What happens when a promise runs late: which step is next, and firing it once.

Whether somebody can be reached is looked at when the step fires. Each who cannot is a hop on
record and the next in line is asked, at last every admin: an alert never goes to nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.db import IntegrityError, transaction

from handoffs import lifecycle
from handoffs.notices import fields_of
from handoffs.refusal import TransitionRefused
from handoffs.routing import load_of
from messaging import outbox, texts
from messaging.models import Message
from sla import words
from sla.breaches import NO_BACKUP
from sla.ledger import Case, Coming
from sla.models import Clock, Escalation, EscalationStep
from sla.models.policy import OF_THE_OWNER
from sla.reach import LAST_RESORT, Asked, Crowd, first_reachable, in_line, person_of
from team.availability import stand_ins, unavailable_because
from team.models import User

logger = logging.getLogger(__name__)

Action = EscalationStep.Action
MOST_BACKUPS = 5  # asked before the manager owns it (quality, row 49)
NOBODY = "Nobody could be told"  # how such an outcome begins
TEXTS = {
    Action.REMIND: "sla_remind",
    Action.MANAGER: "sla_manager",
    Action.BACKUP: "sla_manager",
    Action.UPPER: "sla_upper",
    Action.CHANNEL: "sla_manager",
}


class Fired(NamedTuple):
    """What firing a step came to."""

    escalation: Escalation
    reassigned: bool


def next_step(case: Case, clock: Clock, crowd: Crowd) -> Coming | None:
    """The step to fire now, if any: what is due first; the backup step when its owner is away."""
    coming = case.coming[clock.kind, clock.cycle]
    person = person_of(case.handoff, clock)
    if person is not None and crowd.away(person):
        for one in coming:
            if one.step.action == Action.BACKUP:
                return one._replace(at=min(one.at, crowd.now))
    return next((one for one in coming if one.at <= crowd.now), None)


def fire(case: Case, clock: Clock, coming: Coming, crowd: Crowd) -> Fired | None:
    """Fire a step of a clock; None if it has fired before, whoever fired it.

    The row comes first and its unique constraint is the lock. Row, messages and reassignment
    belong to one transaction, which is the caller's.
    """
    step, now = coming.step, crowd.now
    try:
        with transaction.atomic():
            escalation = Escalation.objects.create(
                clock=clock,
                step=step,
                cycle=clock.cycle,
                due_at=coming.at,
                fired_at=now,
                action=step.action,
            )
    except IntegrityError:
        return None
    to = None
    if step.action == Action.BACKUP and clock.kind in OF_THE_OWNER:
        to, hops = _hand_over(case, clock, step, crowd)
        if to is not None:
            told, escalation.outcome = [to], f"Reassigned to {to.user}."
            _tell(escalation, case, clock, to, "sla_backup", now)
        else:
            told, more = _alert(escalation, case, clock, crowd)
            hops += more
            who = f"{_names(told)} told" if told else NOBODY.lower()
            escalation.outcome = f"{NO_BACKUP}; {who}."
    elif step.action == Action.CHANNEL and _post(escalation, case, clock, now):
        told, hops, escalation.outcome = [], [], f"Posted to {step.channel}."
    else:
        told, hops = _alert(escalation, case, clock, crowd)
        escalation.outcome = f"{_names(told)} told." if told else f"{NOBODY}."
        if step.action == Action.CHANNEL:
            escalation.outcome = f"The channel is off; {escalation.outcome}"
    if not told and not escalation.outcome.startswith("Posted"):
        logger.error("%s: %s There is no active admin.", escalation, escalation.outcome)
    escalation.hops = [hop.as_data() for hop in hops]
    escalation.outcome = escalation.outcome[:300]
    escalation.save(update_fields=["hops", "outcome"])
    escalation.told.set([asked.user for asked in told])
    return Fired(escalation, to is not None)


def _alert(
    escalation: Escalation, case: Case, clock: Clock, crowd: Crowd
) -> tuple[list[Asked], list[Asked]]:
    """Tell the first in line who can be told; whom, and everybody who was tried."""
    handoff = case.handoff
    person = person_of(handoff, clock)
    line = in_line(escalation.action, person, handoff, crowd)
    told, tried = first_reachable(line, crowd)
    for asked in told:
        text = TEXTS[Action(escalation.action)]
        if asked.because == LAST_RESORT:
            text = "sla_last_resort"
        elif text == "sla_remind" and asked.user != person:
            text = "sla_manager"
        passed = [hop for hop in tried if hop.verdict]
        _tell(escalation, case, clock, asked, text, crowd.now, passed)
    return told, tried


def _hand_over(
    case: Case, clock: Clock, step: EscalationStep, crowd: Crowd
) -> tuple[Asked | None, list[Asked]]:
    """Reassign to the first backup who can take it; who that is, and everybody asked.

    Whoever has had this handoff is not asked again, so it never goes round in a circle.
    """
    handoff, now = case.handoff, crowd.now
    had_it = case.owners()
    if handoff.owner is None:
        why = f"{step.when_text} of “{clock.get_kind_display()}” nobody had it."
    elif away := crowd.away(handoff.owner):
        why = f"{handoff.owner} is {away}."
    else:
        why = f"{handoff.owner} has not acted in time ({clock.get_kind_display().lower()})."
    asked: list[Asked] = []
    for hop in islice(stand_ins(handoff.owner, handoff.territory, now), MOST_BACKUPS):
        user = hop.user
        verdict = hop.verdict
        if user.pk == handoff.sdr_id:
            verdict = "wrote this handoff"
        elif user.pk in had_it:
            verdict = "has had it before"
        elif not user.is_ae:
            verdict = "is not an AE"
        verdict = verdict or unavailable_because(user, now, load_of(user))
        if not verdict:
            try:
                with transaction.atomic():
                    lifecycle.reassign(handoff, to=user, why=why, by=None, at=now)
            except TransitionRefused as refusal:
                verdict = str(refusal)
        asked.append(Asked(user, hop.because, verdict))
        if not verdict:
            return asked[-1], asked
    return None, asked


def _post(escalation: Escalation, case: Case, clock: Clock, now: datetime) -> bool:
    """Post to the step's channel; False if there is none that is on."""
    channel = escalation.step.channel
    if channel is None or not channel.is_enabled:
        return False
    reader = case.handoff.owner or case.handoff.sdr
    subject, body = texts.render("sla_channel", _fields(escalation, case, clock, reader, now))
    outbox.post(
        event_key=f"escalation:{escalation.pk}",
        medium=Message.Medium.SLACK,
        recipient=channel.name,
        kind="sla_channel",
        subject=subject,
        body=body,
        about=f"handoff:{case.handoff.pk}",
        now=now,
    )
    return True


def _tell(
    escalation: Escalation,
    case: Case,
    clock: Clock,
    asked: Asked,
    text: str,
    now: datetime,
    passed: Sequence[Asked] = (),
) -> None:
    """Put the message to one person into the outbox."""
    reason = "; ".join([asked.because, *(f"{hop.user} {hop.verdict}" for hop in passed)])
    fields = _fields(escalation, case, clock, asked.user, now)
    outbox.tell(
        asked.user,
        event_key=f"escalation:{escalation.pk}",
        text=text,
        fields=fields | {"reason": reason},
        escalation=True,
        about=f"handoff:{case.handoff.pk}",
        now=now,
    )


def _fields(
    escalation: Escalation, case: Case, clock: Clock, reader: User, now: datetime
) -> dict[str, str]:
    """What a text may name, with times as `reader` reads them."""
    left = clock.left_at(now)
    return fields_of(case.handoff) | {
        "due": words.instant(clock.due_at, reader.zone) if clock.due_at else "",
        "promise": clock.get_kind_display(),
        "step": escalation.step.when_text,
        "time_left": words.span(left) if left >= timedelta() else "",
        "late_by": words.span(-left) if left < timedelta() else "",
    }


def _names(told: Sequence[Asked]) -> str:
    names = ", ".join(str(asked.user) for asked in told[:5])
    return f"{names} and {len(told) - 5} more" if len(told) > 5 else names
