"""The handoff itself: package, standard, event log and meetings."""

from handoffs.models.calibration import CalibrationCase, CalibrationRound, CalibrationScore
from handoffs.models.event import HandoffEvent, Reason
from handoffs.models.feedback import AskedAgain, Contest
from handoffs.models.handoff import Handoff, LeadSource
from handoffs.models.letter import Letter
from handoffs.models.meeting import Meeting
from handoffs.models.package import (
    Answer,
    CommitteeMember,
    Objection,
    Quote,
    Trigger,
)
from handoffs.models.preparation import CaseStudy, CompetitorNote, Preparation
from handoffs.models.rule import LeadSourceRule
from handoffs.models.speed import ShowRecord, SpeedCurve
from handoffs.models.standard import Criterion, Framework, FrameworkVersion, MustHave

__all__ = [
    "Answer",
    "AskedAgain",
    "CalibrationCase",
    "CalibrationRound",
    "CalibrationScore",
    "CaseStudy",
    "CommitteeMember",
    "CompetitorNote",
    "Contest",
    "Criterion",
    "Framework",
    "FrameworkVersion",
    "Handoff",
    "HandoffEvent",
    "LeadSource",
    "LeadSourceRule",
    "Letter",
    "Meeting",
    "MustHave",
    "Objection",
    "Preparation",
    "Quote",
    "Reason",
    "ShowRecord",
    "SpeedCurve",
    "Trigger",
]
