"""What comes back: contested rejections with their rulings, and what had to be asked again."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
import time_machine
from django.test import Client

from accounts.models import Account, Contact
from handoffs import feedback, lifecycle
from handoffs.models import Contest, Criterion, Handoff, Reason
from handoffs.refusal import TransitionRefused
from messaging.models import Message
from team.models import User, WorkCalendar, WorkInterval
from tests.factories import accepted, submitted

pytestmark = pytest.mark.django_db

ARGUMENT = "She said herself that forty-five thousand are approved."


@pytest.fixture
def rejected(sdr: User, ae: User, account: Account, contact: Contact) -> Handoff:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    reason = Reason.objects.filter(use=Reason.Use.REJECT).first()
    budget = Criterion.objects.get(version=handoff.framework_version, code="budget")
    assert reason is not None
    note = "There is no budget behind it, only a wish."
    return lifecycle.reject(handoff, by=ae, reason=reason, note=note, criterion=budget)


@pytest.fixture
def met(sdr: User, account: Account, contact: Contact) -> Handoff:
    handoff = accepted(sdr=sdr, account=account, contact=contact)
    handoff.meetings.update(status="held")
    return handoff


def test_a_rejection_cites_the_criterion(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    budget = Criterion.objects.get(version=handoff.framework_version, code="budget")
    reason = Reason.objects.filter(use=Reason.Use.REJECT).first()
    assert reason is not None
    client.force_login(ae)
    typed = {"reason": reason.pk, "note": "There is only a wish.", "criterion": budget.pk}
    assert client.post(f"/handoffs/{handoff.pk}/reject/", typed).status_code == 302
    assert handoff.events.get(kind="rejected").data["criterion"] == "budget"
    client.force_login(sdr)
    assert f"({budget.name})" in client.get(f"/handoffs/{handoff.pk}/").content.decode()


def test_a_criterion_of_another_standard_is_refused(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    other = Criterion.objects.exclude(version=handoff.framework_version).first()
    reason = Reason.objects.filter(use=Reason.Use.REJECT).first()
    assert reason is not None
    with pytest.raises(TransitionRefused, match="standard this was written under"):
        lifecycle.reject(
            handoff, by=ae, reason=reason, note="There is only a wish.", criterion=other
        )


def test_the_sdr_contests_and_the_manager_rules(
    client: Client, rejected: Handoff, sdr: User, ae: User, manager: User
) -> None:
    client.force_login(sdr)
    assert "Contest the rejection" in client.get(f"/handoffs/{rejected.pk}/").content.decode()
    typed = {"argument": ARGUMENT}
    assert client.post(f"/handoffs/{rejected.pk}/contest/", typed).status_code == 302
    case = Contest.objects.get()
    assert case.criterion is not None
    assert case.criterion.code == "budget"  # the one that the rejection cites
    assert client.post(f"/handoffs/{rejected.pk}/contest/", typed).status_code == 409
    assert Message.objects.filter(kind="handoff_contested", person=manager).exists()

    client.force_login(ae)
    assert client.get(f"/handoffs/{rejected.pk}/rule/").status_code == 403

    client.force_login(manager)
    home = client.get("/").content.decode()
    assert "Contested rejections" in home
    assert ARGUMENT in home
    ruling = {"ruling": "overturned", "because": "The evidence names the sum and the month."}
    assert client.post(f"/handoffs/{rejected.pk}/rule/", ruling).status_code == 302
    assert "Contested rejections" not in client.get("/").content.decode()
    page = client.get(f"/handoffs/{rejected.pk}/").content.decode()
    assert "The rejection was wrong" in page
    assert client.post(f"/handoffs/{rejected.pk}/rule/", ruling).status_code == 409
    rejected.refresh_from_db()
    assert rejected.status == Handoff.Status.REJECTED
    assert Message.objects.filter(kind="handoff_ruled", person=ae).exists()


@pytest.mark.parametrize(
    ("rejected_at", "until"),
    [
        ("2026-03-02 10:00", "2026-03-04 17:00"),  # Monday: until Wednesday evening
        ("2026-03-06 16:30", "2026-03-10 17:00"),  # Friday: until Tuesday evening
        ("2026-03-07 12:00", "2026-03-10 17:00"),  # a Saturday is not a working day
    ],
)
def test_two_working_days_are_the_two_that_follow(
    rejected: Handoff, rejected_at: str, until: str
) -> None:
    event = feedback.rejection_of(rejected)
    assert event is not None
    event.occurred_at = datetime.fromisoformat(rejected_at).replace(tzinfo=UTC)
    assert feedback.contest_until(event) == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_around_the_clock_a_working_day_ends_at_midnight(
    rejected: Handoff, calendar: WorkCalendar
) -> None:
    calendar.intervals.all().delete()
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        WorkInterval.objects.create(calendar=calendar, weekday=day, opens="00:00", closes="24:00")
    event = feedback.rejection_of(Handoff.objects.get(pk=rejected.pk))
    assert event is not None
    assert feedback.contest_until(event) == datetime(2026, 3, 5, tzinfo=UTC)


def test_after_two_working_days_it_stands(
    client: Client, clock: time_machine.Traveller, rejected: Handoff, sdr: User
) -> None:
    clock.shift(timedelta(days=2, hours=8))
    client.force_login(sdr)
    page = client.get(f"/handoffs/{rejected.pk}/").content.decode()
    assert f"/handoffs/{rejected.pk}/contest/" not in page
    answer = client.post(f"/handoffs/{rejected.pk}/contest/", {"argument": ARGUMENT})
    assert answer.status_code == 409
    assert "within two working days" in answer.content.decode()


def test_nobody_rules_on_their_own_case(rejected: Handoff, sdr: User, ae: User) -> None:
    case = feedback.contest(rejected, by=sdr, argument=ARGUMENT)
    for side in (sdr, ae):
        with pytest.raises(TransitionRefused, match="own case"):
            feedback.rule(case, by=side, ruling="upheld", because="It stands as it was said.")


def test_what_was_asked_again_reaches_the_sdr(
    client: Client, met: Handoff, ae: User, sdr: User
) -> None:
    client.force_login(ae)
    assert "What did you have to ask again?" in client.get(f"/handoffs/{met.pk}/").content.decode()
    typed = {"budget": "vague", "committee": "missing"}
    assert client.post(f"/handoffs/{met.pk}/asked-again/", typed).status_code == 302
    kept = set(met.asked_again.values_list("section", "field", "why"))
    assert kept == {("qualification", "budget", "vague"), ("committee", "committee", "missing")}
    client.force_login(sdr)
    page = client.get(f"/handoffs/{met.pk}/").content.decode()
    assert "Asked again in the call" in page
    assert "too vague to use" in page


def test_nothing_asked_again_is_an_answer_too(client: Client, met: Handoff, ae: User) -> None:
    client.force_login(ae)
    assert client.post(f"/handoffs/{met.pk}/asked-again/", {}).status_code == 302
    assert "Nothing had to be asked again" in client.get(f"/handoffs/{met.pk}/").content.decode()


def test_it_is_asked_after_the_meeting_only(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    taken = accepted(sdr=sdr, account=account, contact=contact)
    client.force_login(ae)
    assert client.post(f"/handoffs/{taken.pk}/asked-again/", {}).status_code == 409
    taken.meetings.update(status="held")
    with pytest.raises(TransitionRefused, match="part of the package"):
        feedback.record_asked_again(taken, by=ae, fields={"shoe size": "missing"})


def test_the_opportunity_is_taken_along_without_formulas(
    client: Client, met: Handoff, ae: User, other_ae: User
) -> None:
    client.force_login(ae)
    assert client.get(f"/handoffs/{met.pk}/opportunity.csv").status_code == 404
    met.quotes.update(speaker="=cmd|' /C calc'!A0", text="We lose deals over slow quotes.")
    Handoff.objects.filter(pk=met.pk).update(industry="=HYPERLINK(1)")
    lifecycle.record_contact(met, by=ae, channel="call")
    typed = {"amount": "45000", "external_id": "006A"}
    assert client.post(f"/handoffs/{met.pk}/opportunity/", typed).status_code == 302
    page = client.get(f"/handoffs/{met.pk}/").content.decode()
    assert f"/handoffs/{met.pk}/opportunity.xlsx" in page

    sheet = client.get(f"/handoffs/{met.pk}/opportunity.csv")
    (row,) = csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig")))
    assert (row["account"], row["amount_usd"]) == ("Acme Robotics", "45000.00")
    assert row["industry"] == "'=HYPERLINK(1)"
    assert row["quotes"].startswith("'=cmd")
    assert row["qualification_budget_evidence"]

    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"/handoffs/{met.pk}/opportunity.xlsx").content)
    )
    heads, cells = (list(line) for line in book["Opportunity"].iter_rows(values_only=True))
    assert dict(zip(heads, cells, strict=True))["industry"] == "'=HYPERLINK(1)"

    document = json.loads(client.get(f"/handoffs/{met.pk}/opportunity.json").content)
    assert document["opportunity"]["id"] == "006A"
    assert document["package"]["contact"]["name"] == "Priya Nair"

    client.force_login(other_ae)
    assert client.get(f"/handoffs/{met.pk}/opportunity.csv").status_code == 404


def test_contest_and_ruling_stand_in_the_history(
    client: Client, rejected: Handoff, sdr: User, manager: User
) -> None:
    case = feedback.contest(rejected, by=sdr, argument=ARGUMENT)
    because = "The evidence names the sum and the month."
    feedback.rule(case, by=manager, ruling="overturned", because=because)
    client.force_login(sdr)
    page = client.get(f"/handoffs/{rejected.pk}/").content.decode()
    assert "Sam Ortiz contested the rejection." in page
    assert "Mara Lindt ruled: the rejection was wrong." in page
    kinds = rejected.events.order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["contested", "ruled"]


def test_a_rejection_asks_both_sides_for_a_short_talk(
    client: Client, rejected: Handoff, sdr: User, ae: User, other_ae: User
) -> None:
    assert "Take ten minutes with Ana Silva" in Message.objects.get(kind="handoff_rejected").body
    for person, other in ((sdr, "With Ana Silva"), (ae, "With Sam Ortiz")):
        client.force_login(person)
        home = client.get("/").content.decode()
        assert "Talk it over: ten minutes" in home
        assert other in home
        assert (
            "Take ten minutes together" in client.get(f"/handoffs/{rejected.pk}/").content.decode()
        )
    address = f"/handoffs/{rejected.pk}/talk/"
    thin = client.post(address, {"note": "ok"})
    assert thin.status_code == 422
    typed = {"note": "Sam asks who signs before he books."}
    assert client.post(address, typed).status_code == 302
    event = rejected.events.get(kind="talked")
    assert (event.actor, event.note) == (ae, "Sam asks who signs before he books.")
    for person in (sdr, ae):
        client.force_login(person)
        assert "Talk it over" not in client.get("/").content.decode()
        page = client.get(f"/handoffs/{rejected.pk}/").content.decode()
        assert "Take ten minutes together" not in page
        assert "talked the rejection over" in page
        assert client.post(address, typed).status_code == 409
    client.force_login(other_ae)
    assert client.post(address, typed).status_code == 404


def test_a_duplicate_needs_no_talk_and_after_two_weeks_nobody_is_asked(
    client: Client,
    clock: time_machine.Traveller,
    rejected: Handoff,
    sdr: User,
    ae: User,
    account: Account,
    contact: Contact,
) -> None:
    twice = submitted(sdr=sdr, account=account, contact=contact)
    note = "It is the same deal as the other handoff."
    lifecycle.reject(twice, by=ae, reason="duplicate", note=note)
    assert list(feedback.to_talk_over(sdr, rejected.closed_at)) == [rejected]
    client.force_login(sdr)
    page = client.get(f"/handoffs/{twice.pk}/").content.decode()
    assert "Take ten minutes together" not in page
    assert not feedback.to_talk_over(sdr, rejected.closed_at + timedelta(days=15)).exists()
