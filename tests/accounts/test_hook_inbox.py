"""Received updates are read in any order, each once, whatever breaks in between."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.hooks import inbox, updates
from accounts.models import (
    Contact,
    EnrichmentSource,
    InboundEvent,
)
from team.models import User
from tests.accounts import deliveries
from tests.accounts.hooks import ago, event, post, receive


def test_shuffled_doubles_end_as_the_ordered_ones_do(
    source: EnrichmentSource, clock: time_machine.Traveller
) -> None:
    deliveries.companies()
    told = deliveries.story(150, people=12, start=ago(days=2))
    for delivery in told:
        assert post(source, *delivery).status_code == 202
        inbox.process_due()
    ordered = deliveries.state_of(source)
    assert deliveries.effects() == 150

    mixed = EnrichmentSource.objects.create(
        name=source.name + " 2", slug="again", is_enabled=True, per_minute=60_000
    )
    Contact.objects.update(email="", external_id="")
    InboundEvent.objects.all().delete()
    source.records.all().delete()
    Contact.objects.all().delete()
    for index, delivery in enumerate(deliveries.shuffled_with_doubles(told)):
        assert post(mixed, *delivery).status_code == 202
        if index % 20 == 0:
            inbox.process_due()
    inbox.process_due()
    inbox.process_due()

    assert deliveries.effects() == 150
    assert deliveries.state_of(mixed) == ordered


def test_an_older_update_that_comes_later_changes_nothing(
    source: EnrichmentSource, contact: Contact
) -> None:
    body = event("contact.updated", ago(days=1), id="c-1", email=contact.email, title="CRO")
    receive(source, "new", body)
    old = receive(source, "old", event("contact.updated", ago(days=2), id="c-1", title="COO"))

    contact.refresh_from_db()
    assert contact.title == "CRO"
    assert old.outcome == "Older than what we have: title."


def test_two_updates_of_one_instant_end_the_same_in_either_order(
    source: EnrichmentSource, contact: Contact
) -> None:
    at = ago(hours=1)
    first = event("contact.updated", at, email=contact.email, title="CRO")
    second = event("contact.updated", at, email=contact.email, title="COO")
    receive(source, "b", second)
    receive(source, "a", first)
    contact.refresh_from_db()
    assert contact.title == "COO"


def test_others_write_between_two_of_many(
    source: EnrichmentSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[None] = []
    monkeypatch.setattr("accounts.hooks.inbox.give_way", lambda: made.append(None))
    for number in range(3):
        post(source, str(number), event("contact.updated", ago(hours=1), id="c-1", title="CRO"))

    inbox.process_due()

    assert len(made) == 3


def test_an_update_that_comes_before_its_contact_waits_for_it(source: EnrichmentSource) -> None:
    early = receive(source, "2", event("contact.updated", ago(hours=1), id="c-1", title="CRO"))
    assert early.state == "parked"

    receive(
        source, "1", event("contact.created", ago(hours=2), id="c-1", last_name="Nair", title="COO")
    )
    inbox.process_due()

    early.refresh_from_db()
    assert early.state == "done"
    assert Contact.objects.get().title == "CRO"


def test_one_whose_record_never_comes_is_given_up_after_a_day(
    source: EnrichmentSource, clock: time_machine.Traveller
) -> None:
    early = receive(source, "2", event("contact.updated", id="c-1", title="CRO"))
    clock.shift(timedelta(hours=23))
    inbox.process_due()
    early.refresh_from_db()
    assert early.state == "parked"
    clock.shift(timedelta(hours=1))
    inbox.process_due()
    early.refresh_from_db()
    assert (early.state, early.outcome) == (
        "unmatched",
        "We have no such contact. It waits for one for a day.",
    )


def test_a_crash_between_storing_and_reading_loses_nothing(
    source: EnrichmentSource,
    contact: Contact,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: object, **kwargs: object) -> None:
        raise Killed

    post(source, "1", event("contact.updated", ago(hours=1), email=contact.email, title="CRO"))
    with monkeypatch.context() as patch:
        patch.setattr(updates, "_verify", die)  # after the values were written
        with pytest.raises(Killed):
            inbox.process_due()
    contact.refresh_from_db()
    assert contact.title == "Head of Sales Operations"

    assert inbox.process_due()["done"] == 0  # the lease still stands
    clock.shift(inbox.LEASE)
    assert inbox.process_due()["done"] == 1
    assert inbox.process_due()["done"] == 0
    contact.refresh_from_db()
    assert contact.title == "CRO"
    assert contact.changes.count() == 1


def test_looks_for_a_record_are_no_failed_tries(
    source: EnrichmentSource, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the database is busy")

    early = receive(source, "1", event("contact.updated", id="c-1", title="CRO"))
    for _ in range(inbox.MOST_TRIES):
        clock.shift(inbox.LOOK_AGAIN)
        assert inbox.process_due()["parked"] == 1
    clock.shift(inbox.LOOK_AGAIN)
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "apply", broken)
        assert inbox.process_due()["retry"] == 1
    early.refresh_from_db()
    assert early.state == "parked"


def test_one_that_kills_its_worker_again_and_again_is_given_up(
    source: EnrichmentSource, contact: Contact, clock: time_machine.Traveller
) -> None:
    post(source, "1", event("contact.updated", email=contact.email, title="CRO"))
    InboundEvent.objects.update(attempts=inbox.MOST_TRIES)
    assert inbox.process_due()["failed"] == 1
    assert InboundEvent.objects.get().state == "failed"


def test_one_that_breaks_on_our_side_is_tried_again_and_holds_up_nobody(
    source: EnrichmentSource,
    contact: Contact,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a bug")

    post(source, "1", event("contact.left", ago(hours=2), email=contact.email))
    post(source, "2", event("contact.updated", ago(hours=1), email=contact.email, title="CRO"))
    with monkeypatch.context() as patch:
        patch.setattr(updates, "leave", broken)
        found = inbox.process_due()
    assert (found["done"], found["retry"]) == (1, 1)
    clock.shift(timedelta(minutes=1))
    assert inbox.process_due()["done"] == 1


def test_deliveries_are_forgotten_after_thirty_days(
    source: EnrichmentSource, contact: Contact, clock: time_machine.Traveller
) -> None:
    body = event("contact.updated", email=contact.email, title="CRO")
    receive(source, "1", body)
    clock.shift(timedelta(days=30))
    assert inbox.clean(timezone.now()) == 0
    assert post(source, "1", body).json()["status"] == "duplicate"
    clock.shift(timedelta(seconds=1))
    assert inbox.clean(timezone.now()) == 1


def test_what_was_not_done_is_read_again_but_for_what_was_emptied(
    source: EnrichmentSource, revops: User
) -> None:
    early = receive(source, "1", event("contact.updated", id="c-1", title="CRO"))
    gone = receive(source, "2", event("contact.updated", id="c-2", title="CRO"))
    InboundEvent.objects.filter(pk=gone.pk).update(state="refused", body="", outcome="Erased.")
    desk = Client()
    desk.force_login(revops)
    url = reverse("admin:accounts_inboundevent_changelist")
    data = {"action": "read_again", "_selected_action": [early.pk, gone.pk]}
    page = desk.post(url, data, follow=True)
    assert "1 will be read again." in page.content.decode()
    early.refresh_from_db()
    gone.refresh_from_db()
    assert (early.state, gone.state, gone.outcome) == ("waiting", "refused", "Erased.")
