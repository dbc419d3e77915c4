"""The address for signed updates: every bad delivery gets a clear 4xx, every good one is kept."""

import gzip
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.hooks import door, inbox
from accounts.models import Contact, EnrichmentSource, InboundEvent
from tests.accounts.hooks import event, headers_for, post


@pytest.fixture
def source(db: None) -> EnrichmentSource:
    return EnrichmentSource.objects.create(name="Clearfeed", slug="clearfeed", is_enabled=True)


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    from django.core.cache import cache

    cache.clear()


def good(**data: Any) -> str:
    return event("contact.updated", id="c-1", title="CRO", **data)


def test_a_signed_update_is_stored_and_answered_at_once(
    source: EnrichmentSource, contact: Contact
) -> None:
    response = post(source, "msg_1", good(email=contact.email))

    assert response.status_code == 202
    assert response.json() == {"status": "accepted", "id": "msg_1"}
    kept = InboundEvent.objects.get()
    assert (kept.state, kept.kind, kept.record_key) == ("waiting", "contact.updated", "contact:c-1")
    contact.refresh_from_db()
    assert contact.title == "Head of Sales Operations"  # the worker reads it, not the door


def test_what_comes_in_the_clear_is_refused_and_not_sent_on(
    source: EnrichmentSource, settings: Any
) -> None:
    settings.HTTPS = settings.SECURE_SSL_REDIRECT = True
    response = post(source, "msg_1", good())
    assert (response.status_code, response.json()["error"]) == (403, "https_required")
    assert not InboundEvent.objects.exists()
    assert post(source, "msg_1", good(), secure=True).status_code == 202


def test_the_same_delivery_again_is_taken_and_does_nothing(source: EnrichmentSource) -> None:
    body = good()
    assert post(source, "msg_1", body).json()["status"] == "accepted"
    again = post(source, "msg_1", body)
    assert (again.status_code, again.json()["status"]) == (202, "duplicate")
    assert InboundEvent.objects.count() == 1


def test_an_id_with_another_body_is_refused_and_logged(
    source: EnrichmentSource, caplog: pytest.LogCaptureFixture
) -> None:
    post(source, "msg_1", good())
    with caplog.at_level(logging.WARNING):
        answer = post(source, "msg_1", good(city="secret street"))
    assert answer.status_code == 409
    assert "security" in caplog.text and "secret street" not in caplog.text


def test_two_sources_may_use_one_id(source: EnrichmentSource) -> None:
    other = EnrichmentSource.objects.create(name="Other", slug="other", is_enabled=True)
    assert post(source, "msg_1", good()).json()["status"] == "accepted"
    assert post(other, "msg_1", good()).json()["status"] == "accepted"
    assert InboundEvent.objects.count() == 2


def test_a_source_that_is_off_or_unknown_takes_nothing(source: EnrichmentSource) -> None:
    EnrichmentSource.objects.update(is_enabled=False)
    assert post(source, "msg_1", good()).status_code == 404
    source.slug = "nobody"
    assert post(source, "msg_1", good()).status_code == 404
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_answered(source: EnrichmentSource, method: str) -> None:
    response = getattr(Client(), method)("/hooks/enrichment/clearfeed/")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert response.json()["error"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"webhook-signature": None}, 401),
        ({"webhook-signature": ""}, 401),
        ({"webhook-signature": "v1"}, 401),
        ({"webhook-signature": "v1,a,b"}, 401),
        ({"webhook-signature": "v1,YWJj"}, 401),
        ({"webhook-timestamp": None}, 401),
        ({"webhook-timestamp": "nan"}, 401),
        ({"webhook-timestamp": "9" * 30}, 401),
        ({"webhook-id": None}, 400),
        ({"webhook-id": "x" * 300}, 400),
        ({"webhook-id": "a.b"}, 400),
        ({"content-encoding": "gzip"}, 415),
    ],
)
def test_headers_that_do_not_fit_are_refused(
    source: EnrichmentSource, headers: dict[str, str | None], status: int
) -> None:
    response = post(source, "msg_1", good(), headers=headers)
    assert response.status_code == status
    assert response.json()["detail"]
    assert not InboundEvent.objects.exists()


def test_a_secret_of_another_source_is_refused(source: EnrichmentSource) -> None:
    other = EnrichmentSource.objects.create(name="Other", slug="other", is_enabled=True)
    headers = headers_for(other, "msg_1", good())
    assert post(source, "msg_1", good(), headers=headers).status_code == 401


def test_a_replay_after_ten_minutes_is_refused(
    source: EnrichmentSource, caplog: pytest.LogCaptureFixture
) -> None:
    ago = timezone.now() - timedelta(minutes=10)
    with caplog.at_level(logging.WARNING):
        response = post(source, "msg_1", good(), at=ago)
    assert response.status_code == 401
    assert "outside 5 minutes" in response.json()["detail"]
    assert "outside 5 minutes" in caplog.text


def test_both_secrets_are_good_for_a_day_after_a_change(
    source: EnrichmentSource, clock: time_machine.Traveller
) -> None:
    old = EnrichmentSource.objects.get()
    source.renew_secret(timezone.now())
    assert post(old, "msg_1", good()).status_code == 202
    assert post(source, "msg_2", good()).status_code == 202
    clock.shift(timedelta(hours=24))
    assert post(old, "msg_3", good()).status_code == 401
    assert post(source, "msg_4", good()).status_code == 202


def test_the_old_secret_can_be_ended_at_once(source: EnrichmentSource) -> None:
    old = EnrichmentSource.objects.get()
    source.renew_secret(timezone.now())
    source.drop_old_secret()
    assert post(old, "msg_1", good()).status_code == 401


DEEP = '{"a":' * 1000 + "1" + "}" * 1000
DEEPEST = '{"a":' * 100_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"   ", 400),
        (b"\xff\xfe{}", 400),
        (b'{"type": "contact.upd', 400),
        (b"[1, 2]", 400),
        (b'"text"', 400),
        (b"null", 400),
        (DEEP.encode(), 400),
        (DEEPEST[: door.MOST_BYTES].encode(), 400),
        (b'{"type": NaN}', 400),
        (b'{"type": Infinity}', 400),
        (b'{"type": "contact.updated", "data": {"employees": 1e999}}', 400),
        (b'{"a": 1, "a": 2}', 400),
        (b'{"n": ' + b"9" * 10_000 + b"}", 400),
        (gzip.compress(b"{}", mtime=0), 400),
        (b" " * (door.MOST_BYTES + 1), 413),
        (b"{}", 422),
        (b'{"type": 7}', 422),
        (b'{"type": "contact.updated"}', 422),
    ],
)
def test_a_body_that_is_no_update_is_refused(
    source: EnrichmentSource, body: bytes, status: int
) -> None:
    response = post(source, "msg_1", body)
    assert response.status_code == status, response.content
    assert set(response.json()) == {"error", "detail", "id"}
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"data": "text"}, "data"),
        ({"data": {}}, "data"),
        ({"data": {"id": ["x"]}}, "data.id"),
        ({"data": {"id": "x" * 65}}, "data.id"),
        ({"data": {"id": "c-1", "title": 7}}, "data.title"),
        ({"data": {"id": "c-1", "title": "x" * 121}}, "data.title"),
        ({"data": {"id": "c-1", "title": "a\nb"}}, "data.title"),
        ({"data": {"id": "c-1", "title": "a\x00b"}}, "data.title"),
        ({"data": {"id": "c-1", "other": ["\x00"]}}, "data.other[0]"),
        ({"data": {"id": "c-1", "other": "\ud800"}}, "data.other"),
        ({"data": {"id": "c-1", "email": "a@@b.co"}}, "data.email"),
        ({"data": {"id": "c-1", "phone": "call me"}}, "data.phone"),
        ({"data": {"id": "c-1", "profile_url": "javascript:alert(1)"}}, "data.profile_url"),
        ({"data": {"id": "c-1", "company": 5}}, "data.company"),
        ({"type": "contact.bounced", "data": {"id": "c-1"}}, "data"),
        ({"data": {"id": "c-1", "company": {"name": "x" * 121}}}, "data.company.name"),
        ({"data": {"id": "c-1", "company": {"domain": "gmail.com"}}}, "data.company"),
        ({"occurred_at": None}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": 1772445600}, "occurred_at"),
        ({"occurred_at": "2026-03-02T10:00:00"}, "occurred_at"),
        ({"occurred_at": "2026-02-30T10:00:00Z"}, "occurred_at"),
        ({"occurred_at": "1999-12-31T23:59:59Z"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "2026-03-02T10:05:01Z"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "occurred_at"),
    ],
)
def test_a_field_that_does_not_fit_is_named(
    source: EnrichmentSource, changes: dict[str, Any], path: str
) -> None:
    update = json.loads(good()) | changes
    response = post(source, "msg_1", json.dumps(update))
    assert response.status_code == 422, response.content
    assert response.json()["detail"].startswith(f"{path}:")
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("employees", -1), ("employees", "1e3"), ("employees", 10**400), ("employees", True),
     ("annual_revenue", "NaN"), ("country", "Germany"), ("domain", "no domain"), ("name", " \n")],
)  # fmt: skip
def test_a_company_value_that_does_not_fit_is_named(
    source: EnrichmentSource, field: str, value: Any
) -> None:
    response = post(source, "msg_1", event("account.updated", id="a-1", **{field: value}))
    assert response.status_code == 422, response.content
    assert response.json()["detail"].startswith(f"data.{field}:")


def test_an_unknown_kind_is_taken_and_ignored(source: EnrichmentSource) -> None:
    response = post(source, "msg_1", event("invoice.paid", id="9"))
    assert (response.status_code, response.json()["status"]) == (202, "ignored")
    assert InboundEvent.objects.get().state == "ignored"


def test_a_flood_is_asked_to_wait(source: EnrichmentSource) -> None:
    EnrichmentSource.objects.update(per_minute=60)
    answers = [post(source, f"msg_{n}", good()) for n in range(70)]
    assert {answer.status_code for answer in answers[:60]} == {202}
    assert {answer.status_code for answer in answers[60:]} == {429}
    assert answers[-1]["Retry-After"] == "30"
    assert InboundEvent.objects.count() == 60


def test_who_cannot_sign_does_not_use_up_the_minute_of_a_source(source: EnrichmentSource) -> None:
    EnrichmentSource.objects.update(per_minute=60)
    for _ in range(80):
        assert (
            post(source, "msg_1", good(), headers={"webhook-signature": "v1,YQ=="}).status_code
            == 401
        )
    assert post(source, "msg_1", good()).status_code == 202


def test_a_source_that_sends_faster_than_we_read_is_asked_to_wait(
    source: EnrichmentSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_WAITING", 3)
    answers = [post(source, f"msg_{n}", good()).status_code for n in range(120)]
    assert answers[:100] == [202] * 100
    assert set(answers[100:]) == {429}


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_hundred_at_once_have_one_effect(source: EnrichmentSource, contact: Contact) -> None:
    body = event("contact.updated", email=contact.email, title="CRO")

    def send(number: int) -> int:
        try:
            return int(post(source, "msg_1", body).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(send, range(100))) == {202}
    assert InboundEvent.objects.count() == 1
    assert inbox.process_due()["done"] == 1
    assert contact.changes.count() == 1


def test_a_secret_is_never_in_the_log(
    source: EnrichmentSource, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        post(source, "msg_1", good(), headers={"webhook-signature": "v1,YQ=="})
        post(source, "msg_2", event("contact.updated", id="c", email="who@@where"))
    assert source.secret not in caplog.text and "who@" not in caplog.text
