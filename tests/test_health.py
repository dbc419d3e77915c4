"""The state of the machinery, for monitoring and for people."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from messaging.models import Channel, Message
from sla import health
from sla.clocks import sweep
from sla.health import Light
from sla.models import Escalation, Heartbeat
from team.models import User
from tests.factories import submitted

pytestmark = pytest.mark.django_db


def light(name: str) -> Light:
    (found,) = [finding for finding in health.findings(timezone.now()) if finding.name == name]
    return found.light


def waiting(**fields: object) -> Message:
    return Message.objects.create(
        **{
            "event_key": f"test:{Message.objects.count()}",
            "medium": "email",
            "recipient": "a@b.example",
            "kind": "reminder",
            "next_try_at": timezone.now(),
            **fields,
        }
    )


def test_healthz_is_red_until_a_worker_beats_and_again_after_two_minutes(
    client: Client, clock: time_machine.Traveller
) -> None:
    assert client.get("/healthz").status_code == 503
    health.beat(timezone.now())
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    clock.shift(120)
    assert client.get("/healthz").status_code == 200
    clock.shift(1)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "red"})


def test_healthz_is_red_and_not_broken_when_the_database_is_down(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**lookup: object) -> None:
        raise DatabaseError("the server closed the connection")

    monkeypatch.setattr(Heartbeat.objects, "filter", gone)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "red"})


def test_healthz_is_only_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
    assert "no-store" in client.head("/healthz")["Cache-Control"]


def test_the_worker_is_green_while_it_beats(clock: time_machine.Traveller) -> None:
    assert light("Worker") is Light.RED
    health.beat(timezone.now())
    assert light("Worker") is Light.GREEN
    clock.shift(121)
    assert light("Worker") is Light.RED


def test_old_heartbeats_of_groups_that_are_gone_are_dropped(clock: time_machine.Traveller) -> None:
    Heartbeat.objects.create(name=health.name_of(1), beat_at=timezone.now())
    clock.shift(timedelta(days=2))
    health.beat(timezone.now())
    assert not Heartbeat.objects.filter(name=health.name_of(1)).exists()


def test_a_due_step_that_nobody_fired_is_red(
    sdr: User, account: object, contact: object, clock: time_machine.Traveller
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    first = handoff.clocks.order_by("next_at").first()
    assert first is not None
    assert light("SLA steps") is Light.GREEN
    clock.move_to(first.next_at + timedelta(minutes=2))
    assert light("SLA steps") is Light.GREEN
    clock.shift(timedelta(minutes=2))
    assert light("SLA steps") is Light.RED


def test_clocks_in_trouble_are_shown_also_when_nothing_tries_them_again(
    client: Client, sdr: User, revops: User, account: object, contact: object
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    assert light("Clocks in trouble") is Light.GREEN
    handoff.clocks.filter(kind="accept").update(trouble="RuntimeError: a bug")
    assert light("Clocks in trouble") is Light.AMBER
    handoff.clocks.filter(kind="accept").update(next_at=None)
    assert light("Clocks in trouble") is Light.RED
    client.force_login(revops)
    assert f'href="/handoffs/{handoff.pk}/"' in client.get("/sla/health/").content.decode()


def test_alerts_that_reached_nobody_are_shown_for_a_week(
    sdr: User, account: object, contact: object, clock: time_machine.Traveller
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    User.objects.update(is_active=False)
    first = handoff.clocks.order_by("next_at").first()
    assert first is not None
    sweep(first.next_at)
    assert "Nobody could be told" in Escalation.objects.earliest("pk").outcome
    assert light("Alerts") is Light.RED
    clock.shift(timedelta(days=8))
    assert light("Alerts") is Light.GREEN


def test_a_message_that_should_have_left_is_red(clock: time_machine.Traveller) -> None:
    waiting()
    assert light("Outbox") is Light.GREEN
    clock.shift(timedelta(minutes=11))
    assert light("Outbox") is Light.RED


def test_a_mail_server_that_is_down_is_red_though_each_mail_waits_for_its_next_try(
    clock: time_machine.Traveller,
) -> None:
    failed = {"state": Message.State.RETRY, "error": "No connection. The mail server hung up."}
    waiting(**failed, next_try_at=timezone.now() + timedelta(hours=6))
    assert light("Outbox") is Light.GREEN
    clock.shift(timedelta(hours=2))
    assert light("Outbox") is Light.RED
    (said,) = [f.words for f in health.findings(timezone.now()) if f.name == "Outbox"]
    assert said.startswith("E-mail does not get through: The mail server hung up.")


def test_the_managers_page_says_when_nobody_is_told(
    client: Client, manager: User, clock: time_machine.Traveller
) -> None:
    client.force_login(manager)
    health.beat(timezone.now())
    assert "not being told" not in client.get("/sla/attention/").content.decode()
    clock.shift(timedelta(minutes=3))
    page = client.get("/sla/attention/").content.decode()
    assert "People are not being told right now" in page
    assert "says what is wrong: Worker." in page


def test_messages_given_up_and_channels_switched_off_ask_for_a_look() -> None:
    assert light("Messages given up") is light("Slack channels") is Light.GREEN
    waiting(state=Message.State.DEAD)
    Channel.objects.create(name="#sales", is_enabled=False, off_reason="The channel is archived")
    assert light("Messages given up") is light("Slack channels") is Light.AMBER


def test_a_schedule_that_is_gone_or_late_is_red(clock: time_machine.Traveller) -> None:
    Schedule.objects.update(next_run=timezone.now())
    assert light("Schedules") is Light.GREEN
    clock.shift(timedelta(minutes=4))
    assert light("Schedules") is Light.RED
    Schedule.objects.all().delete()
    assert light("Schedules") is Light.RED


def test_the_outbox_is_counted_by_state_as_far_as_it_is_open() -> None:
    for state in ("pending", "retry", "retry", "sent", "unknown"):
        waiting(state=state)
    counted = dict(health.outbox())
    assert counted[Message.State.RETRY.label] == 2
    assert Message.State.SENT.label not in counted


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(span: timedelta, words: str) -> None:
    assert health.ago(span) == words


def test_revops_sees_the_numbers_and_a_manager_the_lights(
    client: Client, revops: User, manager: User
) -> None:
    client.force_login(revops)
    page = client.get("/sla/health/").content.decode()
    assert "No worker has run yet" in page
    assert Message.State.RETRY.label in page
    client.force_login(manager)
    page = client.get("/sla/health/").content.decode()
    assert "No worker has run yet" in page
    assert Message.State.RETRY.label not in page


def test_a_rep_and_a_stranger_do_not_see_the_health_page(client: Client, sdr: User) -> None:
    assert client.get("/sla/health/").status_code == 302
    client.force_login(sdr)
    assert client.get("/sla/health/").status_code == 403


def test_the_health_page_costs_the_same_with_many_messages(
    client: Client, revops: User, django_assert_max_num_queries: object
) -> None:
    client.force_login(revops)
    for _ in range(50):
        waiting(state=Message.State.DEAD)
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        client.get("/sla/health/")
