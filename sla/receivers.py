"""Hangs the clocks on the bell of the house, and has the sweep look when somebody drops out."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.utils import timezone

from handoffs.models import HandoffEvent
from handoffs.signals import event_recorded
from sla import clocks
from team.models import Absence, User


def connect() -> None:
    """Connect each receiver once."""
    event_recorded.connect(on_event, dispatch_uid="sla.clocks.apply")
    post_save.connect(on_absence, sender=Absence, dispatch_uid="sla.clocks.absence")
    post_save.connect(on_user, sender=User, dispatch_uid="sla.clocks.user")


def on_event(event: HandoffEvent, **kwargs: Any) -> None:
    """A handoff moved: its clocks move in the same transaction, or it does not move at all."""
    clocks.apply(event)


def on_absence(instance: Absence, raw: bool = False, **kwargs: Any) -> None:
    """Somebody is or will be away: what they hold goes to a backup when it begins."""
    now = timezone.now()
    if not raw and instance.ends_at > now:
        clocks.look_at(instance.user_id, max(instance.starts_at, now))


def on_user(instance: User, raw: bool = False, created: bool = False, **kwargs: Any) -> None:
    """Somebody was deactivated: what they hold goes to a backup now."""
    if not raw and not created and not instance.is_active:
        clocks.look_at(instance.pk, timezone.now())
