"""What has to be done again after an older state of the database was put back.

A step reads from the database what must outlive it, before it goes, and does it again in the
restored one, before anybody works there. Everything that may not come back to life from a backup
gets a step here.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib.sessions.models import Session
from django.utils import timezone

from messaging import outbox
from privacy import people

HELD = "The database was put back from a backup: it may have left before."


class Step(NamedTuple):
    """One thing to be remembered and done again."""

    again: Callable[[Any], str]  # does it, in the restored database; the sentence of what it did
    remember: Callable[[], Any] = lambda: None  # reads the database that goes


def hold_prospect_mail(remembered: None) -> str:
    """No mail to a prospect may leave twice: what waited then may have left since."""
    held = outbox.hold_prospect_mail(HELD, now=timezone.now())
    return f"{held} messages to prospects wait for a person to decide."


def end_sessions(remembered: None) -> str:
    """Whoever was signed in then may have lost the right since."""
    ended, _ = Session.objects.all().delete()
    return f"{ended} sign-ins ended."


def erase_again(digests: list[str] | None) -> str:
    """Whoever asked to be forgotten since is in the backup, and nobody knows it but the old one."""
    added = people.take_erasures(digests or [])
    erased = people.erase_again(at=timezone.now())
    return f"{added} erasures taken over, {erased} people erased again."


STEPS: list[Step] = [
    Step(erase_again, lambda: list(people.erasures())),
    Step(hold_prospect_mail),
    Step(end_sessions),
]
