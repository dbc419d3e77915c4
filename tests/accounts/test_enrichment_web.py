"""Asking a data source over the web: what it is told, and what of its answer is taken."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.enrichment import asking, web
from accounts.models import (
    Account,
    Contact,
    EnrichmentSource,
    Proposal,
)
from team import outward
from team.models import User
from tests.accounts.vendors import (
    Vendor,
    asked_over_the_web,
    enrich,
)
from tests.factories import make_contact


@pytest.fixture
def source(source: EnrichmentSource, vendor: Vendor) -> EnrichmentSource:
    return asked_over_the_web(source, vendor)


def test_a_source_is_asked_with_its_key_and_answers_in_our_names(
    source: EnrichmentSource, vendor: Vendor, contact: Contact, sdr: User
) -> None:
    at = (timezone.now() - timedelta(hours=1)).isoformat()
    vendor.say(200, {"occurred_at": at, "data": {"title": "COO", "phone": "nonsense"}})

    lookup = enrich(contact, sdr)

    ((method, path, headers, _),) = vendor.asked
    assert method == "GET"
    assert path == f"/people?email={contact.email.replace('@', '%40')}"
    assert headers["Authorization"] == "Bearer k-123"
    contact.refresh_from_db()
    assert contact.title == "COO"
    assert lookup.outcome == "Changed: title. Left out, as it cannot be read: phone."


def test_their_own_names_are_read_by_paths(
    source: EnrichmentSource, vendor: Vendor, contact: Contact, sdr: User
) -> None:
    source.their_names = (
        "title = employment.title\nmobile = numbers.0.value\nas_of = seen\nid = id\n"
    )
    source.save()
    vendor.say(
        200,
        {
            "id": "p-9",
            "employment": {"title": "CFO"},
            "numbers": [{"value": "+49 30 90182099"}],
            "seen": "2026-03-01",
        },
    )

    assert enrich(contact, sdr).outcome == "Changed: title, mobile."

    contact.refresh_from_db()
    assert (contact.title, contact.mobile.as_e164) == ("CFO", "+493090182099")
    assert contact.origins.get(field="title").at == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_value_without_a_date_never_replaces_what_a_person_checked(
    source: EnrichmentSource, vendor: Vendor, contact: Contact, sdr: User
) -> None:
    contact.verifications.update(verified_by=sdr)
    checks = contact.verifications.count()
    vendor.say(200, {"data": {"title": "COO", "company": "Elsewhere Ltd"}})

    enrich(contact, sdr)

    contact.refresh_from_db()
    assert contact.title != "COO" and contact.left_on is None
    because = {row.field: row.because for row in Proposal.objects.all()}
    assert because["title"].endswith("and Clearfeed does not say how old theirs is.")
    assert set(because) == {"title", "employer"}
    assert contact.verifications.count() == checks


def test_without_a_place_for_it_what_we_know_is_posted(
    source: EnrichmentSource, vendor: Vendor, account: Account, sdr: User
) -> None:
    source.company_url = vendor.url("/match")
    source.save()
    vendor.say(200, {"employees": 900})

    enrich(account, sdr)

    method, path, _, body = vendor.asked[0]
    assert (method, path) == ("POST", "/match")
    assert json.loads(body) == {"about": "account", "name": account.name, "domain": account.domain}
    account.refresh_from_db()
    assert account.employees == 900


@pytest.mark.parametrize(
    ("status", "content", "sentence"),
    [
        (401, "", "Clearfeed refused our key (401). Enter the right one at the data source."),
        (302, "", "Clearfeed answered from another address (302). Enter that one instead."),
        (422, "", "Clearfeed did not understand the question (422)."),
        (200, b"<html>", "Clearfeed answered, but not with one JSON object in UTF-8."),
        (200, b"\xff\xfe", "Clearfeed answered, but not with one JSON object in UTF-8."),
        (200, {"occurred_at": "2031-01-01T00:00:00Z", "data": {"title": "x"}},
         "Clearfeed dates it 1 Jan 2031, which lies in the future."),
        (200, {"data": {"last_name": "Somebody", "email": "e@f.example"}},
         "Clearfeed answered about somebody with another name."),
    ],
)  # fmt: skip
def test_what_cannot_be_used_fails_with_a_sentence(
    source: EnrichmentSource, vendor: Vendor, contact: Contact, sdr: User,
    status: int, content: Any, sentence: str,
) -> None:  # fmt: skip
    vendor.say(status, content, Location=vendor.url("/elsewhere"))

    lookup = enrich(contact, sdr)

    assert (lookup.state, lookup.outcome) == ("failed", sentence)
    assert len(vendor.asked) == 1  # no redirect was followed


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"data": {}},
        {"data": {"id": "7"}},
        {"data": "x"},
        {"status": "no match", "credits": 41},
        {"data": {"as_of": "2026-03-01"}},
    ],
)
def test_an_answer_without_a_value_is_that_they_know_nothing(
    source: EnrichmentSource, vendor: Vendor, contact: Contact, sdr: User, content: Any
) -> None:
    vendor.say(200, content)
    assert enrich(contact, sdr).outcome == "Clearfeed knows nothing about them."
    vendor.say(404)
    assert enrich(contact, sdr).state == "unknown"


def test_a_busy_source_is_asked_again_when_it_says_and_given_up_in_the_end(
    source: EnrichmentSource, vendor: Vendor, contact: Contact, sdr: User
) -> None:
    vendor.say(429, "", **{"Retry-After": "600"})
    lookup = enrich(contact, sdr)
    assert lookup.state == "waiting"
    assert lookup.next_try_at == timezone.now() + timedelta(minutes=10)
    assert lookup.outcome == "Clearfeed could not answer (429). It is asked again by itself."

    vendor.say(503)
    for hours in (1, 2, 3):
        asking.answer_due(timezone.now() + timedelta(hours=hours))
    lookup.refresh_from_db()
    assert lookup.state == "failed" and len(vendor.asked) == 4
    assert lookup.outcome == (
        "Clearfeed could not answer (503). Asked 4 times. Press “Enrich now” to ask again."
    )


def test_a_host_that_the_operator_did_not_name_is_not_asked(
    source: EnrichmentSource, contact: Contact, sdr: User, settings: Any, vendor: Vendor
) -> None:
    settings.OUTGOING_HOSTS = ["api.vendor.example"]
    lookup = enrich(contact, sdr)
    assert lookup.state == "failed" and "OUTGOING_HOSTS" in lookup.outcome
    assert vendor.asked == []


def test_a_private_address_behind_a_named_host_is_not_asked(
    source: EnrichmentSource, contact: Contact, sdr: User, settings: Any,
    monkeypatch: pytest.MonkeyPatch, vendor: Vendor,
) -> None:  # fmt: skip
    """The rule on addresses that the other tests lift by naming the whole origin."""
    settings.OUTGOING_HOSTS = ["api.vendor.example"]
    source.person_url = "https://api.vendor.example/people?email={email}"
    source.save()
    monkeypatch.setattr(
        outward.socket, "getaddrinfo", lambda *args, **kwargs: [(2, 1, 6, "", ("127.0.0.1", 443))]
    )
    lookup = enrich(contact, sdr)
    assert lookup.state == "failed"
    assert lookup.outcome == "api.vendor.example leads to an address that may not be asked."
    assert vendor.asked == []


def test_what_is_missing_for_the_question_is_said(
    source: EnrichmentSource, account: Account, sdr: User, vendor: Vendor
) -> None:
    nobody = make_contact(account, email="", verified=False)
    assert enrich(nobody, sdr).outcome == "Clearfeed is asked by email, which we do not have yet."
    assert vendor.asked == []


def test_names_that_mean_nothing_here_are_refused() -> None:
    with pytest.raises(ValidationError, match="Line 2"):
        web.check_names("title = x\nshoe_size = y")
    with pytest.raises(ValidationError, match=r"\{shoe\} is not known here"):
        web.check_placeholders("https://a.example/{shoe}", "contact")
    with pytest.raises(ValidationError):
        web.check_placeholders("https://a.example/{email}", "account")
