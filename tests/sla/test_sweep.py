"""The sweep: each step once, at its minute, whatever happens in between."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django_q.exceptions import TimeoutException

from handoffs import lifecycle
from handoffs.models import Handoff, HandoffEvent
from messaging import outbox
from messaging.models import Message
from sla import clocks, tasks
from sla.ledger import Case, Ledger
from sla.models import Breach, Clock, Escalation
from team.models import Absence
from tests.factories import make_contact, submitted

pytestmark = pytest.mark.django_db

TWO_AT_NIGHT = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)


@pytest.fixture
def package(sdr, account, contact) -> dict[str, Any]:
    return {"sdr": sdr, "account": account, "contact": contact, "lead_source": "inbound"}


@pytest.fixture
def inbound(clock, package, ae, backup, manager, director) -> Handoff:
    """A demo request at two at night, on Ana."""
    clock.move_to(TWO_AT_NIGHT, tick=False)
    return submitted(**package)


def after(minutes: float) -> datetime:
    return TWO_AT_NIGHT + timedelta(minutes=minutes)


def story(kind: str = "accept") -> list[tuple[float, int, str, list[str]]]:
    """What fired: minutes after two, cycle, action, whom it told."""
    return [
        (
            (row.fired_at - TWO_AT_NIGHT).total_seconds() / 60,
            row.cycle,
            row.action,
            sorted(user.username for user in row.told.all()),
        )
        for row in Escalation.objects.filter(clock__kind=kind).order_by("fired_at", "pk")
    ]


def test_a_demo_request_that_nobody_touches_wakes_one_after_the_other(clock, inbound, ae, backup):
    """Each minute of four hours: everybody once, at the right minute, never before it."""
    for minute in range(241):
        clock.move_to(after(minute), tick=False)
        clocks.sweep()
    inbound.refresh_from_db()

    assert [line for line in story() if line[1] == 0] == [
        (30, 0, "remind", ["ae"]),
        (60, 0, "manager", ["manager"]),
        (90, 0, "backup", ["backup"]),
        (180, 0, "upper", ["director"]),
    ]
    assert [line for line in story() if line[1] == 1] == [
        (120, 1, "remind", ["backup"]),
        (150, 1, "manager", ["manager"]),
        (180, 1, "backup", ["manager"]),  # the list is at its end: the manager owns it
    ]
    assert inbound.owner == backup
    assert [
        (b.clock.kind, b.clock.cycle, b.fell_due_at, b.holder)
        for b in Breach.objects.order_by("fell_due_at")
    ] == [("accept", 0, after(60), ae), ("accept", 1, after(150), backup)]
    mails = Message.objects.filter(kind__startswith="sla_", medium="email").order_by("pk")
    assert [(m.kind, m.person.username, m.created_at) for m in mails[:4]] == [
        ("sla_remind", "ae", after(30)),
        ("sla_manager", "manager", after(60)),
        ("sla_backup", "backup", after(90)),
        ("sla_remind", "backup", after(120)),
    ]


def test_the_manager_hears_exactly_at_the_limit_and_the_breach_comes_after_it(inbound):
    assert clocks.sweep(after(60) - timedelta(microseconds=1))["fired"] == 1  # the reminder
    at_the_limit = clocks.sweep(after(60))
    a_moment_later = clocks.sweep(after(60) + timedelta(microseconds=1))

    assert (at_the_limit["fired"], at_the_limit["breached"]) == (1, 0)
    assert (a_moment_later["fired"], a_moment_later["breached"]) == (0, 1)


def test_after_three_hours_without_a_worker_each_due_step_fires_once_in_order(inbound, backup):
    counts = clocks.sweep(after(180))

    assert [line[2] for line in story()] == ["remind", "manager", "backup", "upper"]
    assert counts == {"due": 2, "fired": 4, "breached": 1, "reassigned": 1, "failed": 0}
    assert Breach.objects.get().fell_due_at == after(60)
    assert clocks.sweep(after(180)) == dict.fromkeys(counts, 0)


def test_what_is_told_hours_late_waits_for_the_others_so_that_it_can_be_one_mail(inbound):
    clocks.sweep(after(30))
    clocks.sweep(after(240))
    leaves = {
        mail.event_key: mail.next_try_at - mail.created_at
        for mail in Message.objects.filter(kind__startswith="sla_")
    }
    held = [
        leaves[f"escalation:{step.pk}"] > timedelta()
        for step in Escalation.objects.filter(clock__kind="accept").order_by("due_at")
    ]

    assert held == [False, True, True, True]  # the reminder came in time
    assert max(leaves.values()) < timedelta(minutes=1)


def test_a_sweep_that_runs_twice_does_nothing_the_second_time(inbound):
    first, second = clocks.sweep(after(45)), clocks.sweep(after(45))

    assert (first["fired"], second["due"]) == (1, 0)
    assert Message.objects.filter(kind="sla_remind").count() == 1


def test_a_step_that_has_fired_fires_no_second_time_though_the_plan_was_lost(inbound):
    clocks.sweep(after(45))
    Clock.objects.update(next_at=after(0))
    clocks.rebuild(inbound)
    clocks.sweep(after(45))

    assert [line[2] for line in story()] == ["remind"]


def test_what_was_accepted_in_between_wakes_nobody(inbound, ae):
    """The row still says it is due, as it would to a worker that had read it a moment ago."""
    lifecycle.accept(inbound, by=ae, at=after(29))
    accept = Clock.objects.filter(handoff=inbound, kind="accept")
    accept.update(state="running", next_at=after(30))
    counts = clocks.sweep(after(31))

    assert (counts["due"], counts["fired"]) == (1, 0)
    assert accept.get().state == "stopped"


def test_a_returned_handoff_wakes_the_sdr_and_not_the_ae(clock, inbound, ae, sdr):
    question = "Who signs the budget, and is it approved?"
    lifecycle.return_for_information(inbound, by=ae, question=question, at=after(10))
    clocks.sweep(after(10) + timedelta(days=1))

    assert story() == []
    assert story("answer")[0][2:] == ("remind", ["sdr"])


def test_time_that_goes_back_fires_nothing_again(inbound):
    clocks.sweep(after(60))
    told = Escalation.objects.count()
    clocks.sweep(after(-60))
    clocks.sweep(after(60))

    assert Escalation.objects.count() == told


def test_a_row_that_raises_is_put_off_by_an_hour_and_the_others_go_on(clock, inbound, package):
    """Somebody moved its submission to before all calendars, with SQL."""
    others = [submitted(**package) for _ in range(3)]
    log = QuerySet(HandoffEvent).filter(handoff=inbound, kind="submitted")
    log.update(occurred_at=datetime(1850, 1, 1, tzinfo=UTC))
    counts = clocks.sweep(after(30))
    spoilt = Clock.objects.get(handoff=inbound, kind="accept")

    assert (counts["fired"], counts["failed"]) == (3, 1)
    assert spoilt.next_at == after(90)
    assert (
        spoilt.trouble == "ValueError: 1850-01-01 00:00:00+00:00 is not in the years 1900 to 2199."
    )
    assert {e.clock.handoff for e in Escalation.objects.all()} == set(others)
    assert clocks.sweep(after(89))["failed"] == 0
    log.update(occurred_at=TWO_AT_NIGHT)
    clocks.sweep(after(90))
    spoilt.refresh_from_db()
    assert spoilt.trouble == ""
    assert [e.action for e in Escalation.objects.filter(clock=spoilt)] == [
        "remind",
        "manager",
        "backup",
    ]


def test_what_a_failing_step_had_written_is_undone(inbound, monkeypatch):
    def is_full(sack: outbox.Sack) -> None:
        raise RuntimeError("The outbox is full.")

    monkeypatch.setattr(outbox.Sack, "drop", is_full)
    counts = clocks.sweep(after(30))

    assert (counts["fired"], counts["failed"]) == (0, 1)
    assert not Escalation.objects.exists()
    assert not Message.objects.filter(kind="sla_remind").exists()
    monkeypatch.undo()
    assert clocks.sweep(after(91))["fired"] == 3


def test_one_that_cannot_be_written_does_not_hold_up_its_batch(inbound, package, monkeypatch):
    """Whichever it is, they are tried one by one then."""
    other = submitted(**package)
    drop = outbox.Sack.drop

    def spoilt(sack: outbox.Sack) -> None:
        if any(message.about == f"handoff:{inbound.pk}" for message in sack._messages):
            raise RuntimeError("This one cannot be stored.")
        drop(sack)

    monkeypatch.setattr(outbox.Sack, "drop", spoilt)
    counts = clocks.sweep(after(30))

    assert (counts["fired"], counts["failed"]) == (1, 1)
    assert [e.clock.handoff for e in Escalation.objects.all()] == [other]
    assert Message.objects.filter(kind="sla_remind").get().about == f"handoff:{other.pk}"


def breaks(error: Exception) -> Callable[[outbox.Sack], None]:
    def drop(sack: outbox.Sack) -> None:
        raise error

    return drop


def test_a_database_in_trouble_puts_nothing_off_by_an_hour(inbound, monkeypatch):
    """Such as a statement that ran into its time limit: the connection is still there."""
    monkeypatch.setattr(outbox.Sack, "drop", breaks(OperationalError("statement timeout")))
    counts = clocks.sweep(after(30))
    accept = Clock.objects.get(handoff=inbound, kind="accept")

    assert (counts["fired"], counts["failed"]) == (0, 1)
    assert accept.next_at == after(31)
    assert accept.trouble == "OperationalError: statement timeout"
    monkeypatch.undo()
    assert clocks.sweep(after(31))["fired"] == 1


@pytest.mark.parametrize("error", [MemoryError(), OperationalError("server closed the connection")])
def test_without_memory_or_a_connection_a_sweep_gives_up_and_changes_nothing(
    inbound, monkeypatch, error
):
    monkeypatch.setattr(outbox.Sack, "drop", breaks(error))
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    before = list(Clock.objects.order_by("pk").values())
    with pytest.raises(type(error)):
        clocks.sweep(after(30))

    assert list(Clock.objects.order_by("pk").values()) == before
    monkeypatch.undo()
    assert clocks.sweep(after(30))["fired"] == 1


def test_when_all_of_a_batch_fails_it_is_not_the_rows(inbound, monkeypatch):
    copies(inbound, clocks.MANY - 1)
    monkeypatch.setattr(outbox.Sack, "drop", breaks(RuntimeError("A bug.")))
    counts = clocks.sweep(after(30))

    assert (counts["fired"], counts["failed"]) == (0, clocks.MANY)
    assert set(Clock.objects.exclude(trouble="").values_list("next_at", flat=True)) == {after(31)}
    monkeypatch.undo()
    assert clocks.sweep(after(31))["fired"] == clocks.MANY


def test_a_batch_that_cannot_be_read_together_is_read_one_by_one(inbound, package, monkeypatch):
    other = submitted(**package)
    load = Ledger.load

    def spoilt(ledger: Ledger, handoffs: Iterable[Handoff]) -> dict[int, Case]:
        handoffs = list(handoffs)
        if inbound in handoffs:
            raise ValueError("This one cannot be read.")
        return load(ledger, handoffs)

    monkeypatch.setattr(Ledger, "load", spoilt)
    counts = clocks.sweep(after(30))

    assert (counts["fired"], counts["failed"]) == (1, 1)
    assert Escalation.objects.get().clock.handoff == other


def test_the_absence_of_the_owner_brings_the_backup_step_at_once(clock, inbound, ae, backup):
    clock.move_to(after(10), tick=False)
    Absence.objects.create(user=ae, starts_at=after(10), ends_at=after(600))
    counts = clocks.sweep(after(10))
    inbound.refresh_from_db()

    assert counts["reassigned"] == 1
    assert inbound.owner == backup
    assert story() == [(10, 0, "backup", ["backup"])]


def test_an_absence_that_begins_later_is_noticed_when_it_begins(clock, inbound, ae, backup):
    Absence.objects.create(user=ae, starts_at=after(20), ends_at=after(600))
    assert clocks.sweep(after(19))["due"] == 0
    clocks.sweep(after(20))
    inbound.refresh_from_db()

    assert inbound.owner == backup


def test_an_absence_known_beforehand_is_noticed_when_it_begins(clock, package, ae, backup):
    clock.move_to(TWO_AT_NIGHT, tick=False)
    Absence.objects.create(user=ae, starts_at=after(20), ends_at=after(600))
    handoff = submitted(**package)
    assert handoff.owner == ae
    clocks.sweep(after(20))
    handoff.refresh_from_db()

    assert handoff.owner == backup


def test_an_absence_that_is_over_before_anybody_looks_changes_nothing(inbound, ae):
    Absence.objects.create(user=ae, starts_at=after(5), ends_at=after(6))
    first, second = clocks.sweep(after(10)), clocks.sweep(after(10))

    assert (first["fired"], second["due"]) == (0, 0)
    assert clocks.sweep(after(30))["fired"] == 1


def test_a_deactivated_owner_s_handoffs_go_to_the_backup(clock, inbound, ae, backup):
    clock.move_to(after(3), tick=False)
    ae.is_active = False
    ae.save()
    clocks.sweep()
    inbound.refresh_from_db()

    assert inbound.owner == backup
    assert not Message.objects.filter(person=ae, created_at=after(3)).exists()
    assert inbound.events.latest("pk").note == "Ana Silva is deactivated."


def test_the_command_prints_what_was_done_as_one_json_object(clock, inbound, capsys):
    clock.move_to(after(61), tick=False)
    call_command("sweep")

    assert json.loads(capsys.readouterr().out) == {
        "due": 1,
        "fired": 2,
        "breached": 1,
        "reassigned": 0,
        "failed": 0,
    }


def test_the_worker_s_task_sweeps(clock, inbound):
    clock.move_to(after(30), tick=False)
    tasks.sweep()

    assert Escalation.objects.count() == 1


def test_a_thousand_due_steps_are_worked_in_batches(clock, inbound, monkeypatch):
    monkeypatch.setattr(clocks, "BATCH", 7)
    copies(inbound, 40)

    assert clocks.sweep(after(30)) == {
        "due": 41,
        "fired": 41,
        "breached": 0,
        "reassigned": 0,
        "failed": 0,
    }


def test_a_task_that_has_worked_long_enough_leaves_the_rest_to_the_next(inbound, monkeypatch):
    monkeypatch.setattr(clocks, "BATCH", 7)
    copies(inbound, 40)

    assert clocks.sweep(after(30), seconds=0)["fired"] == 7
    assert clocks.sweep(after(30))["fired"] == 34


def test_what_was_handed_over_stays_so_when_the_pass_is_cut_short(
    inbound, package, monkeypatch, backup
):
    """The worker ends a task after a minute, wherever it is."""
    for _ in range(3):
        submitted(**package)
    reassign = lifecycle.reassign
    calls = []

    def slow(handoff: Handoff, **kwargs: Any) -> Handoff:
        calls.append(handoff)
        if len(calls) == 3:
            raise TimeoutException("Task exceeded maximum timeout value")
        return reassign(handoff, **kwargs)

    monkeypatch.setattr(lifecycle, "reassign", slow)
    with pytest.raises(TimeoutException):
        clocks.sweep(after(90))
    assert Handoff.objects.filter(owner=backup).count() == 2
    monkeypatch.undo()
    clocks.sweep(after(90))
    assert Handoff.objects.filter(owner=backup).count() == 4
    assert Escalation.objects.filter(action="backup").count() == 4


def test_one_by_one_ends_in_time_as_well(inbound, package):
    for _ in range(3):
        submitted(**package)

    assert clocks.sweep(after(90), seconds=0)["reassigned"] == 1
    assert clocks.sweep(after(90))["reassigned"] == 3


@pytest.mark.parametrize(
    ("zone", "friday", "hours"),
    [  # an hour before closing, the working day before the clocks change, and by how much
        ("Europe/Berlin", datetime(2026, 3, 27, 15, 0, tzinfo=UTC), 1),
        ("Europe/Berlin", datetime(2026, 10, 23, 14, 0, tzinfo=UTC), -1),
        ("America/New_York", datetime(2026, 3, 6, 21, 0, tzinfo=UTC), 1),
        ("America/New_York", datetime(2026, 10, 30, 20, 0, tzinfo=UTC), -1),
        ("Australia/Lord_Howe", datetime(2026, 10, 2, 5, 30, tzinfo=UTC), 0.5),
        ("Africa/Cairo", datetime(2026, 4, 23, 14, 0, tzinfo=UTC), 1),
    ],
)
def test_over_a_change_of_the_clocks_nothing_fires_in_closed_hours(
    clock, package, account, calendar, zone, friday, hours
):
    """Four business hours from an hour before closing: half are over an hour after opening."""
    calendar.time_zone = zone
    calendar.save()
    clock.move_to(friday, tick=False)
    fresh = make_contact(account)
    handoff = submitted(**package | {"lead_source": "outbound", "contact": fresh})
    local = friday.astimezone(ZoneInfo(zone))
    opening = local.replace(hour=9) + timedelta(days=1)
    while opening.weekday() > 4:
        opening += timedelta(days=1)
    assert opening.utcoffset() - local.utcoffset() == timedelta(hours=hours)
    reminded_at = opening.astimezone(UTC) + timedelta(hours=1)

    now = friday
    while now < reminded_at:
        assert clocks.sweep(now)["fired"] == 0
        now += timedelta(minutes=30)
    clocks.sweep(reminded_at)
    assert [(e.action, e.due_at) for e in Escalation.objects.all()] == [("remind", reminded_at)]
    assert handoff.clocks.get(kind="accept").due_at == reminded_at + timedelta(hours=2)


# --- The cost ------------------------------------------------------------------------------------


def copies(handoff: Handoff, count: int, *, due: bool = True) -> None:
    """More handoffs like this one with its clocks, made in bulk; not due unless asked."""
    event = handoff.events.get(kind="submitted")
    rows = Clock.objects.filter(handoff=handoff)
    made = Handoff.objects.bulk_create(
        Handoff(sdr=handoff.sdr, account=handoff.account, contact=handoff.contact)
        for _ in range(count)
    )
    Handoff.objects.filter(pk__in=[h.pk for h in made]).update(
        lead_source="inbound", territory=handoff.territory, owner=handoff.owner
    )
    type(event).objects.bulk_create(
        type(event)(handoff=h, kind="submitted", owner=event.owner, occurred_at=event.occurred_at)
        for h in made
    )
    if not due:
        rows = rows.filter(kind="accept")
    fresh = []
    for one in made:
        for clock in rows.all():
            clock.pk, clock.handoff = None, one
            if not due:
                clock.next_at = after(60 * 24 * 30)
            fresh.append(clock)
    Clock.objects.bulk_create(fresh)


def queries_of_a_sweep(now: datetime) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        clocks.sweep(now)
    return len(captured)


def test_a_sweep_costs_what_is_due_and_not_what_is_open(inbound):
    copies(inbound, 9)
    with transaction.atomic():
        ten_due = queries_of_a_sweep(after(30))
        transaction.set_rollback(True)
    copies(inbound, 990, due=False)

    assert queries_of_a_sweep(after(30)) == ten_due
    assert Escalation.objects.count() == 10


def test_an_idle_sweep_asks_one_question(inbound):
    idle = queries_of_a_sweep(after(1))

    assert idle <= 1 + 2  # and the edges of the transaction


def test_the_partial_index_finds_what_is_due(inbound):
    copies(inbound, 500, due=False)
    due = Clock.objects.due(after(30)).order_by("next_at", "pk")[: clocks.BATCH]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE sla_clock")
    plan = due.explain()

    assert "clock_due" in plan
    assert "TEMP B-TREE" not in plan and "Sort" not in plan
