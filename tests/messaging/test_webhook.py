"""Outgoing webhooks: signed, once per cause, tried again, given up in the open."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from messaging import outbox, webhooks
from messaging.models import Endpoint, Message
from team.models import User

CONFIRM = {"_form_submitted": "true"}


class Crm(ThreadingHTTPServer):
    """A CRM on loopback that answers as it is told."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.headers = 200, {}
        self.got: list[tuple[dict[str, str], str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hooks"


class _Handler(BaseHTTPRequestHandler):
    server: Crm

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"said")

    do_GET = do_POST

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def crm(settings: Any) -> Iterator[Crm]:
    with Crm() as server:
        settings.OUTGOING_HOSTS = [server.url.removesuffix("/hooks")]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def endpoint(db: None, crm: Crm) -> Endpoint:
    return Endpoint.objects.create(name="CRM", url=crm.url, is_enabled=True)


def publish(key: str = "event:1") -> list[Message]:
    now = timezone.now()
    data = {"handoff": 42, "note": "Übergabe “heute”"}
    return webhooks.publish(
        "opportunity.created", data, event_key=key, subject="x", about="", at=now, now=now
    )


def test_it_is_signed_so_that_the_reference_library_takes_it(endpoint: Endpoint, crm: Crm) -> None:
    publish()
    assert outbox.deliver_due()["sent"] == 1
    headers, body = crm.got[0]
    content = Webhook(endpoint.secret).verify(body, headers)
    assert content["type"] == "opportunity.created"
    assert content["data"] == {"handoff": 42, "note": "Übergabe “heute”"}


def test_one_cause_is_told_once_to_each_endpoint_that_wants_it(
    endpoint: Endpoint, crm: Crm
) -> None:
    Endpoint.objects.create(name="Off", url=crm.url)
    Endpoint.objects.create(name="Other", url=crm.url, is_enabled=True, on_opportunity=False)
    Endpoint.objects.create(name="Lake", url=crm.url, is_enabled=True)
    publish()
    publish()
    assert sorted(Message.objects.values_list("recipient", flat=True)) == ["CRM", "Lake"]
    assert outbox.deliver_due()["sent"] == 2


def test_each_try_has_the_same_id_and_a_signature_of_its_own(
    endpoint: Endpoint, crm: Crm, clock: time_machine.Traveller
) -> None:
    publish()
    crm.status = 500
    assert outbox.deliver_due()["retry"] == 1
    clock.shift(timedelta(hours=1))
    crm.status = 204
    assert outbox.deliver_due()["sent"] == 1
    (first, _), (second, body) = crm.got
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert Webhook(endpoint.secret).verify(body, second)


def test_while_the_secret_changes_both_sign(
    endpoint: Endpoint, crm: Crm, clock: time_machine.Traveller
) -> None:
    old = endpoint.secret
    new = endpoint.renew_secret(timezone.now())
    publish("event:1")
    outbox.deliver_due()
    headers, body = crm.got[0]
    assert Webhook(old).verify(body, headers) and Webhook(new).verify(body, headers)
    clock.shift(timedelta(hours=24))
    publish("event:2")
    outbox.deliver_due()
    headers, body = crm.got[1]
    assert Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "sent"), (202, "sent"), (301, "dead"), (302, "dead"), (400, "dead"), (401, "dead"),
     (404, "dead"), (408, "retry"), (410, "dead"), (425, "retry"), (429, "retry"), (500, "retry"),
     (503, "retry")],
)  # fmt: skip
def test_what_an_answer_means(endpoint: Endpoint, crm: Crm, status: int, state: str) -> None:
    crm.status, crm.headers = status, {"Location": crm.url} if 300 < status < 400 else {}
    message = publish()[0]
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.state == state
    assert len(crm.got) == 1


def test_it_waits_as_long_as_they_say(
    endpoint: Endpoint, crm: Crm, clock: time_machine.Traveller
) -> None:
    crm.status, crm.headers = 429, {"Retry-After": "300"}
    message = publish()[0]
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.next_try_at == timezone.now() + timedelta(seconds=300)
    assert message.attempts == 0


def test_one_that_is_gone_is_switched_off_and_admins_are_told_once(
    endpoint: Endpoint, crm: Crm, revops: User
) -> None:
    crm.status = 410
    publish("event:1")
    publish("event:2")
    outbox.deliver_due()
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    assert endpoint.off_reason == "They said: 410 said"
    assert len(crm.got) == 1
    told = Message.objects.filter(kind="webhook_off")
    assert [message.person for message in told] == [revops]
    dead = Message.objects.filter(medium="webhook")
    assert {message.state for message in dead} == {"dead"}


def test_it_is_given_up_after_eight_tries_and_can_be_sent_again(
    endpoint: Endpoint, crm: Crm, revops: User, clock: time_machine.Traveller
) -> None:
    crm.status = 500
    message = publish()[0]
    for _ in range(10):
        outbox.deliver_due()
        clock.shift(timedelta(days=2))
    message.refresh_from_db()
    assert (message.state, message.attempts, len(crm.got)) == ("dead", 8, 8)
    crm.status = 200
    outbox.resend(message, by=revops)
    assert outbox.deliver_due()["sent"] == 1
    assert crm.got[-1][0]["webhook-id"] == crm.got[0][0]["webhook-id"]


def test_a_crm_that_is_down_holds_up_neither_mail_nor_another(
    endpoint: Endpoint, crm: Crm, settings: Any, sdr: User, mailoutbox: list[Any]
) -> None:
    settings.OUTGOING_HOSTS += ["http://127.0.0.1:9"]
    Endpoint.objects.create(name="Away", url="http://127.0.0.1:9/x", is_enabled=True)
    publish("event:1")
    publish("event:2")
    outbox.post(event_key="m", medium="email", recipient=sdr.email, body="b", person=sdr)
    found = outbox.deliver_due()
    assert found == {"sent": 3, "retry": 1, "dead": 0, "unknown": 0}
    assert len(mailoutbox) == 1 and len(crm.got) == 2


def test_many_events_are_never_made_into_a_digest(endpoint: Endpoint, crm: Crm) -> None:
    for number in range(25):
        publish(f"event:{number}")
    assert outbox.deliver_due()["sent"] == 25
    assert len({headers["webhook-id"] for headers, _ in crm.got}) == 25


def test_an_address_that_is_not_named_is_refused_at_the_field(
    crm: Crm, revops: User, client: Client
) -> None:
    client.force_login(revops)
    for url in ("http://169.254.169.254/latest", "https://evil.example/x", "nonsense"):
        add = {"name": "X", "url": url, "is_enabled": "on"}
        page = client.post("/admin/messaging/endpoint/add/", add)
        assert page.status_code == 200
        assert page.context["adminform"].form.errors["url"]
    assert not Endpoint.objects.exists()


def test_one_whose_host_was_taken_away_is_not_asked(
    endpoint: Endpoint, crm: Crm, settings: Any
) -> None:
    publish()
    settings.OUTGOING_HOSTS = []
    assert outbox.deliver_due()["dead"] == 1
    assert crm.got == []
    assert "OUTGOING_HOSTS" in Message.objects.get().error


def test_the_admin_makes_one_shows_its_secret_once_and_sends_a_test(
    crm: Crm, revops: User, client: Client
) -> None:
    client.force_login(revops)
    add = {"name": "CRM", "url": crm.url, "is_enabled": "on", "on_opportunity": "on"}
    answer = client.post("/admin/messaging/endpoint/add/", add)
    made = Endpoint.objects.get()
    assert made.secret in client.get(answer["Location"]).content.decode()
    assert made.secret not in client.get(answer["Location"]).content.decode()
    client.post(reverse("admin:messaging_endpoint_send_test", args=[made.pk]), CONFIRM)
    assert outbox.deliver_due()["sent"] == 1
    headers, body = crm.got[0]
    Webhook(made.secret).verify(body, headers)
    assert json.loads(body)["type"] == "test"


def test_only_revops_sees_webhooks(endpoint: Endpoint, manager: User, client: Client) -> None:
    client.force_login(manager)
    assert client.get("/admin/messaging/endpoint/").status_code == 403
