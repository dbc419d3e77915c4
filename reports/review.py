"""The joint monthly review: notes and actions while open, two signatures, what changed since.

The first signature freezes the figures, so that both sides sign the same ones; the rows and a hash
of everything signed are kept. Figures that come out otherwise later are listed as restatements.
"""

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from handoffs.wording import is_sentence
from reports import board, facts, metrics
from reports.models import Review, ReviewAction, ReviewRow
from reports.models.review import FROZEN
from reports.periods import Period, month
from reports.scope import Scope
from team.models import Role, User
from team.zones import zone_named

EVERYBODY = Scope()
FARTHEST = timedelta(days=366)


class Restatement(NamedTuple):
    """A signed figure that comes out otherwise now; `why` says whether that was to be expected."""

    name: str
    signed: str
    now: str
    why: str


def period_of(text: str) -> Period:
    """The month of a review, in the site's own zone, for all teams. ValueError if it is none."""
    return month(text, zone_named(settings.TIME_ZONE))


def open_review(text: str) -> Review:
    """The review of this month; a new one, not saved, where nobody has written in it yet."""
    period_of(text)
    found = (
        Review.objects.select_related("signed_by_sdr_leader", "signed_by_ae_leader")
        .filter(month=text)
        .first()
    )
    return found or Review(month=text, time_zone=settings.TIME_ZONE)


def may_write(user: User) -> bool:
    """Managers and RevOps write in a review; everybody with a role may read it."""
    return user.is_active and (user.is_manager or user.is_revops or user.is_superuser)


def note(review: Review, *, by: User, text: str, version: int) -> Review:
    """Replace the notes. ValidationError in words if it is signed, or somebody wrote meanwhile."""
    _check_writer(by)
    with transaction.atomic():
        review = _kept(review)
        changed = Review.objects.filter(pk=review.pk, version=version, frozen_at=None)
        candidate = Review(month=review.month, time_zone=review.time_zone, notes=text.strip())
        candidate.clean_fields(exclude=["month", "time_zone"])
        if not changed.update(notes=candidate.notes, version=F("version") + 1):
            review.refresh_from_db()
            if review.is_frozen:
                raise ValidationError(FROZEN)
            raise ValidationError(
                "Somebody wrote notes meanwhile. Copy yours, reload the page and add them."
            )
        review.refresh_from_db()
    return review


def act(
    review: Review, *, by: User, what: str, owner: User | None, due: date, at: datetime
) -> None:
    """Agree on something to do. ValidationError in words if it says too little."""
    _check_writer(by)
    if not is_sentence(what):
        raise ValidationError({"what": "Say in a sentence what will be done."})
    if owner is None or not owner.is_active:
        raise ValidationError({"owner": "Choose who will do it."})
    if not at.date() <= due <= at.date() + FARTHEST:
        raise ValidationError({"due_on": "Choose a day from today on, within a year."})
    with transaction.atomic():
        review = _kept(review, locked=True)
        if review.is_frozen:
            raise ValidationError(FROZEN)
        action = ReviewAction(
            review=review,
            what=what.strip(),
            owner=owner,
            due_on=due,
            created_by=by,
            created_at=at,
        )
        action.full_clean()
        action.save()


def finish(action: ReviewAction, *, by: User, at: datetime) -> None:
    """Mark an action as done, by its owner or a manager."""
    if by != action.owner and not may_write(by):
        raise ValidationError(f"Only {action.owner} or a manager can say that this is done.")
    if not ReviewAction.objects.filter(pk=action.pk, done_at=None).update(done_at=at, done_by=by):
        raise ValidationError("This was already marked as done.")


def why_not_sign(review: Review, user: User, side: Role, now: datetime) -> str:
    """Why `user` may not sign for `side`; empty when they may."""
    signed = {Role.SDR: review.signed_by_sdr_leader, Role.AE: review.signed_by_ae_leader}
    other = signed[Role.AE if side == Role.SDR else Role.SDR]
    if signed[side]:
        return f"{signed[side]} has signed for the {side.label}s."
    if now < period_of(review.month).end:
        return "A month is signed when it is over."
    if not user.leads(side):
        return f"A manager who leads {side.label}s signs here."
    if other == user:
        return "The two sides are signed by two different people."
    return ""


def sign(review: Review, *, by: User, side: Role, at: datetime) -> Review:
    """Sign for the SDR or the AE side; the first signature freezes figures, notes and actions."""
    if side not in (Role.SDR, Role.AE):
        raise ValidationError("Sign for the SDRs or for the AEs.")
    facts.catch_up()
    with transaction.atomic():
        review = _kept(review, locked=True)
        if sentence := why_not_sign(review, by, side, at):
            raise ValidationError(sentence)
        if not review.is_frozen:
            rows = figures(review.month, at)
            ReviewRow.objects.bulk_create(
                ReviewRow(review=review, position=n, key=key, figures=values)
                for n, (key, values) in enumerate(rows.items())
            )
            review.frozen_at = at
            review.digest = digest(review)
        name = side.value
        setattr(review, f"signed_by_{name}_leader", by)
        setattr(review, f"{name}_leader_signed_at", at)
        review.save()
    return review


def figures(text: str, now: datetime) -> dict[str, dict[str, Any]]:
    """The five metrics of a month as they are kept at the signature."""
    period = period_of(text)
    found: dict[str, dict[str, Any]] = {}
    for metric in board.METRICS:
        rate = metrics.rate_of(metric.counting(now), period, EVERYBODY)
        found[metric.key] = {
            "numerator": rate.numerator,
            "denominator": rate.denominator,
            "open": board.is_open(metric, period, now),
        }
        if metric.key == "contact":
            span = metrics.span_of(period, EVERYBODY, now)
            found[metric.key] |= {"median": _tenth(span.median), "p90": _tenth(span.p90)}
    return found


def digest(review: Review) -> str:
    """The hash of everything that is signed: figures, notes and actions."""
    content = {
        "month": review.month,
        "time_zone": review.time_zone,
        "notes": review.notes,
        "rows": [[row.key, row.figures] for row in review.rows.order_by("position")],
        "actions": [
            [one.what, one.owner_id, one.due_on.isoformat()]
            for one in review.actions.order_by("pk")
        ],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def restatements(review: Review, now: datetime) -> list[Restatement]:
    """The signed figures that come out otherwise now."""
    if not review.is_frozen:
        return []
    present = figures(review.month, now)
    names = {metric.key: metric.name for metric in board.METRICS}
    found = []
    for row in review.rows.order_by("position"):
        after = present.get(row.key, {})
        before = row.figures
        if all(after.get(name) == value for name, value in before.items() if name != "open"):
            continue
        why = (
            "The month was not complete when it was signed."
            if before.get("open")
            else "Something was recorded or corrected after the signature."
        )
        found.append(Restatement(names.get(row.key, row.key), _words(before), _words(after), why))
    return found


def _words(values: dict[str, Any]) -> str:
    words = f"{values.get('numerator', 0)} of {values.get('denominator', 0)}"
    if values.get("median") is not None:
        words += f", median {values['median']:g} min"
    return words


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _check_writer(user: User) -> None:
    if not may_write(user):
        raise ValidationError("Managers and RevOps admins write in a review.")


def _kept(review: Review, *, locked: bool = False) -> Review:
    """The row of this review, made if it is the first time somebody writes in it."""
    Review.objects.get_or_create(month=review.month, defaults={"time_zone": review.time_zone})
    rows = Review.objects.select_for_update() if locked else Review.objects.all()
    return rows.get(month=review.month)
