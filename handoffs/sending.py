"""Editing and sending the letters to the prospect: the doors call these two verbs."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from handoffs import lifecycle, rights
from handoffs.completeness import gaps
from handoffs.invitation import REQUEST
from handoffs.letters import post
from handoffs.models import Handoff, Letter
from handoffs.refusal import TransitionRefused
from team.models import User

Kind = Letter.Kind


def edit(letter: Letter, *, by: User, subject: str, body: str, version: int) -> Letter:
    """Save somebody's wording; refused when somebody else saved meanwhile."""
    _may_write(letter, by)
    letter.subject, letter.body = subject, body
    letter.full_clean(exclude=["handoff", "meeting"])
    changed = Letter.objects.filter(pk=letter.pk, version=version, sent_at__isnull=True).update(
        subject=letter.subject, body=letter.body, version=version + 1
    )
    if not changed:
        raise TransitionRefused("Somebody else changed or sent this e-mail meanwhile. Look again.")
    letter.refresh_from_db()
    return letter


def send(letter: Letter, *, by: User, at: datetime | None = None) -> Letter:
    """Send it to the prospect with the colleague in copy, exactly once.

    Blocked until the package is complete. Sending the prep e-mail is the AE's first contact.
    """
    at = at or timezone.now()
    # As it stands now, not as it stood when the letter was drafted.
    letter.handoff = handoff = Handoff.objects.select_related(
        "sdr", "owner", "contact", "account", "territory"
    ).get(pk=letter.handoff_id)
    _may_write(letter, by)
    if not handoff.is_open:
        raise TransitionRefused("This handoff is closed: there is nothing to send any more.")
    if handoff.status == Handoff.Status.DRAFT or gaps(handoff, now=at):
        raise TransitionRefused(
            "The package is not complete, so the prospect is not written to yet."
        )
    if handoff.status != Handoff.Status.ACCEPTED or handoff.owner is None:
        raise TransitionRefused("An AE has to accept first: the e-mail introduces them by name.")
    with transaction.atomic():
        sent = Letter.objects.filter(pk=letter.pk, sent_at__isnull=True).update(
            sent_at=at, sent_by=by
        )
        if not sent:
            raise TransitionRefused("This e-mail was already sent.")
        letter.sent_at, letter.sent_by = at, by
        meeting = handoff.coming_meeting()
        post(letter, sender=by, meeting=meeting, method=REQUEST, at=at)
        if letter.kind == Kind.PREP:
            lifecycle.record_contact(
                handoff, by=by, channel="email", at=at, note=f"Prep e-mail: {letter.subject}"
            )
    return letter


def _may_write(letter: Letter, by: User) -> None:
    handoff = letter.handoff
    right = rights.WORK if letter.kind == Kind.PREP else rights.BOOK
    if sentence := rights.why_not(by, right, handoff):
        raise TransitionRefused(sentence)
