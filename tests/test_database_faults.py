"""A database that is full, read-only or held by somebody: a page says so, nothing is half-done."""

import socketserver
import threading
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client

from accounts.models import Account, Contact, EnrichmentSource
from handoffs.models import Handoff
from team.models import User
from tests.accounts.hooks import event, post
from tests.factories import submitted

pytestmark = pytest.mark.django_db(transaction=True)

NOTE = "They asked whether the price list holds until June."


@pytest.fixture
def waiting(sdr: User, contact: Contact) -> Handoff:
    return submitted(sdr=sdr, account=contact.account, contact=contact)


@pytest.fixture
def desk(ae: User, waiting: Handoff) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(ae)
    client.get("/")  # what a session writes it has written
    return client


def accept(desk: Client, handoff: Handoff) -> tuple[int, str]:
    answer = desk.post(f"/handoffs/{handoff.pk}/accept/", {"note": NOTE})
    return answer.status_code, answer.content.decode()


@pytest.fixture
def read_only() -> Iterator[None]:
    """Fault 18: nothing can be written, all can be read."""
    on, off = (
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF")
        if connection.vendor == "sqlite"
        else ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
    )
    with connection.cursor() as cursor:
        cursor.execute(on)
    yield
    with connection.cursor() as cursor:
        cursor.execute(off)


def test_18_reading_works_while_nothing_can_be_saved(
    desk: Client, waiting: Handoff, read_only: None
) -> None:
    status, page = accept(desk, waiting)
    assert status == 503
    assert "Nothing can be saved right now" in page and NOTE in page
    assert desk.get("/queue/").status_code == 200
    assert desk.get(f"/handoffs/{waiting.pk}/").status_code == 200
    waiting.refresh_from_db()
    assert waiting.status == "submitted"


def test_19_a_full_disk_is_said_and_reading_goes_on(
    client: Client, sdr: User, waiting: Handoff
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite’s file is the disk that fills up here")
    client.force_login(sdr)
    client.raise_request_exception = False
    assert client.get("/").status_code == 200
    with connection.cursor() as cursor:
        # Pages that are free within the file, left by other tests, are room as well
        cursor.execute("PRAGMA freelist_count")
        (free,) = cursor.fetchone()
        cursor.execute("PRAGMA page_size")
        cursor.execute(
            f"CREATE TABLE ballast AS SELECT zeroblob({free * cursor.fetchone()[0]}) AS b"
        )
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    try:
        for number in range(300):  # until what there is has no room left either
            status, page = start(client, number)
            if status != 302:
                break
        assert status == 503
        assert "no room left" in page and f"Borealis {number}" in page
        assert Handoff.objects.filter(status="draft").count() == number
        assert Account.objects.filter(name__startswith="Borealis").count() == number
        assert client.get("/queue/").status_code == 200
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert start(client, number)[0] == 302
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchone() == ("ok",)


def start(client: Client, number: int) -> tuple[int, str]:
    """Begin a handoff for a company that is not there yet."""
    name = f"Borealis {number}"
    company = {"new-name": name, "new-domain": f"borealis-{number}.example"}
    answer = client.post("/handoffs/new/", {"new_account": "1", **company})
    return answer.status_code, answer.content.decode()


def test_20_a_row_that_somebody_holds_is_waited_for_and_then_said(
    desk: Client, waiting: Handoff
) -> None:
    with connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        cursor.execute("PRAGMA busy_timeout = 200" if sqlite else "SET lock_timeout = 200")
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Handoff.objects.select_for_update().get(pk=waiting.pk)
            held.set()
            done.wait(30)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(30)
        status, page = accept(desk, waiting)
        assert status == 503
        assert "Too many people are saving at once" in page and NOTE in page
    finally:
        done.set()
        holder.join()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 20000" if sqlite else "SET lock_timeout = 10000")
    assert accept(desk, waiting)[0] == 302


class Full(socketserver.StreamRequestHandler):
    """A Redis at its limit of memory: it answers what reads, and refuses what writes."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2])
            refused = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
            self.wfile.write(b"$-1\r\n" if words[0] == b"GET" else refused)


@pytest.fixture(params=["23 gone", "24 full"])
def redis(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where it cannot be used."""
    if request.param == "23 gone":
        yield "redis://127.0.0.1:1/0"
        return
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Full) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()


def test_23_without_redis_nothing_is_counted_and_nothing_fails(
    contact: Contact, settings: pytest.FixtureRequest, redis: str
) -> None:
    gone = {
        "BACKEND": "config.cache.ForgetfulRedis",
        "LOCATION": redis,
        "OPTIONS": {"socket_connect_timeout": 1},
    }
    settings.CACHES = {"default": gone}  # type: ignore[attr-defined]
    assert type(caches["default"]).__name__ == "ForgetfulRedis"
    source = EnrichmentSource.objects.create(name="Clearfeed", slug="clearfeed", is_enabled=True)
    body = event("contact.updated", id="c-1", title="CRO", email=contact.email)
    assert post(source, "msg_1", body).status_code == 202
    caches["default"].set("a", 1)
    assert caches["default"].get("a", "nothing") == "nothing"
