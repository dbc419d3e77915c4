"""Asking data sources about a record: the verb, the worker, and what goes wrong in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.enrichment import asking, web
from accounts.enrichment.providers import Finding, NoUse
from accounts.models import (
    Account,
    Contact,
    EnrichmentSource,
    Lookup,
    SourceRecord,
)
from team.models import User
from tests.accounts.vendors import CSV, Vendor, asked_over_the_web, enrich, take_file
from tests.factories import make_contact


@pytest.fixture
def source(source: EnrichmentSource, vendor: Vendor) -> EnrichmentSource:
    return asked_over_the_web(source, vendor)


def test_pressing_twice_asks_once(
    source: EnrichmentSource, contact: Contact, sdr: User, vendor: Vendor
) -> None:
    vendor.say(404)
    for _ in range(2):
        asking.ask([contact], by=sdr, now=timezone.now())
    assert asking.answer_due(timezone.now())["unknown"] == 1
    assert Lookup.objects.count() == len(vendor.asked) == 1


def test_where_nobody_can_be_asked_a_sentence_says_what_to_do(contact: Contact, sdr: User) -> None:
    with pytest.raises(ValidationError, match="A RevOps admin sets one up under Data sources"):
        asking.ask([contact], by=sdr, now=timezone.now())


def test_only_so_many_questions_a_day(
    source: EnrichmentSource, account: Account, sdr: User, vendor: Vendor
) -> None:
    EnrichmentSource.objects.update(per_day=1)
    vendor.say(404)
    people = [make_contact(account), make_contact(account)]
    asking.ask(people, by=sdr, now=timezone.now())

    assert asking.answer_due(timezone.now()) == {
        "answered": 0, "unknown": 1, "failed": 0, "later": 1,
    }  # fmt: skip
    assert len(vendor.asked) == 1
    with time_machine.travel(datetime(2026, 3, 3, 0, 0, tzinfo=UTC), tick=False):
        assert asking.answer_due(timezone.now())["unknown"] == 1


def test_a_worker_that_dies_over_a_question_leaves_it_to_the_next(
    source: EnrichmentSource, contact: Contact, sdr: User, vendor: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    class Killed(BaseException):
        pass

    def die(self: web.WebProvider, question: Any) -> None:
        raise Killed

    asking.ask([contact], by=sdr, now=timezone.now())
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(web.WebProvider, "look_up", die)
        asking.answer_due(timezone.now())
    vendor.say(404)
    assert asking.answer_due(timezone.now())["unknown"] == 0  # the lease still stands
    assert asking.answer_due(timezone.now() + timedelta(minutes=3))["unknown"] == 1


def test_an_answer_that_nobody_waits_for_any_more_is_not_taken(
    source: EnrichmentSource, contact: Contact, sdr: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the person is erased, or the lease runs out, while the vendor thinks."""

    def late(self: web.WebProvider, question: Any) -> Finding:
        Lookup.objects.update(state="failed", next_try_at=None)
        return Finding({"title": "CRO"}, timezone.now())

    before = contact.title
    monkeypatch.setattr(web.WebProvider, "look_up", late)
    asking.ask([contact], by=sdr, now=timezone.now())
    assert asking.answer_due(timezone.now())["answered"] == 0
    contact.refresh_from_db()
    assert contact.title == before
    assert Lookup.objects.get().state == "failed"


def test_asking_about_many_costs_as_much_as_about_one(
    of_file: EnrichmentSource, account: Account, sdr: User, django_assert_max_num_queries: Any
) -> None:
    take_file(of_file, CSV)
    people = [make_contact(account) for _ in range(20)]
    with django_assert_max_num_queries(6):
        assert asking.ask(people, by=sdr, now=timezone.now()) == 20


def test_a_source_that_breaks_us_does_not_stop_the_others(
    source: EnrichmentSource, of_file: EnrichmentSource, contact: Contact, sdr: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def broken(self: web.WebProvider, question: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(web.WebProvider, "look_up", broken)
    take_file(of_file, CSV)
    asking.ask([contact], by=sdr, now=timezone.now())
    assert asking.answer_due(timezone.now()) == {
        "answered": 1, "unknown": 0, "failed": 0, "later": 1,
    }  # fmt: skip


def test_their_id_of_a_record_is_what_they_are_asked_by(
    source: EnrichmentSource, contact: Contact, sdr: User, vendor: Vendor
) -> None:
    source.person_url = vendor.url("/p/{id}")
    source.save()
    with pytest.raises(NoUse):
        web.WebProvider(source).look_up(asking.question_about(contact, source.pk))
    SourceRecord.objects.create(source=source, kind="contact", key="p/7", contact=contact)
    vendor.say(404)
    enrich(contact, sdr)
    assert vendor.asked[0][1] == "/p/p%2F7"
