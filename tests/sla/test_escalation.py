"""Whom a step reaches: the first in line who can be reached, each hop on record, never nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoffs import lifecycle
from handoffs.models import Handoff
from messaging.models import Channel, Message
from sla import clocks, policies
from sla.models import Escalation, EscalationStep
from team.models import Absence, Coverage, Territory, User
from tests.factories import make_user, submitted

pytestmark = pytest.mark.django_db

MONDAY_AT_TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
TWO_DAYS = timedelta(days=2)


def after(minutes: float) -> datetime:
    return MONDAY_AT_TEN + timedelta(minutes=minutes)


def away(*people: User) -> None:
    for person in people:
        Absence.objects.create(
            user=person, starts_at=MONDAY_AT_TEN - TWO_DAYS, ends_at=MONDAY_AT_TEN + TWO_DAYS
        )


def gone(*people: User) -> None:
    for person in people:
        person.is_active = False
        person.save()


@pytest.fixture
def package(sdr, account, contact) -> dict[str, Any]:
    return {"sdr": sdr, "account": account, "contact": contact, "lead_source": "inbound"}


@pytest.fixture
def inbound(package, ae, backup, manager, director, revops) -> Handoff:
    """On Ana since ten: reminder at 10:30, manager at 11, backup at 11:30, upper at 13."""
    return submitted(**package)


def fired(action: str, cycle: int = 0) -> Escalation:
    return Escalation.objects.get(action=action, cycle=cycle, clock__kind="accept")


def told(action: str, cycle: int = 0) -> list[str]:
    return sorted(user.username for user in fired(action, cycle).told.all())


def hops(action: str, cycle: int = 0) -> list[tuple[str, str]]:
    return [(hop["name"], hop["verdict"]) for hop in fired(action, cycle).hops]


# --- Reminding and alerting ----------------------------------------------------------------------


def test_each_step_reaches_whom_it_names_when_all_is_well(inbound):
    clocks.sweep(after(180))

    assert told("remind") == ["ae"]
    assert told("manager") == ["manager"]
    assert told("backup") == ["backup"]
    assert told("upper") == ["director"]
    assert fired("manager").outcome == "Mara Lindt told."


def test_a_manager_who_is_away_is_passed_over_for_the_next_up(inbound, manager):
    away(manager)
    clocks.sweep(after(60))

    assert told("manager") == ["director"]
    assert hops("manager") == [("Mara Lindt", "away until 04 Mar 2026"), ("Dora Quinn", "")]
    mail = Message.objects.get(kind="sla_manager", medium="email")
    assert "manager of Mara Lindt; Mara Lindt away until 04 Mar 2026" in mail.body


def test_a_missing_manager_is_made_up_for_by_the_territory_s(inbound, ae, manager):
    User.objects.filter(pk=ae.pk).update(reports_to=None)
    inbound.refresh_from_db()
    clocks.sweep(after(60))

    assert told("manager") == ["manager"]
    assert fired("manager").hops[0]["because"] == "manager of North"


def test_an_inactive_manager_hears_nothing(inbound, manager):
    gone(manager)
    clocks.sweep(after(60))

    assert told("manager") == ["director"]
    assert not Message.objects.filter(kind="sla_manager", person=manager).exists()


def test_a_manager_without_an_address_is_passed_over(inbound, manager):
    User.objects.filter(pk=manager.pk).update(email="")
    clocks.sweep(after(60))

    assert hops("manager") == [("Mara Lindt", "has no e-mail address"), ("Dora Quinn", "")]


def test_managers_in_a_circle_end_at_the_admins(inbound, manager, director, revops):
    User.objects.filter(pk=director.pk).update(reports_to=manager)
    away(manager, director)
    clocks.sweep(after(60))

    assert told("manager") == ["revops"]


def test_when_everybody_is_away_every_admin_is_told(inbound, manager, director, revops):
    other = make_user("root", is_superuser=True, name="Ruth Oort")
    away(manager, director, revops, other)
    clocks.sweep(after(60))

    assert told("manager") == ["revops", "root"]
    assert Message.objects.filter(kind="sla_last_resort", medium="email").count() == 2


def test_without_any_admin_the_record_says_that_nobody_was_told(
    inbound, manager, director, revops, caplog
):
    gone(manager, director, revops)
    clocks.sweep(after(60))

    assert told("manager") == []
    assert fired("manager").outcome == "Nobody could be told."
    assert "there is no active admin to tell" in caplog.text


def test_the_manager_s_manager_who_is_missing_leaves_it_to_the_admins(
    inbound, manager, director, revops
):
    User.objects.filter(pk=manager.pk).update(reports_to=None)
    clocks.sweep(after(180))

    assert told("upper") == ["revops"]


def test_what_nobody_has_is_the_territory_manager_s(package, ae, backup, ae2, manager, revops):
    away(ae, backup, ae2)
    handoff = submitted(**package)
    assert handoff.owner is None
    clocks.sweep(after(60))

    assert told("remind") == ["manager"]
    assert told("manager") == ["manager"]
    assert fired("manager").hops[0]["because"] == "manager of North"


def test_without_an_owner_or_a_territory_it_is_the_author_s_manager_s(
    package, manager, north, revops
):
    Territory.objects.update(countries=["FR"])
    package["account"].owner = package["account"].territory = None
    package["account"].save()
    handoff = submitted(**package)
    assert (handoff.owner, handoff.territory) == (None, None)
    clocks.sweep(after(60))

    assert told("manager") == ["manager"]


def test_a_late_answer_is_the_sdr_s_and_their_manager_s(inbound, ae, sdr, manager):
    question = "Who signs the budget, and is it approved?"
    lifecycle.return_for_information(inbound, by=ae, question=question)
    clocks.sweep(MONDAY_AT_TEN + timedelta(days=1, minutes=1))
    steps = Escalation.objects.filter(clock__kind="answer").order_by("pk")

    assert [(e.action, [u.username for u in e.told.all()]) for e in steps] == [
        ("remind", ["sdr"]),
        ("manager", ["manager"]),
    ]


# --- Handing over to a backup --------------------------------------------------------------------


def test_the_backup_takes_over_and_everybody_concerned_hears(inbound, ae, backup):
    clocks.sweep(after(90))
    inbound.refresh_from_db()
    event = inbound.events.latest("pk")

    assert inbound.owner == backup
    assert (event.kind, event.actor) == ("reassigned", None)
    assert event.note == "Ana Silva has not accepted in time."
    assert fired("backup").outcome == "Reassigned to Ben Okafor."
    assert Message.objects.filter(kind="sla_backup", person=backup, medium="email").exists()


def test_a_named_cover_comes_before_the_territory_s_backup(inbound, ae, ae2):
    away(ae)
    Absence.objects.update(cover=ae2)
    clocks.sweep(after(1))
    inbound.refresh_from_db()

    assert inbound.owner == ae2
    assert fired("backup").hops[0]["because"] == "covers for Ana Silva"


def test_a_backup_who_is_away_full_or_the_author_is_passed_over(
    inbound, north, sdr, backup, ae2, manager
):
    full = make_user("full", "ae", name="Finn Fuller", reports_to=manager, capacity=1)
    Handoff.objects.filter(pk=inbound.pk).update(owner=full)  # so that Finn holds one
    Handoff.objects.filter(pk=inbound.pk).update(owner=north.primary)
    busy = submitted(sdr=sdr, account=inbound.account, contact=inbound.contact)
    lifecycle.reassign(busy, to=full, why="So that Finn is full.", by=manager)
    User.objects.filter(pk=sdr.pk).update(is_ae=True)
    away(backup)
    for rank, person in enumerate((sdr, full, ae2), start=2):
        Coverage.objects.create(territory=north, backup=person, rank=rank)
    clocks.sweep(after(90))

    assert [verdict for _, verdict in hops("backup")] == [
        "away until 04 Mar 2026",
        "wrote this handoff",
        "full (1 of 1 open handoffs)",
        "",
    ]
    assert told("backup") == ["ae2"]


def test_without_a_backup_the_manager_owns_it_and_the_clock_runs_on(inbound, north, ae):
    north.coverage.all().delete()
    clocks.sweep(after(90))
    inbound.refresh_from_db()

    assert inbound.owner == ae
    assert told("backup") == ["manager"]
    assert fired("backup").outcome == "Nobody could take it over; Mara Lindt told."
    assert inbound.clocks.get(kind="accept").state == "running"


def test_backups_are_never_chased_in_a_circle(inbound, north, ae, backup, manager):
    """Ben backs Ana up and she him: it goes to Ben once and then to their manager."""
    Coverage.objects.create(territory=north, backup=ae, rank=2)
    for minute in range(0, 600, 5):
        clocks.sweep(after(minute))
    inbound.refresh_from_db()

    assert inbound.owner == backup
    assert hops("backup", 1) == [
        ("Ana Silva", "has had it before"),
        ("Mara Lindt", ""),
    ]


def test_covers_in_a_circle_end(inbound, ae, ae2, backup):
    away(ae, ae2, backup)
    Absence.objects.filter(user=ae).update(cover=ae2)
    Absence.objects.filter(user=ae2).update(cover=ae)
    clocks.sweep(after(1))

    assert told("backup") == ["manager"]


def test_no_more_than_five_backups_are_asked(inbound, north, manager):
    north.coverage.all().delete()
    for rank in range(12):
        person = make_user(f"b{rank}", "ae", name=f"Backup No{rank}", reports_to=manager)
        away(person)
        Coverage.objects.create(territory=north, backup=person, rank=rank)
    clocks.sweep(after(90))

    assert len(hops("backup")) == 5 + 1
    assert told("backup") == ["manager"]


def test_when_everybody_is_away_it_stays_and_the_admins_are_told(
    inbound, ae, backup, ae2, manager, director, revops
):
    away(ae, backup, ae2, manager, director, revops)
    clocks.sweep(after(1))
    inbound.refresh_from_db()

    assert inbound.owner == ae
    assert told("backup") == ["revops"]
    assert inbound.clocks.get(kind="accept").due_at == after(60)


def test_an_absent_owner_without_a_backup_step_is_passed_over_by_the_reminder(
    package, ae, manager, revops
):
    draft, _ = policies.new_draft(policies.active_version("inbound", None).policy)
    draft.steps.filter(action="backup").delete()
    policies.activate(draft, by=None)
    submitted(**package)
    away(ae)
    clocks.sweep(after(30))

    assert told("remind") == ["manager"]
    assert hops("remind")[0] == ("Ana Silva", "away until 04 Mar 2026")
    assert Message.objects.get(medium="email", person=manager).kind == "sla_manager"


# --- A channel -----------------------------------------------------------------------------------


@pytest.fixture
def channel() -> Channel:
    return Channel.objects.create(name="#late", webhook_url="https://hooks.slack.com/services/T/B")


@pytest.fixture
def posting(channel) -> EscalationStep:
    draft, _ = policies.new_draft(policies.active_version("inbound", None).policy)
    step = draft.steps.create(kind="accept", at_percent=80, action="channel", channel=channel)
    policies.activate(draft, by=None)
    return step


def test_a_channel_step_posts_to_its_channel(posting, inbound, channel):
    clocks.sweep(after(48))
    message = Message.objects.get(kind="sla_channel")

    assert (message.medium, message.recipient, message.person) == ("slack", "#late", None)
    assert message.subject == (
        "Acme Robotics is waiting: Accept, due 2 Mar 2026 11:00 UTC, with Ana Silva"
    )
    assert fired("channel").outcome == "Posted to #late."


def test_a_channel_that_is_off_is_made_up_for_by_the_manager(posting, inbound, channel):
    Channel.objects.update(is_enabled=False)
    clocks.sweep(after(48))

    assert told("channel") == ["manager"]
    assert fired("channel").outcome == "The channel is off; Mara Lindt told."


# --- The words -----------------------------------------------------------------------------------


def test_times_are_read_in_the_zone_of_whoever_reads_them(inbound, ae):
    User.objects.filter(pk=ae.pk).update(time_zone="Asia/Kolkata")
    clocks.sweep(after(35))
    mail = Message.objects.get(kind="sla_remind", medium="email")

    assert mail.subject == "Acme Robotics is waiting for you: Accept, 25 min left"
    assert "due 2 Mar 2026 16:30 IST" in mail.body
    assert mail.about == f"handoff:{inbound.pk}"


def test_a_late_alert_says_how_late(inbound):
    clocks.sweep(after(65))
    mail = Message.objects.get(kind="sla_manager", medium="email")

    assert "Overdue by: 5 min" in mail.body
    assert "Time left" not in mail.body
