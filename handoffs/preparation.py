"""The fifteen-minute checklist: what is still open on it; the library is `handoffs.library`."""

from datetime import datetime
from typing import Any

from django.db import transaction

from handoffs import lifecycle, rights
from handoffs.models import Handoff, Preparation
from handoffs.refusal import TransitionRefused
from handoffs.wording import is_sentence
from team.models import User

FEWEST_OBJECTIONS, MOST_OBJECTIONS = 2, 3


def open_points(handoff: Handoff, preparation: Preparation) -> list[str]:
    """What still has to be done before it counts as finished (source article, step 5)."""
    points = []
    if not preparation.read_package:
        points.append("Read the package.")
    if competitors_of(handoff) and not preparation.competitors_done:
        points.append(f"Look up {', '.join(competitors_of(handoff))}.")
    if not (preparation.case_study_id or is_sentence(preparation.case_study_other)):
        points.append("Pick a case study, or say why none fits.")
    written = [row for row in preparation.objections if is_sentence(str(row.get("said", "")))]
    if len(written) < FEWEST_OBJECTIONS:
        points.append("Write down two or three objections they are likely to raise.")
    elif not all(is_sentence(str(row.get("answer", ""))) for row in written):
        points.append("Write down how you will answer each objection.")
    return points


def competitors_of(handoff: Handoff) -> list[str]:
    """The competitors that were named, each once."""
    names = handoff.objections.exclude(competitor="").values_list("competitor", flat=True)
    return list({name.strip().casefold(): name.strip() for name in names if name.strip()}.values())


def save(handoff: Handoff, *, by: User, at: datetime, **points: Any) -> Preparation:
    """Tick and write; opens the preparation on first use. Raises TransitionRefused."""
    if sentence := rights.why_not(by, rights.WORK, handoff):
        raise TransitionRefused(sentence)
    if handoff.status != Handoff.Status.ACCEPTED:
        raise TransitionRefused("The preparation opens when the handoff has been accepted.")
    with transaction.atomic():
        if handoff.prep_started_at is None:
            handoff = lifecycle.start_preparation(handoff, by=by, at=at)
        preparation, _ = Preparation.objects.get_or_create(handoff=handoff)
        for name, value in points.items():
            setattr(preparation, name, value)
        preparation.objections = preparation.objections[:MOST_OBJECTIONS]
        preparation.full_clean(exclude=["handoff"])
        preparation.save()
    return preparation


def finish(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Finish it; refused with what is still open."""
    preparation = Preparation.objects.filter(handoff=handoff).first() or Preparation()
    if points := open_points(handoff, preparation):
        raise TransitionRefused(" ".join(["Not yet:", *points]))
    return lifecycle.finish_preparation(
        handoff,
        by=by,
        at=at,
        objections=preparation.objections,
        case_study=str(preparation.case_study or preparation.case_study_other),
    )
