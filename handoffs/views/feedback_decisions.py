"""The decisions that teach both teams: what was asked again, a contest, its ruling."""

from datetime import datetime
from typing import Any

from handoffs import feedback, rights
from handoffs import feedback_forms as forms
from handoffs.models import Contest, Handoff
from handoffs.refusal import TransitionRefused
from handoffs.views.decision import Decision, Status


def _rule(handoff: Handoff, **values: Any) -> Contest:
    case = feedback.open_contest(handoff)
    if case is None:
        raise TransitionRefused("No contest waits for a ruling here.")
    return feedback.rule(case, **values)


def _no_contest_now(handoff: Handoff, now: datetime) -> str:
    return feedback.why_too_late(handoff, now)


def _nothing_to_rule(handoff: Handoff, now: datetime) -> str:
    open_case = feedback.open_contest(handoff)
    return "" if open_case else "No contest waits for a ruling here."


def _no_talk(handoff: Handoff, now: datetime) -> str:
    return feedback.why_no_talk(handoff)


def _not_met(handoff: Handoff, now: datetime) -> str:
    return "" if feedback.was_held(handoff) else feedback.NOT_HELD


FEEDBACK = [
    Decision(
        "asked_again",
        "Note what was asked again",
        "What did you have to ask again?",
        rights.WORK,
        (Status.ACCEPTED, Status.QUALIFIED, Status.DISQUALIFIED),
        feedback.record_asked_again,
        "Thank you. The SDR sees it beside the package.",
        form=forms.AskedAgainForm,
        intro="Only what the SDR had heard, or should have. Leave the rest as it is; nothing at "
        "all is a good answer too.",
        icon="hearing",
        why_not_now=_not_met,
    ),
    Decision(
        "contest",
        "Contest the rejection",
        "Contest the rejection",
        rights.EDIT,
        (Status.REJECTED,),
        feedback.contest,
        "The manager has it now. Both of you hear how they rule.",
        form=forms.ContestForm,
        intro="Once, and within two working days. The manager reads the package, the rejection "
        "and what you write here.",
        icon="gavel",
        why_not_now=_no_contest_now,
    ),
    Decision(
        "rule",
        "Rule on it",
        "Does the rejection stand?",
        rights.LEAD,
        (Status.REJECTED,),
        _rule,
        "Ruled. Both sides are told.",
        form=forms.RulingForm,
        intro="The ruling is final. The handoff itself stays closed: if it was wrong, the SDR "
        "hands it over anew.",
        icon="gavel",
        style="btn-primary",
        why_not_now=_nothing_to_rule,
    ),
    Decision(
        "talk",
        "We have talked",
        "What do you do differently?",
        rights.BOOK,
        (Status.REJECTED,),
        feedback.record_talk,
        "Noted, for both of you.",
        form=forms.TalkForm,
        intro="Ten minutes between the SDR and the AE, about this one rejection. Keep one thing "
        "that each side does differently; both see it in the history.",
        icon="forum",
        why_not_now=_no_talk,
    ),
]
