"""The minute ledger: every line explained, every sum the number that stands elsewhere."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Contact
from handoffs import lifecycle, pausing
from handoffs.models import Handoff, HandoffEvent
from sla import clocks
from sla.minutes import accounts_of
from sla.models import Clock, Spans
from sla.timeline import measure, stretches
from team.business_time import BusinessHours
from team.models import Territory, User
from tests.factories import accepted, complete_package, submitted

pytestmark = pytest.mark.django_db

HOUR, ZERO, SECOND = timedelta(hours=1), timedelta(0), timedelta(seconds=1)
OFFICE = BusinessHours(
    "Europe/Berlin", {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
)
MONDAY_AT_TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
WORDS = st.sampled_from(["start", "pause", "resume", "stop"])
INSTANTS = st.integers(0, 50 * 24 * 3600 * 10).map(
    lambda tenths: MONDAY_AT_TEN + tenths * timedelta(milliseconds=100)
)


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def ledger(handoff: Handoff, now: datetime):  # type: ignore[no-untyped-def]
    events = list(handoff.events.select_related("actor", "owner", "reason"))
    return accounts_of(handoff, events, now)


def open_page(user: User, handoff: Handoff):  # type: ignore[no-untyped-def]
    client = Client()
    client.force_login(user)
    return client.get(reverse("handoff_minutes", args=[handoff.pk]))


@given(events=st.lists(st.tuples(INSTANTS, WORDS), max_size=12), as_of=INSTANTS)
@settings(max_examples=150, deadline=None)
def test_the_running_stretches_add_up_to_what_the_clock_measures(
    events: list[tuple[datetime, str]], as_of: datetime
) -> None:
    found = stretches(events, as_of)
    running = [OFFICE.elapsed(one.start, one.end) for one in found if one.state == "running"]
    assert sum(running, ZERO) == measure(OFFICE, events, HOUR, as_of).elapsed
    assert all(before.end == after.start for before, after in pairwise(found))


def test_a_pause_by_a_question_stands_with_who_asked_and_what(
    sdr: User, ae: User, account: Account, contact: Contact, clock
) -> None:  # type: ignore[no-untyped-def]
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    clock.move_to(at(11), tick=False)
    lifecycle.return_for_information(
        handoff, by=ae, question="Who signs the contract on their side?"
    )
    clock.move_to(at(15), tick=False)
    lifecycle.answer(handoff, by=sdr, text="Priya Nair signs, up to fifty thousand.")
    clock.move_to(at(10, day=3), tick=False)

    account_, *_ = ledger(handoff, timezone.now())[0]
    assert [(line.state, line.counted, line.paused, line.closed) for line in account_.lines] == [
        ("running", HOUR, ZERO, ZERO),
        ("paused", ZERO, 4 * HOUR, ZERO),
        ("running", 3 * HOUR, ZERO, 16 * HOUR),
    ]
    submit, pause, resume = account_.lines
    assert submit.sentence.startswith("Sam Ortiz submitted it")
    assert pause.sentence.startswith("Ana Silva returned it for information")
    assert pause.note == "Who signs the contract on their side?"
    assert resume.sentence == "Sam Ortiz answered and sent it back."
    assert [(part.start, part.end, part.length) for part in resume.parts] == [
        (at(15), at(17), 2 * HOUR),
        (at(9, day=3), at(10, day=3), HOUR),
    ]
    assert (account_.counted, account_.wall) == (4 * HOUR, 24 * HOUR)


def test_a_line_ends_where_it_changed_hands(
    sdr: User, ae: User, backup: User, manager: User, account: Account, contact: Contact, clock
) -> None:  # type: ignore[no-untyped-def]
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    clock.move_to(at(12), tick=False)
    lifecycle.reassign(handoff, to=backup, why="Ana is at a customer.", by=manager)
    whole, own = (one for one in ledger(handoff, at(13))[0] if one.clock.kind == "accept")
    assert [(line.holder, line.counted) for line in whole.lines] == [(ae, 2 * HOUR), (backup, HOUR)]
    assert whole.lines[1].sentence == "Mara Lindt moved it from Ana Silva to Ben Okafor."
    assert [(line.holder, line.counted) for line in own.lines] == [(backup, HOUR)]


def test_a_long_wait_is_told_by_the_week(sdr: User, account: Account, contact: Contact) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    (line,) = ledger(handoff, at(10, day=30))[0][0].lines
    assert [part.length for part in line.parts] == [39 * HOUR, *[40 * HOUR] * 3, HOUR]
    assert all(part.is_week for part in line.parts)
    assert sum((part.length for part in line.parts), ZERO) == line.counted == 160 * HOUR


MOVES = st.lists(
    st.tuples(
        st.sampled_from(
            ["returned", "answered", "reassigned", "paused", "resumed", "accepted", "contacted"]
        ),
        st.integers(0, 2),
        st.integers(0, 3 * 24 * 3600 * 1_000_000),
    ),
    max_size=9,
)


@given(moves=MOVES, later=st.integers(0, 10 * 24 * 3600 * 1_000_000))
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_sum_is_the_number_that_stands_elsewhere(
    moves: list[tuple[str, int, int]],
    later: int,
    sdr: User,
    north: Territory,
    ae: User,
    ae2: User,
    backup: User,
) -> None:
    """Any log, to the microsecond: the lines add up to the row, the parts to their line."""
    owners = [ae, ae2, backup]
    handoff = Handoff.objects.create(sdr=sdr, lead_source="mql")
    Handoff.objects.filter(pk=handoff.pk).update(territory=north)
    story = [("submitted", ae, MONDAY_AT_TEN)]
    for kind, owner, microseconds in moves:
        when = story[-1][2] + timedelta(microseconds=microseconds)
        story.append((kind, owners[owner], when))
    for kind, owner_, when in story:
        clocks.apply(
            HandoffEvent.objects.create(handoff=handoff, kind=kind, owner=owner_, occurred_at=when)
        )
    now = story[-1][2] + timedelta(microseconds=later)

    accounts, milestones = ledger(handoff, now)
    assert len(accounts) == Clock.objects.filter(handoff=handoff).count()
    for one in accounts:
        row = one.clock
        if row.state == Clock.State.RUNNING:
            assert abs(one.counted - row.elapsed_at(now)) < SECOND
            assert row.due_at is not None
            ahead = row.hours().elapsed(now, row.due_at) - row.hours().elapsed(row.due_at, now)
            assert abs(one.counted - (row.limit - ahead)) <= SECOND
        else:
            assert one.counted == row.elapsed_at(now)
        assert sum((line.counted for line in one.lines), ZERO) == one.counted
        assert sum((line.paused for line in one.lines), ZERO) == one.paused
        assert sum((piece.width for piece in one.bar()), 0) == pytest.approx(
            100 if one.wall else 0, abs=0.2
        )
        for line in one.lines:
            if line.parts:
                assert sum((part.length for part in line.parts), ZERO) == line.counted
    spans = Spans.objects.get(handoff=handoff)
    for stone in milestones:
        field = {"submitted to accepted": "accept", "accepted to first contact": "contact"}.get(
            stone.name, "whole"
        )
        assert stone.counted.total_seconds() == getattr(spans, f"{field}_business")
        assert sum((part.length for part in stone.parts), ZERO) in (stone.counted, ZERO)


def test_the_page_shows_the_sum_and_the_brief_leads_there(
    sdr: User, ae: User, account: Account, contact: Contact, clock
) -> None:  # type: ignore[no-untyped-def]
    handoff = accepted(sdr=sdr, account=account, contact=contact, lead_source="outbound")
    clock.move_to(at(12, 5), tick=False)
    text = open_page(ae, handoff).content.decode()
    assert "2:05:00</span> counted of 8:00:00 promised" in text
    client = Client()
    client.force_login(ae)
    brief = client.get(reverse("handoff", args=[handoff.pk])).content.decode()
    assert f"{reverse('handoff_minutes', args=[handoff.pk])}#clock-" in brief


def test_what_was_asked_hides_the_prospect_until_it_is_accepted(
    sdr: User, ae: User, manager: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    pausing.pause(handoff, by=manager, why="Priya Nair asked us to wait for the fair.")
    assert "Priya" not in open_page(ae, handoff).content.decode()
    assert "Priya Nair asked us" in open_page(manager, handoff).content.decode()


def test_a_draft_teaches_what_will_stand_there(
    sdr: User, account: Account, contact: Contact
) -> None:
    handoff = complete_package(sdr=sdr, account=account, contact=contact)
    assert "No time has been counted yet" in open_page(sdr, handoff).content.decode()


def test_its_queries_do_not_grow_with_what_happened(
    sdr: User,
    ae: User,
    backup: User,
    manager: User,
    account: Account,
    contact: Contact,
    clock,
    django_assert_max_num_queries,
) -> None:  # type: ignore[no-untyped-def]
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    for day, to in enumerate((backup, ae, backup, ae), start=3):
        clock.move_to(at(10, day=day), tick=False)
        handoff = lifecycle.reassign(
            handoff, to=to, why="Who is in the office takes it.", by=manager
        )
    with django_assert_max_num_queries(10):
        ledger(handoff, at(12, day=9))
