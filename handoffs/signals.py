"""The one signal of the house: a handoff moved. Its receivers stand in sla/receivers.py.

Sent inside the transaction of the move: a receiver that raises rolls the move back, because a
handoff without its clock is a broken promise.
"""

from django.dispatch import Signal

# provides args: event (handoffs.models.HandoffEvent)
event_recorded = Signal()
