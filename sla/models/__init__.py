"""Promises about handoffs: policies and their steps, running clocks, what was done, breaches."""

from sla.models.clock import Clock, Spans
from sla.models.late import Breach, Escalation, Heartbeat
from sla.models.policy import (
    MOST_MINUTES,
    ClockKind,
    EscalationStep,
    Policy,
    PolicyVersion,
    Target,
)

__all__ = [
    "MOST_MINUTES",
    "Breach",
    "Clock",
    "ClockKind",
    "Escalation",
    "EscalationStep",
    "Heartbeat",
    "Policy",
    "PolicyVersion",
    "Spans",
    "Target",
]
