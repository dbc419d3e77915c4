"""What machines are told: readiness, figures, and log lines; never anything of a person."""

import io
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Contact
from config.logs import Json, Line
from messaging.models import Message
from sla import health
from team.models import User
from tests.factories import PASSWORD, make_contact, submitted
from tests.test_errors import Away

pytestmark = pytest.mark.django_db

TOKEN = "a-token-of-twenty-characters-or-more"
ACCESS = "handoffdesk.access"
CANARY = "Zanzibarovich"


@pytest.fixture
def scrape(settings: object, client: Client) -> object:
    """The figures, as {name and labels: value}."""
    settings.METRICS_TOKEN = TOKEN  # type: ignore[attr-defined]

    def read() -> dict[str, float]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        lines = answer.content.decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    return read


# --- Readiness ------------------------------------------------------------------------------------


def test_ready_as_long_as_the_database_answers_whatever_the_worker_does(client: Client) -> None:
    assert client.get("/healthz").status_code == 503, "no worker"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True})
    with connection.execute_wrapper(Away()):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})


def test_not_ready_while_a_migration_of_this_release_is_missing(client: Client) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="sla").first().delete()
    assert client.get("/readyz").status_code == 503


# --- Figures --------------------------------------------------------------------------------------


def test_the_figures_are_for_who_shows_the_token(client: Client, settings: object) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN  # type: ignore[attr-defined]
    for wrong in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer ünlike"}):
        answer = client.get("/metrics", headers=wrong)
        assert answer.status_code == 401
        assert b"handoffdesk" not in answer.content


def test_only_pages_are_sent_on_to_https(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.METRICS_TOKEN = True, TOKEN
    shown = {"Authorization": f"Bearer {TOKEN}"}
    answer = client.get("/metrics", headers=shown)
    assert answer.status_code == 403 and b"handoffdesk" not in answer.content
    assert client.get("/metrics", headers=shown, secure=True).status_code == 200
    assert client.get("/readyz").status_code == 200
    assert client.get("/queue/")["Location"] == "https://testserver/queue/"


def test_the_machinery_is_counted_as_it_is(
    scrape: object,
    sdr: User,
    account: Account,
    contact: Contact,
    clock: time_machine.Traveller,
) -> None:
    before = scrape()  # type: ignore[operator]
    assert before["handoffdesk_queue_length"] == before["handoffdesk_clocks_open"] == 0
    assert before["handoffdesk_heartbeat_age_seconds"] == float("inf")
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    health.beat(timezone.now())
    first = min(handoff.clocks.values_list("next_at", flat=True))
    clock.move_to(first + timedelta(seconds=90))
    after = scrape()  # type: ignore[operator]
    assert after["handoffdesk_database_up"] == 1
    assert after["handoffdesk_queue_length"] == 1
    assert after["handoffdesk_clocks_open"] == handoff.clocks.filter(state="running").count() > 0
    assert after["handoffdesk_oldest_due_seconds"] == 90
    waiting = Message.objects.filter(state="pending").count()
    assert after['handoffdesk_outbox_messages{state="pending"}'] == waiting > 0
    assert after["handoffdesk_heartbeat_age_seconds"] > 90


def test_answers_are_counted_by_view_and_status_and_not_by_address(
    scrape: object, client: Client, ae: User
) -> None:
    queue = 'handoffdesk_requests_total{method="GET",status="200",view="queue"}'
    nowhere = 'handoffdesk_requests_total{method="GET",status="404",view="none"}'
    odd = 'handoffdesk_requests_total{method="other",status="405",view="queue"}'
    before = scrape()  # type: ignore[operator]
    client.force_login(ae)
    client.get(reverse("queue"), {"q": CANARY})
    client.get(f"/{CANARY}/")
    client.generic("BREW", reverse("queue"))
    after = scrape()  # type: ignore[operator]
    for name in (queue, nowhere, odd):
        assert after[name] == before.get(name, 0) + 1
    assert CANARY not in str(after)
    assert after['handoffdesk_request_seconds_count{view="queue"}'] >= 2


def test_the_figures_say_so_when_the_database_is_down(scrape: object) -> None:
    with connection.execute_wrapper(Away()):
        assert scrape()["handoffdesk_database_up"] == 0  # type: ignore[operator]


# --- Log lines ------------------------------------------------------------------------------------


def written(formatter: logging.Formatter, raised: Exception, message: str = "Broken.") -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.Logger("handoffdesk.test")
    logger.addHandler(handler)
    try:
        raise raised
    except type(raised):
        logger.exception(message)
    return stream.getvalue()


@pytest.mark.parametrize("formatter", [Json(), Line()])
def test_an_error_is_told_by_its_kind_and_place_without_its_words(
    formatter: logging.Formatter,
) -> None:
    error = ValueError(f"{CANARY} is no number")
    error.__cause__ = OperationalError(f"Key (email)=({CANARY}) exists")
    line = written(formatter, error)
    assert CANARY not in line
    assert "builtins.ValueError" in line and "OperationalError" in line
    assert "test_probes.py" in line


@pytest.mark.parametrize("formatter", [Json(), Line()])
def test_nobody_can_write_a_second_line_into_the_log(formatter: logging.Formatter) -> None:
    forged = "a\n2026-03-02 ERROR you were hacked\x1b[31m"
    text = written(formatter, KeyError("x"), forged)
    assert "\n2026-03-02" not in text and "\x1b" not in text


def test_a_json_line_carries_the_id_that_the_error_page_shows(
    client: Client, ae: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(Json())
    client.force_login(ae)
    client.raise_request_exception = False
    with caplog.at_level(logging.INFO, ACCESS), connection.execute_wrapper(Away()):
        answer = client.get(reverse("queue"))
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    (answered,) = [line for line in lines if line["logger"] == "handoffdesk.access"]
    assert (answered["view"], answered["status"]) == ("queue", 503)
    assert answered["request_id"] == answer["X-Request-ID"]
    assert answer["X-Request-ID"] in answer.content.decode()


def test_a_line_for_people_says_whose_request_it_is_about(
    client: Client, ae: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(Line())
    client.force_login(ae)
    caplog.clear()
    answer = client.get(reverse("health"))
    assert answer.status_code == 403
    line = caplog.text.splitlines()[0]
    assert "/sla/health/" in line
    assert line.endswith(f" [request_id {answer['X-Request-ID']}] [user {ae.pk}]")
    client.logout()
    caplog.clear()
    client.get("/nothing/here/")
    assert "[user" not in caplog.text


def test_signing_in_and_out_and_failing_to_is_written_down(
    client: Client, ae: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "handoffdesk.sign_in"):
        for password in ("wrong", PASSWORD):
            client.post("/admin/login/", {"username": "ae", "password": password})
        client.post(reverse("admin:logout"))
        for _ in range(5):
            client.post("/admin/login/", {"username": "ae", "password": "wrong"})
    said = [record.getMessage() for record in caplog.records if "sign_in" in record.name]
    assert said == [
        "A sign-in failed.",
        f"Signed in: user {ae.pk}, by password.",
        f"Signed out: user {ae.pk}.",
        *["A sign-in failed."] * 5,
        "A sign-in was asked to wait.",
    ]


def test_a_whole_day_leaves_nothing_of_a_person_in_the_log(
    client: Client,
    sdr: User,
    ae: User,
    account: Account,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Pages, refusals, forms that go wrong, errors of the database, mail that bounces."""
    caplog.handler.setFormatter(Json())
    address = f"{CANARY.lower()}@acme-robotics.example"
    contact = make_contact(account, first_name=CANARY, last_name=CANARY, email=address)
    client.raise_request_exception = False
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.INFO, ACCESS):
        handoff = submitted(sdr=sdr, account=account, contact=contact)
        for person in (sdr, ae):
            client.force_login(person)
            client.get(reverse("handoff", args=[handoff.pk]))
            client.get(reverse("queue"), {"q": CANARY, "page": "x"})
            client.post(reverse("handoff_edit", args=[handoff.pk]), {"contact-email": CANARY})
            client.post(reverse("handoff_accept", args=[handoff.pk]), {"version": CANARY})
        client.post("/admin/login/", {"username": CANARY, "password": CANARY})
        with connection.execute_wrapper(Quoting()):
            assert client.get(reverse("queue")).status_code == 500
    assert len(caplog.records) > 5
    assert CANARY.lower() not in caplog.text.lower()


class Quoting:
    """A database that quotes a row in what it complains of."""

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        raise IntegrityError(f"DETAIL: Key (email)=({CANARY}) already exists.")
