"""The handoff itself: package, standard, event log and meetings."""

from handoffs.models.event import HandoffEvent, Reason
from handoffs.models.handoff import Handoff, LeadSource
from handoffs.models.meeting import Meeting
from handoffs.models.package import (
    Answer,
    CommitteeMember,
    Objection,
    Quote,
    Trigger,
)
from handoffs.models.standard import Criterion, Framework, FrameworkVersion, MustHave

__all__ = [
    "Answer",
    "CommitteeMember",
    "Criterion",
    "Framework",
    "FrameworkVersion",
    "Handoff",
    "HandoffEvent",
    "LeadSource",
    "Meeting",
    "MustHave",
    "Objection",
    "Quote",
    "Reason",
    "Trigger",
]
