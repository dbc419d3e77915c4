"""Changes tried on the past: the live one replays history, others differ where they should."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle, meetings
from handoffs.models import Handoff, LeadSourceRule, Quote
from reports import facts
from reports.periods import Period
from reports.trials import coverage, gate
from sla import clocks, policies
from sla.models import Escalation, PolicyVersion
from sla.simulation import try_coverage, try_out
from team.models import Absence, Territory, User, WorkCalendar, WorkInterval
from tests.factories import complete_package, make_account, make_contact, submitted

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
QUOTES = {"requires": "quotes", "number": 2}


def after(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def last_month() -> Period:
    now = timezone.now()
    return Period(now - timedelta(days=30), now)


def another(sdr: User, account: Account, **package: object) -> Handoff:
    own = make_account(territory=account.territory)
    return submitted(sdr=sdr, account=own, contact=make_contact(own), **package)


# --- The gate -------------------------------------------------------------------------------------


@pytest.fixture
def packages(
    clock: time_machine.Traveller, sdr: User, ae: User, account: Account
) -> dict[str, Handoff]:
    """One that wins and has two quotes; with one quote each: a loss, a rejection, an open one."""
    told = {}
    for name in ("won", "lost", "rejected", "open"):
        own = make_account(territory=account.territory)
        draft = complete_package(
            sdr=sdr, account=own, contact=make_contact(own), lead_source="outbound"
        )
        if name == "won":
            Quote.objects.create(
                handoff=draft,
                text="We lose a day for each offer, and two people check every price.",
                speaker="Priya Nair",
                topic="effort",
            )
        told[name] = lifecycle.submit(draft, by=sdr)
    clock.shift(timedelta(hours=1))
    lifecycle.reject(
        told["rejected"], by=ae, reason="no_need", note="They have no such problem, Priya told me."
    )
    for name in ("won", "lost"):
        taken = lifecycle.accept(told[name], by=ae)
        meeting = taken.meetings.first() or meetings.book(taken, by=ae, starts_at=after(24))
        told[name] = taken
        clock.move_to(meeting.starts_at + timedelta(minutes=50), tick=False)
        meetings.hold(meeting, by=ae)
        clock.move_to(after(2), tick=False)
    clock.move_to(after(100), tick=False)
    lifecycle.create_opportunity(told["won"], by=ae)
    lifecycle.disqualify(told["lost"], by=ae, reason="after_no_need")
    facts.catch_up()
    return told


def test_the_live_standard_stops_nothing_as_in_history(packages: dict[str, Handoff]) -> None:
    standard = packages["won"].framework_version
    assert standard is not None
    trial = gate.try_out(standard, last_month())
    assert (trial.handoffs, trial.changed, trial.stopped) == (4, 0, [])
    assert set(trial.passed) == {handoff.pk for handoff in packages.values()}


def test_a_rule_stops_what_lacks_it_and_says_what_became_of_that(
    packages: dict[str, Handoff],
) -> None:
    standard = packages["won"].framework_version
    assert standard is not None
    rule = LeadSourceRule(version=standard, lead_source="outbound", **QUOTES)
    trial = gate.try_out(standard, last_month(), rules=[rule])
    assert set(trial.stopped) == {packages[name].pk for name in ("lost", "rejected", "open")}
    assert trial.passed == [packages["won"].pk]
    assert trial.rules == {("words", "quotes"): 3}
    fates = {row.cells[0]: row.cells[1:] for row in gate.became(trial).rows}
    counts = {name: [one.numerator for one in rates] for name, rates in fates.items()}
    assert counts == {
        "Became an opportunity": [0, 1],
        "Disqualified after the call": [1, 0],
        "Rejected by the AE": [1, 0],
        "Returned for information at least once": [0, 0],
        "Withdrawn": [0, 0],
        "Not over yet": [1, 0],
    }
    # Of another lead source it asks nothing
    other = LeadSourceRule(version=standard, lead_source="mql", **QUOTES)
    assert gate.try_out(standard, last_month(), rules=[other]).stopped == []


def test_a_draft_reads_the_answers_by_their_code(packages: dict[str, Handoff]) -> None:
    standard = packages["won"].framework_version
    assert standard is not None
    draft = standard.copy()
    assert gate.try_out(draft, last_month()).stopped == []
    criterion = draft.criteria.filter(must_have="budget").get()
    answer = packages["open"].answers.get(criterion__code=criterion.code)
    answer.status = "estimated"
    answer.save()
    own = standard.criteria.get(code=criterion.code)
    assert own.minimum != "confirmed"
    criterion.minimum = "confirmed"
    criterion.save()
    trial = gate.try_out(draft, last_month())
    assert trial.stopped == [packages["open"].pk]
    assert trial.rules == {("qualification", f"answers.{criterion.code}"): 1}


def test_a_package_that_changed_since_is_counted_apart(packages: dict[str, Handoff]) -> None:
    standard = packages["won"].framework_version
    contact = packages["lost"].contact
    assert standard is not None and contact is not None
    contact.title = ""
    contact.save()
    trial = gate.try_out(standard, last_month())
    assert (trial.changed, len(trial.passed), trial.stopped) == (1, 3, [])


# --- Coverage -------------------------------------------------------------------------------------


@pytest.fixture
def routed(
    clock: time_machine.Traveller, sdr: User, ae: User, backup: User, ae2: User, account: Account
) -> list[Handoff]:
    """Five for North: Ana has room for two, is away for the fourth, and owns the last account."""
    User.objects.filter(pk=ae.pk).update(capacity=2)
    Absence.objects.create(user=ae, starts_at=after(3), ends_at=after(4), cover=ae2)
    found = []
    for hours in (0, 1, 2):
        clock.move_to(after(hours), tick=False)
        found.append(another(sdr, account, lead_source="outbound"))
    clock.move_to(after(2.5), tick=False)
    lifecycle.withdraw(found[0], by=sdr, note="They called it off for this year.")
    clock.move_to(after(3.5), tick=False)
    found.append(another(sdr, account, lead_source="outbound"))
    clock.move_to(after(5), tick=False)
    own = make_account(territory=account.territory, owner=ae)
    found.append(submitted(sdr=sdr, account=own, contact=make_contact(own), lead_source="outbound"))
    assert [one.owner for one in found] == [ae, ae, backup, ae2, ae]
    clock.shift(timedelta(hours=1))
    return found


def test_todays_coverage_replays_routing_exactly(
    routed: list[Handoff], north: Territory, ae: User, backup: User, ae2: User
) -> None:
    trial = coverage.try_out(north, ae, [backup], last_month())
    assert (trial.handoffs, trial.agrees, trial.moved) == (5, 5, [])
    assert trial.after.given == trial.before.given == {ae.pk: 3, backup.pk: 1, ae2.pk: 1}
    assert trial.before.most == trial.after.most
    assert trial.after.most[ae.pk] == 2


def test_another_primary_gets_them_until_full(
    routed: list[Handoff], north: Territory, ae: User, backup: User, ae2: User
) -> None:
    trial = coverage.try_out(north, ae2, [ae], last_month())
    # The last one’s account has Ana for its own; the others go to Cleo, who is never full
    assert trial.after.given == {ae2.pk: 4, ae.pk: 1}
    assert set(trial.moved) == {routed[n].pk for n in (0, 1, 2)}
    assert trial.agrees == 5  # what is today is not what is tried
    User.objects.filter(pk=ae2.pk).update(capacity=1)
    trial = coverage.try_out(north, ae2, [ae], last_month())
    assert trial.after.given[ae2.pk] < 4


def test_without_anybody_they_go_to_the_team(
    routed: list[Handoff], north: Territory, ae: User, backup: User, ae2: User
) -> None:
    trial = coverage.try_out(north, None, [], last_month())
    assert sum(trial.after.given.values()) == 5
    assert trial.after.given[backup.pk] and trial.after.given[ae2.pk]


# --- Promises -------------------------------------------------------------------------------------


@pytest.fixture
def live() -> PolicyVersion:
    found = policies.active_version("inbound", None)
    assert found is not None
    return found


@pytest.fixture
def late(
    clock: time_machine.Traveller, sdr: User, ae: User, account: Account, contact: Contact
) -> list[Handoff]:
    """Three inbound requests: taken in time, taken late, taken by nobody; swept every minute."""
    found = [submitted(sdr=sdr, account=account, contact=contact, lead_source="inbound")]
    found += [another(sdr, account, lead_source="inbound") for _ in range(2)]
    for minute in range(1, 60 * 8):
        clock.move_to(MONDAY + timedelta(minutes=minute), tick=False)
        if minute == 10:
            lifecycle.accept(found[0], by=ae)
        if minute == 55:
            lifecycle.accept(found[1], by=ae)
        if minute % 5 == 0:
            clocks.sweep(timezone.now())
    return found


def test_the_replay_equals_history_alert_by_alert(late: list[Handoff], live: PolicyVersion) -> None:
    now = timezone.now()
    trial = try_out(live, since=after(-1), until=now, now=now)
    assert (trial.handoffs, trial.differs, trial.alerts_differ) == (3, 0, 0)
    fired = Escalation.objects.filter(due_at__lt=now - timedelta(minutes=15))
    assert fired.count() > 5
    assert sum(trial.before.steps.values()) == Escalation.objects.count()
    assert trial.after.steps == trial.before.steps
    told = [pk for pk in Escalation.objects.values_list("told", flat=True) if pk]
    assert trial.before.woken.total() == len(told)
    assert {pk: told.count(pk) for pk in told} == dict(trial.before.woken)
    assert trial.after.woken == trial.before.woken


def test_a_step_that_history_does_not_know_is_told(
    late: list[Handoff], live: PolicyVersion
) -> None:
    Escalation.objects.filter(pk=Escalation.objects.order_by("pk")[0].pk).delete()
    now = timezone.now()
    assert try_out(live, since=after(-1), until=now, now=now).alerts_differ == 1


def test_other_hours_move_what_runs_in_business_hours(
    clock: time_machine.Traveller, sdr: User, account: Account
) -> None:
    another(sdr, account, lead_source="outbound")
    clock.move_to(after(6.5), tick=False)  # half past four: four hours of the office are over
    version = policies.active_version("outbound", account.territory)
    assert version is not None
    now = timezone.now()

    def missed(name: str, opens: str, closes: str) -> int:
        calendar = WorkCalendar.objects.create(name=name, time_zone="UTC")
        WorkInterval.objects.create(calendar=calendar, weekday="mon", opens=opens, closes=closes)
        hours = calendar.current_version().hours()
        trial = try_out(version, since=after(-1), until=now, now=now, hours=hours)
        assert trial.before.missed["accept"] == 1
        return trial.after.missed["accept"]

    assert missed("Short", "09:00", "12:00") == 0
    assert missed("Long", "08:00", "20:00") == 1


def test_other_backups_are_woken_instead(
    late: list[Handoff], north: Territory, backup: User, ae2: User
) -> None:
    now = timezone.now()
    trial = try_coverage(north, [ae2], since=after(-1), until=now, now=now)
    assert (trial.differs, trial.alerts_differ) == (0, 0)
    assert trial.before.steps == trial.after.steps
    # Cleo gets what Ben got, and what nobody could take over from Ben: the manager heard of that
    assert trial.before.woken[backup.pk] - trial.after.woken[backup.pk] == 1
    assert trial.after.woken[ae2.pk] - trial.before.woken[ae2.pk] == 2
    assert trial.before.woken.total() == trial.after.woken.total()
    same = try_coverage(north, [backup], since=after(-1), until=now, now=now)
    assert same.after.woken == same.before.woken


# --- The pages ------------------------------------------------------------------------------------


def test_a_manager_tries_changes_in_the_browser(
    client: Client,
    packages: dict[str, Handoff],
    north: Territory,
    live: PolicyVersion,
    manager: User,
    ae: User,
    ae2: User,
) -> None:
    standard = packages["won"].framework_version
    assert standard is not None
    client.force_login(manager)
    start = client.get("/reports/try/").content.decode()
    pages = {
        "gate": f"/reports/try/standard/{standard.pk}/",
        "coverage": f"/reports/try/territory/{north.pk}/",
        "policy": f"/reports/try/policy/{live.pk}/",
    }
    assert all(address in start for address in pages.values())
    found = client.get(pages["gate"], {"days": 30, **QUOTES}).content.decode()
    assert "3 of 4 packages would have been stopped" in found
    assert packages["open"].account.name in found
    found = client.get(pages["coverage"], {"days": 30, "primary": ae2.pk}).content.decode()
    assert "would have gone to somebody else" in found
    assert "Load per person" in found
    assert "No such handoff was submitted" in client.get(pages["policy"]).content.decode()

    for address, typed in (
        (pages["gate"], {"days": 30, "requires": "quotes"}),
        (pages["gate"], {"days": 30, "requires": "confirmed"}),
        (pages["coverage"], {"days": 30, "primary": ae.pk, "backup1": ae.pk}),
        (pages["policy"], {"days": 0}),
    ):
        refused = client.get(address, typed)
        assert refused.status_code == 422
        assert "field-error" in refused.content.decode()

    table = client.get(pages["gate"], {"days": 30, **QUOTES, "file": "became.csv"})
    lines = table.content.decode().splitlines()
    assert lines[1].startswith("Became an opportunity,0.0,0,3,1.0,1,1")
    sheet = client.get(pages["coverage"], {"days": 30, "file": "shared.xlsx"})
    assert sheet["Content-Type"].startswith("application/vnd.openxmlformats")
    assert client.get(pages["gate"], {"days": 30, "file": "shoe.csv"}).status_code == 404
    client.force_login(ae)
    assert {client.get(address).status_code for address in pages.values()} == {403}
