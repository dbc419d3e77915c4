"""The clock of the machine is set back: nothing turns around, waits for it or looks alive by it."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from handoffs import lifecycle
from handoffs.models import Handoff
from messaging import channels, outbox
from messaging.models import Channel, Message
from sla import clocks, health
from sla.models import Clock, Escalation, Spans
from team.models import Absence, User
from tests.factories import submitted

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)


@pytest.fixture
def handoff(sdr: User, account: object, contact: object) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact, lead_source="inbound")


def test_what_is_done_after_it_comes_after_what_was_done_before(
    handoff: Handoff, ae: User, clock: time_machine.Traveller
) -> None:
    clock.shift(-A_DAY)
    lifecycle.accept(handoff, by=ae)
    lifecycle.record_contact(handoff, by=ae, channel="call")

    kinds = [event.kind for event in handoff.events.all() if event.kind != "confirmation_sent"]
    assert kinds == ["created", "submitted", "accepted", "contacted"]
    assert set(Clock.objects.filter(kind="accept").values_list("state", "elapsed_seconds")) == {
        ("stopped", 0)
    }
    spans = Spans.objects.get(handoff=handoff)
    assert (spans.accept_calendar, spans.contact_calendar, spans.whole_calendar) == (0, 0, 0)


def test_no_time_is_used_up_before_a_clock_began(
    handoff: Handoff, clock: time_machine.Traveller
) -> None:
    clock.shift(-A_DAY)
    for one in Clock.objects.filter(handoff=handoff):
        assert one.elapsed_at(timezone.now()) == timedelta()


def test_a_handoff_is_not_handed_over_before_it_was_submitted(
    handoff: Handoff, ae: User, backup: User, clock: time_machine.Traveller
) -> None:
    clock.shift(-A_DAY)
    now = timezone.now()
    Absence.objects.create(user=ae, starts_at=now - A_DAY, ends_at=now + 9 * A_DAY)
    clocks.sweep()
    handoff.refresh_from_db()

    assert handoff.owner == backup
    assert [event.kind for event in handoff.events.all()] == ["created", "submitted", "reassigned"]
    rows = list(Clock.objects.order_by("pk").values())
    clocks.rebuild(handoff)
    assert list(Clock.objects.order_by("pk").values()) == rows


def test_a_step_that_fired_does_not_fire_again(
    handoff: Handoff, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(hours=1))
    clocks.sweep()
    told = Escalation.objects.count()
    assert told
    clock.shift(-A_DAY)
    clocks.sweep()
    clock.shift(A_DAY)
    clocks.sweep()

    assert Escalation.objects.count() == told


def test_messages_from_before_it_do_not_wait(clock: time_machine.Traveller) -> None:
    def written(number: int, **fields: object) -> Message:
        message = outbox.post(
            event_key=f"event:{number}", medium="email", recipient="a@desk.example", body="Look."
        )
        Message.objects.filter(pk=message.pk).update(**fields)
        return message

    now = timezone.now()
    lease = {"lease_until": now + timedelta(seconds=120), "lease_token": uuid.uuid4()}
    messages = [
        written(1),
        written(2, state="retry", attempts=2, next_try_at=now + timedelta(minutes=2)),
        written(3, state="sending", attempts=1, **lease),
    ]
    clock.shift(-A_DAY)
    outbox.deliver_due()

    for message in messages:
        message.refresh_from_db()
        assert message.state == "sent"


def test_clocks_of_two_machines_that_differ_by_minutes_change_nothing(
    clock: time_machine.Traveller,
) -> None:
    outbox.post(event_key="event:1", medium="email", recipient="a@desk.example", body="Look.")
    clock.shift(timedelta(minutes=-5))
    assert outbox.deliver_due()["sent"] == 0
    clock.shift(timedelta(minutes=5))
    assert outbox.deliver_due()["sent"] == 1


def test_a_channel_is_not_held_until_it_has_caught_up() -> None:
    channel = Channel.objects.create(name="#sales", webhook_url="http://127.0.0.1:9/")
    now = timezone.now()
    channels.hold(channel, now + channels.LONGEST_HOLD)
    assert not channels.take_slot(channel, now)
    assert channels.take_slot(channel, now - A_DAY)


def test_a_heartbeat_from_the_future_is_no_sign_of_life(clock: time_machine.Traveller) -> None:
    health.beat(timezone.now())
    assert health.is_alive(timezone.now())
    clock.shift(-A_DAY)
    assert not health.is_alive(timezone.now())
    assert health.findings(timezone.now())[0].light is health.Light.RED
    health.beat(timezone.now())
    assert health.is_alive(timezone.now())


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), -A_DAY])
def test_people_stay_signed_in(
    client: Client, ae: User, north: object, clock: time_machine.Traveller, jump: timedelta
) -> None:
    client.force_login(ae)
    assert client.get("/queue/").status_code == 200
    clock.shift(jump)
    assert client.get("/queue/").status_code == 200
