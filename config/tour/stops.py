"""What of the demo is worth a look, by role, each with the story that shows it; writes nothing."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from config.demo.cast import SIGN_INS, address_of
from handoffs.models import CalibrationRound, Handoff, Meeting
from team.models import User

Status = Handoff.Status


class Stop(NamedTuple):
    """One thing to look at, what there is to see, and where."""

    title: str
    words: str
    link: str


def is_in_the_demo(user: User) -> bool:
    """Whether this is one of the demo's sign-ins, as its cast names them."""
    address = address_of(user.first_name, user.last_name)
    return user.username in SIGN_INS and user.email == address


def stops(user: User, now: datetime) -> list[Stop]:
    """The tour of this person; a story that has moved on is left out."""
    found: list[Stop] = []
    if user.is_sdr:
        found += _sdr(user)
    if user.is_ae:
        found += _ae(user, now)
    if user.is_manager:
        found += _manager(now)
    if user.is_revops:
        found += _revops()
    return found


def _sdr(user: User) -> Iterator[Stop]:
    mine = Handoff.objects.filter(sdr=user).order_by("-pk")
    if draft := mine.filter(status=Status.DRAFT).first():
        yield Stop(
            "Try to submit a draft",
            "The gate names each thing that is missing, at its field.",
            reverse("handoff_edit", args=[draft.pk]),
        )
    if returned := mine.filter(status=Status.RETURNED).first():
        yield Stop(
            "Answer a question",
            "An AE sent this one back: their clock is paused, yours runs until you answer.",
            reverse("handoff", args=[returned.pk]),
        )
    if won := mine.filter(status=Status.QUALIFIED).first():
        yield Stop(
            "See what became of one",
            "An opportunity, with what the AE says about the package.",
            reverse("handoff", args=[won.pk]),
        )
    yield Stop(
        "Read how arguments ended",
        "Rejections that were contested, and the rulings, by criterion.",
        reverse("rulings"),
    )


def _ae(user: User, now: datetime) -> Iterator[Stop]:
    yield Stop(
        "Open the first in the queue",
        "Their own words first, what must not be asked again; accept it and the names open up.",
        reverse("queue"),
    )
    mine = Handoff.objects.filter(owner=user).order_by("-pk")
    coming = Meeting.objects.filter(
        starts_at__gt=now, status__in=[Meeting.Status.TENTATIVE, Meeting.Status.CONFIRMED]
    )
    accepted = mine.filter(status=Status.ACCEPTED)
    if meeting := accepted.filter(pk__in=coming.values("handoff")).first():
        yield Stop(
            "Will they come?",
            "The no-show risk in points, each with what takes it away.",
            reverse("handoff", args=[meeting.pk]),
        )
    if ended := mine.filter(status__in=[Status.QUALIFIED, Status.DISQUALIFIED]).first():
        yield Stop(
            "Where the time went",
            "Every minute of one handoff: running, paused, outside hours, and by whom.",
            reverse("handoff_minutes", args=[ended.pk]),
        )
    yield Stop(
        "Why me, why not me",
        "The shares of your team and the reason of every assignment.",
        reverse("fairness"),
    )


def _manager(now: datetime) -> Iterator[Stop]:
    yield Stop(
        "What needs you",
        "Missed promises, contested rejections, handoffs that nobody could take.",
        reverse("attention"),
    )
    yield Stop(
        "The month on one page",
        "Both teams’ numbers with the handoffs behind them, to be signed by both sides.",
        reverse("report_review_latest"),
    )
    this_month = now.date().replace(day=1)
    if scored := CalibrationRound.objects.filter(month__lt=this_month).first():
        yield Stop(
            "Which definition is unclear",
            "Two leaders scored the same packages apart: one criterion is read differently.",
            f"{reverse('calibration')}?month={scored.month:%Y-%m}",
        )
    yield Stop(
        "Hours without anybody",
        "Each territory’s week hour by hour, its holes in red.",
        reverse("coverage_map"),
    )


def _revops() -> Iterator[Stop]:
    yield Stop(
        "Try a change on the past",
        "Another promise, other hours: what would have been missed, who would have been woken.",
        reverse("try"),
    )
    yield Stop(
        "Who is told of a missed promise",
        "Tried for every lead source and territory, every night.",
        reverse("coverage"),
    )
    yield Stop(
        "Whether everything runs",
        "The worker, the clocks, the mail: green, or what to do.",
        reverse("health"),
    )
    yield Stop(
        "Take the settings with you",
        "One file with calendars, territories, standards and promises.",
        reverse("settings_file"),
    )
