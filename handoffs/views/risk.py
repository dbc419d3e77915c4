"""The no-show risk of a coming meeting on the brief, with a way out for each of its points."""

from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from handoffs.models import Handoff, HandoffEvent, Meeting
from handoffs.models.event import EventKind
from handoffs.no_show import FEWEST, Factor, Risk, risk_of
from handoffs.views.decision import Decision

COMING = (Meeting.Status.TENTATIVE, Meeting.Status.CONFIRMED)


class RiskCard(NamedTuple):
    """The risk, and beside each factor an address (empty: none here) and whether it is a dialog."""

    risk: Risk
    ways: list[tuple[Factor, str, bool]]

    @property
    def foretold(self) -> int:
        return round(100 * self.risk.band.foretold)

    @property
    def fewest(self) -> int:
        return FEWEST

    @property
    def observed(self) -> int | None:
        share = self.risk.observed
        return None if share is None else round(100 * share)


def card_of(
    handoff: Handoff,
    meeting: Meeting | None,
    events: list[HandoffEvent],
    offered: dict[str, Decision],
    *,
    sees_people: bool,
    now: datetime,
) -> RiskCard | None:
    """None where no meeting is coming. Links only to what this reader may do now."""
    if meeting is None or meeting.status not in COMING or meeting.starts_at <= now:
        return None
    introduced = any(event.kind == EventKind.INTRODUCED for event in events)
    risk = risk_of(meeting, handoff, introduced, now)
    ways = []
    for factor in risk.factors:
        url = ""
        if factor.way in offered:
            url = reverse(offered[factor.way].url_name, args=[handoff.pk])
        elif factor.way == "introduction" and handoff.accepted_at and sees_people:
            url = reverse("handoff_introduction", args=[handoff.pk])
        elif factor.way == "contact" and handoff.contact_id and sees_people:
            url = reverse("admin:accounts_contact_change", args=[handoff.contact_id])
        ways.append((factor, url, factor.way in offered))
    return RiskCard(risk, ways)
