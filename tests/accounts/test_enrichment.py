"""Asking data sources about a record: a file of theirs, an address of theirs, and the worker."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import origins
from accounts.enrichment import asking, files, web
from accounts.enrichment.providers import Finding, NoUse
from accounts.erased import remember
from accounts.models import (
    Account,
    Contact,
    ContactChange,
    EnrichmentSource,
    FileRow,
    Lookup,
    Method,
    Proposal,
    SourceRecord,
)
from team import outward
from team.models import User
from team.sheets.problems import FileRefused
from tests.factories import make_contact

PRIYA = "priya.nair@acme-robotics.example"
CSV = f"""email,first_name,last_name,title,company,company_domain
{PRIYA},Priya,Nair,Chief Revenue Officer,Acme Robotics,acme-robotics.example
"""
COMPANIES = "domain,name,industry,employees\nacme-robotics.example,Acme Robotics,Robotics,480\n"


class Vendor(ThreadingHTTPServer):
    """A vendor's service on this machine; what it was asked, and what it says."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.says: tuple[int, Any, dict[str, str]] = (200, {}, {})

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def say(self, status: int, content: Any = "", **headers: str) -> None:
        self.says = (status, content, headers)


class _Handler(BaseHTTPRequestHandler):
    server: Vendor

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        status, content, headers = self.server.says
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def vendor(settings: Any) -> Iterator[Vendor]:
    """The one machine of our own that these tests let in: the operator names its origin."""
    with Vendor() as found:
        settings.OUTGOING_HOSTS = [found.url("")]
        threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
        yield found
        found.shutdown()


@pytest.fixture
def source(vendor: Vendor, db: None) -> EnrichmentSource:
    return EnrichmentSource.objects.create(
        name="Clearfeed",
        slug="clearfeed",
        asked="web",
        person_url=vendor.url("/people?email={email}"),
        company_url=vendor.url("/companies/{domain}"),
        api_key="Bearer k-123",
    )


@pytest.fixture
def of_file(db: None) -> EnrichmentSource:
    return EnrichmentSource.objects.create(name="List house", slug="list-house", asked="file")


def take_file(
    source: EnrichmentSource, text: str, name: str = "theirs.csv", days_old: float = 0
) -> files.Reading:
    now = timezone.now()
    as_of = now - timedelta(days=days_old)
    reading = files.read(BytesIO(text.encode()), name, as_of=as_of, now=now)
    if not reading.problems:
        files.keep(source, reading)
    return reading


def enrich(record: Account | Contact, by: User) -> Lookup:
    """Press the button and let the worker come by."""
    assert asking.ask([record], by=by, now=timezone.now()) == 1
    asking.answer_due(timezone.now())
    found = Lookup.objects.order_by("pk").last()
    assert found is not None
    return found


# --- A file of theirs ----------------------------------------------------------------------------


def test_what_a_file_says_is_taken_and_says_where_it_comes_from(
    of_file: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    take_file(of_file, CSV)

    lookup = enrich(contact, sdr)

    contact.refresh_from_db()
    assert contact.title == "Chief Revenue Officer"
    assert (lookup.state, lookup.outcome) == ("answered", "Changed: title.")
    origin = contact.origins.get(field="title")
    assert (origin.source, origin.value, origin.at) == (
        "List house", "Chief Revenue Officer", timezone.now(),
    )  # fmt: skip
    check = contact.verifications.filter(field="title").first()
    assert check is not None and (check.method, check.source) == (Method.VENDOR, "List house")
    assert ContactChange.objects.get(contact=contact).new == "Chief Revenue Officer"


def test_what_a_person_entered_after_the_file_was_made_waits_as_a_proposal(
    of_file: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    origins.note(contact, ["title"], by=sdr, at=timezone.now() - timedelta(days=2))
    take_file(of_file, CSV, days_old=10)
    before = contact.title

    lookup = enrich(contact, sdr)

    contact.refresh_from_db()
    assert contact.title == before
    assert lookup.outcome == "Proposed, a person decides: title."
    proposal = Proposal.objects.get()
    assert proposal.value == "Chief Revenue Officer"
    assert proposal.because == "Sam Ortiz entered ours on 28 Feb 2026, which is later."


def test_a_company_is_found_in_a_file_by_its_domain_or_its_bare_name(
    of_file: EnrichmentSource, account: Account, sdr: User
) -> None:
    take_file(of_file, COMPANIES)
    assert enrich(account, sdr).state == "answered"
    account.refresh_from_db()
    assert (account.employees, account.industry) == (480, "Robotics")

    Account.objects.filter(pk=account.pk).update(domain="")
    take_file(of_file, "id,name,city\n7,ACME Robotics GmbH,Graz\n")
    account.refresh_from_db()
    assert enrich(account, sdr).outcome == "Changed: name, city."


def test_json_and_xlsx_are_read_like_csv(of_file: EnrichmentSource, contact: Contact) -> None:
    row = {"email": contact.email, "title": "COO", "occurred_at": "2026-02-01T08:00:00Z"}
    take_file(of_file, json.dumps([row]), "theirs.json")
    assert FileRow.objects.get().said_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
    take_file(
        of_file, json.dumps(row) + "\n" + json.dumps(row | {"email": "a@b.example"}), "x.jsonl"
    )
    assert FileRow.objects.count() == 2

    from openpyxl import Workbook

    book, out = Workbook(), BytesIO()
    book.active.append(["E-mail", "email"])
    book.active.append(["", contact.email])
    book.save(out)
    reading = files.read(out, "x.xlsx", as_of=timezone.now(), now=timezone.now())
    assert [row.email for row in reading.rows] == [contact.email]


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("", "x.csv", "The file is empty."),
        ("a,b\n1,2\n", "x.csv", "No column has a name that we know."),
        ("email\n", "x.csv", "no rows below it"),
        ("[1]", "x.json", "Entry 1 is not an object."),
        ("[{", "x.json", "The file is not JSON"),
        ('{"email": "a@b.example"}\n{', "x.jsonl", "Line 2 is not JSON"),
        ("[]", "x.json", "The file has no rows."),
        ("email\na@b.example", "x.txt", "Only .csv and .xlsx files"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_sentence(
    text: str, name: str, sentence: str
) -> None:
    now = timezone.now()
    with pytest.raises(FileRefused, match=sentence.replace(".", r"\.")):
        files.read(BytesIO(text.encode()), name, as_of=now, now=now)


def test_columns_that_nobody_reads_are_named(of_file: EnrichmentSource) -> None:
    reading = take_file(of_file, f"email,Job Title,shoe\n{PRIYA},CRO,41\n")
    assert (len(reading.rows), reading.left_out) == (1, ["job_title", "shoe"])
    reading = take_file(of_file, json.dumps([{"email": PRIYA, "hat": 7}]), "theirs.json")
    assert (len(reading.rows), reading.left_out) == (1, ["hat"])


def test_a_name_that_is_longer_in_small_letters_is_kept(of_file: EnrichmentSource) -> None:
    take_file(of_file, f"email,first_name,last_name\n{PRIYA},{'ß' * 60},{'ß' * 60}\n")
    assert len(FileRow.objects.get().person) == 121


def test_a_wrong_row_is_named_and_the_last_file_stays(of_file: EnrichmentSource) -> None:
    take_file(of_file, CSV)
    reading = take_file(of_file, "email,employees\nnot an address,\n,many\n")
    assert reading.problems == [
        "Row 2, email: Enter a valid email address.",
        "Row 3, employees: “many” value must be an integer.",
    ]
    assert FileRow.objects.get().person == "priya nair"


def test_who_asked_to_be_forgotten_is_left_out_of_a_file(of_file: EnrichmentSource) -> None:
    remember(["priya.nair@acme-robotics.example"], at=timezone.now())
    take_file(of_file, CSV)
    assert not FileRow.objects.exists()


# --- Over the web --------------------------------------------------------------------------------


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


# --- The verb and the worker ---------------------------------------------------------------------


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
