"""My work: each person lands on what needs them now, by role."""

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from handoffs import feedback, meetings
from handoffs.masking import Reader
from handoffs.models import FrameworkVersion, Handoff, HandoffEvent, Letter, Meeting
from handoffs.models.event import EventKind
from handoffs.querysets import HandoffQuerySet
from handoffs.views.doors import person
from handoffs.views.queue import COLUMNS, Row, rows_of
from handoffs.views.team_load import load_of
from team.models import Absence, Territory, User
from team.pages import page

SHOWN = 5
Status = Handoff.Status


class Block(NamedTuple):
    """A card of work: its rows, how many there are in all, and what to say when there are none."""

    key: str
    title: str
    rows: list[Row]
    total: int
    empty: str
    link: str = ""
    link_words: str = ""
    tone: str = ""


class Tile(NamedTuple):
    """A number that leads somewhere."""

    title: str
    value: str
    words: str
    link: str
    tone: str = ""


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What needs this person now; without a role, what to do to get one."""
    user, now = person(request), timezone.now()
    if not user.is_staff:
        return page(request, "handoffs/no_role.html", title="Welcome to Handoff Desk")
    reader = Reader(user)
    blocks: list[Block] = []
    if user.is_sdr:
        blocks += _for_sdr(reader, now)
    if user.is_ae:
        blocks += _for_ae(reader, now)
    if user.is_manager or user.is_revops or user.is_superuser:
        blocks += _for_whoever_answers(reader, now)
    context = {
        "blocks": blocks,
        "tiles": _tiles(user, now) if user.is_revops or user.is_superuser else [],
        "team": load_of(reader.team, now) if user.is_manager else [],
        "greeting": _greeting(user, now),
        "may_start": user.is_sdr or user.is_manager,
        "now": now,
    }
    return page(request, "handoffs/home.html", context, title="My work")


def _for_sdr(reader: Reader, now: datetime) -> list[Block]:
    user = reader.user
    mine = Handoff.objects.filter(sdr=user)
    returned = _block(
        "returned",
        "Came back with a question",
        Handoff.objects.returned_to(user),
        reader,
        now,
        empty="Nothing came back. A returned handoff shows its question here, to answer in place.",
        tone="is-warn",
    )
    questions = _questions([row.pk for row in returned.rows])
    return [
        returned._replace(
            rows=[row._replace(note=questions.get(row.pk, "")) for row in returned.rows]
        ),
        *_to_write_and_rebook(reader, now),
        _block(
            "drafts",
            "Drafts",
            Handoff.objects.drafts_of(user),
            reader,
            now,
            empty="No drafts. Start a handoff as soon as somebody agrees to a next step; it saves "
            "itself however empty it is.",
        ),
        _block(
            "with_ae",
            "With an AE",
            mine.filter(status__in=[Status.SUBMITTED, Status.ACCEPTED]).due_next_first(),
            reader,
            now,
            empty="Nothing is with an AE. What you submit stands here until its outcome is known.",
        ),
        _block(
            "outcomes",
            "Decided in the last 30 days",
            mine.filter(closed_at__gte=now - timedelta(days=30)).order_by("-closed_at"),
            reader,
            now,
            empty="No outcomes yet. Opportunities, rejections and their reasons appear here.",
        ),
    ]


def _for_ae(reader: Reader, now: datetime) -> list[Block]:
    user = reader.user
    # The index of what is open serves only a query that says so
    accepted = Handoff.objects.open_of(user).filter(status=Status.ACCEPTED)
    return [
        _block(
            "queue",
            "Waiting to be accepted",
            Handoff.objects.waiting_for(user),
            reader,
            now,
            empty="Nobody is waiting for you. New handoffs appear here the moment they are "
            "submitted, what is due next first.",
            link=reverse("queue"),
            link_words="Open the queue",
        ),
        _block(
            "prepare",
            "To prepare",
            accepted.filter(prep_finished_at=None, first_contact_at=None).due_next_first(),
            reader,
            now,
            empty="Nothing to prepare. Fifteen minutes of preparation open when you accept.",
        ),
        _block(
            "contact",
            "To contact",
            accepted.filter(first_contact_at=None).exclude(prep_finished_at=None).due_next_first(),
            reader,
            now,
            empty="No first contact is due.",
        ),
        _block(
            "outcome",
            "Outcome missing",
            _without_outcome(user, now).due_next_first(),
            reader,
            now,
            empty="Every conversation has its outcome.",
        ),
    ]


def _to_write_and_rebook(reader: Reader, now: datetime) -> list[Block]:
    """What comes back to an SDR after the acceptance; shown only when there is something."""
    accepted = Handoff.objects.filter(sdr=reader.user, status=Status.ACCEPTED)
    sent = Letter.objects.filter(
        handoff=OuterRef("pk"), kind=Letter.Kind.INTRODUCTION, sent_at__isnull=False
    )
    introduce = _block(
        "introduce",
        "To introduce",
        accepted.exclude(Exists(sent)).order_by("accepted_at"),
        reader,
        now,
        empty="",
        tone="is-warn",
    )
    missed = _block(
        "missed",
        "No-show: find a new time",
        accepted.annotate(newest=Subquery(_newest_meeting().values("status")[:1]))
        .filter(newest=Meeting.Status.NO_SHOW)
        .order_by("pk"),
        reader,
        now,
        empty="",
        tone="is-warn",
    )
    notes = _attempts([row.pk for row in missed.rows])
    missed = missed._replace(rows=[row._replace(note=notes[row.pk]) for row in missed.rows])
    return [block for block in (missed, introduce) if block.total]


def _newest_meeting() -> QuerySet[Meeting]:
    return Meeting.objects.filter(handoff=OuterRef("pk")).order_by("-pk")


def _attempts(pks: list[int]) -> dict[int, str]:
    """How often the prospects of these did not come."""
    missed = Meeting.objects.filter(handoff__in=pks, status=Meeting.Status.NO_SHOW)
    theirs = Counter(missed.exclude(by_side="ours").values_list("handoff", flat=True))
    most = meetings.MOST_NO_SHOWS
    return {
        pk: (f"No-show {theirs[pk]} of {most}" if theirs[pk] else "We did not come")
        + (": better to disqualify it" if theirs[pk] >= most else "")
        for pk in pks
    }


def _without_outcome(user: User, now: datetime) -> HandoffQuerySet:
    """A meeting whose time has passed without one, or a conversation that led to nothing yet.

    Found from the few meetings that are to come and the few handoffs that are open.
    """
    coming = Meeting.objects.filter(status__in=meetings.COMING)
    passed = coming.filter(
        starts_at__lte=now, handoff__owner=user, handoff__status__in=meetings.WITH_OUTCOME
    )
    talked = (
        Handoff.objects.open_of(user)
        .filter(status=Status.ACCEPTED, first_contact_at__isnull=False, next_step_at__lte=now)
        .exclude(Exists(coming.filter(handoff=OuterRef("pk"))))
    )
    found = {*passed.values_list("handoff", flat=True), *talked.values_list("pk", flat=True)}
    return Handoff.objects.filter(pk__in=found)


def _contested(reader: Reader, now: datetime) -> list[Block]:
    """The rejections this manager has to rule on; shown only when there are any."""
    cases = {case.handoff_id: case.argument for case in feedback.waiting_for(reader.user)}
    if not cases:
        return []
    block = _block(
        "contested",
        "Contested rejections: rule on them",
        Handoff.objects.filter(pk__in=cases).order_by("pk"),
        reader,
        now,
        empty="",
        tone="is-warn",
    )
    return [block._replace(rows=[row._replace(note=f"“{cases[row.pk]}”") for row in block.rows])]


def _for_whoever_answers(reader: Reader, now: datetime) -> list[Block]:
    """For managers their people and territories, for RevOps everything."""
    user = reader.user
    visible = Handoff.objects.visible_to(user)
    if not (user.is_revops or user.is_superuser):
        team = reader.team
        visible = visible.filter(
            Q(owner__in=team)
            | Q(sdr__in=team)
            | Q(territory__manager=user)
            | Q(owner__isnull=True, territory__isnull=True)
        )
    late = visible.filter(
        status__in=[Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED], next_due_at__lte=now
    )
    return [
        *_contested(reader, now),
        _block(
            "unassigned",
            "Unassigned",
            visible.unassigned().due_next_first(),
            reader,
            now,
            empty="Everything has an owner. What routing could place with nobody stands here.",
            tone="is-bad",
        ),
        _block(
            "overdue",
            "Overdue",
            late.due_next_first(),
            reader,
            now,
            empty="No promise is overdue.",
            link=reverse("queue"),
            link_words="Open the queue",
            tone="is-bad",
        ),
        _block(
            "waiting",
            "Waiting for an AE",
            visible.filter(status=Status.SUBMITTED, owner__isnull=False).due_next_first(),
            reader,
            now,
            empty="Nothing is waiting to be accepted.",
            link=f"{reverse('queue')}?state=submitted",
            link_words="Open the queue",
        ),
        _block(
            "questions",
            "Waiting for an answer",
            visible.filter(status=Status.RETURNED).due_next_first(),
            reader,
            now,
            empty="No question is open between an AE and an SDR.",
            link=f"{reverse('queue')}?state=returned",
            link_words="Open the queue",
        ),
    ]


def _block(
    key: str,
    title: str,
    rows: HandoffQuerySet,
    reader: Reader,
    now: datetime,
    *,
    empty: str,
    link: str = "",
    link_words: str = "",
    tone: str = "",
) -> Block:
    """The first rows and, only when there are more, how many."""
    first = list(rows.values_list(*COLUMNS, named=True)[: SHOWN + 1])
    total = len(first) if len(first) <= SHOWN else rows.count()
    shown = rows_of(first[:SHOWN], reader, now)
    return Block(key, title, shown, total, empty, link, link_words, tone)


def _questions(pks: list[int]) -> dict[int, str]:
    """The question that each of these returned handoffs came back with."""
    events = HandoffEvent.objects.filter(handoff__in=pks, kind=EventKind.RETURNED)
    return {event.handoff_id: f"“{event.note}”" for event in events.order_by("occurred_at", "pk")}


def _tiles(user: User, now: datetime) -> list[Tile]:
    """What RevOps looks after."""
    active = FrameworkVersion.objects.active().select_related("framework").first()
    away = Absence.objects.at(now).count()
    unassigned = Handoff.objects.unassigned().count()
    uncovered = Territory.objects.filter(is_active=True, coverage=None).count()
    return [
        Tile(
            "Unassigned",
            str(unassigned),
            "handoffs that routing could place with nobody",
            f"{reverse('queue')}?owner=none&state=submitted",
            "is-bad" if unassigned else "",
        ),
        Tile(
            "The standard",
            str(active) if active else "None",
            "is in force" if active else "Nothing can be submitted until one is signed and active.",
            reverse("admin:handoffs_frameworkversion_changelist"),
            "" if active else "is-bad",
        ),
        Tile(
            "Without a backup",
            str(uncovered),
            "territories have nobody to stand in",
            reverse("admin:team_territory_changelist"),
            "is-warn" if uncovered else "",
        ),
        Tile(
            "Away now",
            str(away),
            "people; their handoffs go to their cover",
            reverse("admin:team_absence_changelist"),
        ),
        Tile(
            "People",
            str(User.objects.active().count()),
            "can sign in",
            reverse("admin:team_user_changelist"),
        ),
    ]


def _greeting(user: User, now: datetime) -> str:
    hour = timezone.localtime(now).hour
    part = "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"Good {part}, {user.first_name or user.username}"
