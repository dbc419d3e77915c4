"""Two transactions that wait for each other: what was undone is done once more, whole."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import Account, Contact
from handoffs.models import Handoff, HandoffEvent
from messaging.models import Message
from sla.models import Clock
from team.models import User
from tests.factories import complete_package, submitted
from tests.handoffs.form.page import page_of, send

pytestmark = pytest.mark.django_db(transaction=True)

NOTE = "They asked whether the price list holds until June."
# Who is undone is whoever looks first: that shall be the page, and not before the other waits too
SOON, NEVER = "5s", "10min"
WAITS_FOR_US = "SELECT pg_backend_pid() = ANY(pg_blocking_pids(%s)) FROM pg_sleep(0.02)"
LOOK_AFTER = "SELECT set_config('deadlock_timeout', %s, false)"


@pytest.fixture(autouse=True)
def on_postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, so no two of them wait for each other")


@pytest.fixture
def waiting(sdr: User, contact: Contact) -> Handoff:
    handoff = submitted(sdr=sdr, account=contact.account, contact=contact, lead_source="inbound")
    assert Clock.objects.filter(handoff=handoff).exists()
    return handoff


@pytest.fixture
def desk(ae: User, waiting: Handoff) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(ae)
    client.get("/")  # what a session writes it has written
    return client


def accept(desk: Client, handoff: Handoff) -> tuple[int, str]:
    answer = desk.post(f"/handoffs/{handoff.pk}/accept/", {"note": NOTE})
    return answer.status_code, answer.content.decode()


def test_17_a_deadlock_is_tried_once_more_and_everything_is_done_once(
    desk: Client, waiting: Handoff, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="handoffdesk.request")
    messages = Message.objects.count()
    holds, in_the_way = threading.Event(), threading.Event()

    def other() -> None:
        """Its clock first and then the handoff: the other way round than accepting."""
        try:
            with connection.cursor() as cursor, transaction.atomic():
                cursor.execute(LOOK_AFTER, [NEVER])
                clocks = Clock.objects.select_for_update(of=("self",)).filter(handoff=waiting)
                assert list(clocks)
                holds.set()
                while not in_the_way.is_set():
                    cursor.execute(WAITS_FOR_US, [page_itself])
                    if cursor.fetchone()[0]:
                        in_the_way.set()
                Handoff.objects.select_for_update().get(pk=waiting.pk)
        finally:
            holds.set()
            connection.close()

    with connection.cursor() as cursor:
        cursor.execute(LOOK_AFTER, [SOON])
        cursor.execute("SELECT pg_backend_pid()")
        (page_itself,) = cursor.fetchone()
    thread = threading.Thread(target=other)
    thread.start()
    try:
        assert holds.wait(30)
        status, page = accept(desk, waiting)
    finally:
        in_the_way.set()
        thread.join()
        connection.close()  # with what was set for it
    assert status == 302, page
    assert "done once more" in caplog.text
    waiting.refresh_from_db()
    assert waiting.status == "accepted"
    assert HandoffEvent.objects.filter(handoff=waiting, kind="accepted").count() == 1
    assert Message.objects.count() > messages
    keys = Message.objects.values_list("event_key", "medium", "recipient")
    assert len(set(keys)) == len(keys)


@contextmanager
def collisions(times: int) -> Iterator[None]:
    """So many times PostgreSQL says that an event it was to write down collided."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE collisions")  # which counts on when the rest is undone
        cursor.execute(
            "CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF nextval('collisions') <= {times} THEN "
            "RAISE EXCEPTION 'deadlock detected' USING ERRCODE = 'deadlock_detected'; "
            "END IF; RETURN NEW; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER collide BEFORE INSERT ON handoffs_handoffevent "
            "FOR EACH ROW EXECUTE FUNCTION collide()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER collide ON handoffs_handoffevent")
            cursor.execute("DROP FUNCTION collide; DROP SEQUENCE collisions")


def tries() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM collisions")
        return int(cursor.fetchone()[0])


def test_17_whoever_collides_twice_is_told_so(desk: Client, waiting: Handoff) -> None:
    with collisions(2):
        status, page = accept(desk, waiting)
        assert tries() == 2
    assert status == 503
    assert "at the same moment" in page and NOTE in page
    waiting.refresh_from_db()
    assert waiting.status == "submitted"
    assert accept(desk, waiting)[0] == 302


def test_17_what_was_committed_before_is_not_done_again(
    client: Client, sdr: User, account: Account, contact: Contact
) -> None:
    """Submitting saves the package first, in a transaction of its own."""
    package = complete_package(sdr=sdr, account=account, contact=contact)
    client.force_login(sdr)
    client.raise_request_exception = False
    fields = page_of(client, package) | {"industry": "Robots"}
    with collisions(1):
        answer = send(client, package, fields, "submit")
        assert tries() == 1
    assert answer.status_code == 503
    assert "look at what is there" in answer.content.decode()
    package.refresh_from_db()
    assert (package.status, package.industry) == ("draft", "Robots")
    assert send(client, package, page_of(client, package), "submit").status_code == 302
