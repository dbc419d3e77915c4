"""Handing out what we hold: all of it, in both forms, and no more than theirs."""

import io
import json
import stat
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs.models import Handoff
from privacy import exporting, people
from team.models import AuditEntry, User
from tests.factories import accepted, complete_package, make_account, make_contact
from tests.privacy.conftest import EMAIL, NAME, Planted


@pytest.fixture
def found(planted: Planted) -> dict[str, Any]:
    return people.export(EMAIL, by=None, at=timezone.now())


def test_every_planted_text_is_handed_out(planted: Planted, found: dict[str, Any]) -> None:
    text = exporting.as_json(found)
    # What a session holds is not kept about them, and the trail is about our own people’s work
    missing = [canary for canary in planted.canaries if canary.lower() not in text.lower()]
    assert missing == []


def test_it_says_what_happened_when_and_to_whom_mail_went(found: dict[str, Any]) -> None:
    (handoff,) = found["handoffs"]
    assert [event["what"] for event in handoff["what_happened"]][-1] == "accepted it"
    assert [message["to"] for message in found["messages"]] == [EMAIL]
    former = {change.get("old") for change in found["contacts"][0]["changes"]}
    assert "zq@canary-former.example" in former


def test_a_seat_in_somebody_elses_handoff_is_told_without_their_package(
    found: dict[str, Any],
) -> None:
    (seat,) = found["seats"]
    assert seat["company"] == "Second Company"
    assert len(found["handoffs"]) == 1


def test_a_mention_is_found_whatever_signs_the_name_has(sdr: User, contact: Contact) -> None:
    contact.first_name, contact.last_name = "Zoë (Z.)", "O’Neil*Ray [x|y]"
    contact.save()
    other = make_account()
    handoff = complete_package(sdr=sdr, account=other, contact=make_contact(other))
    words = "A word of zoë (z.) o’neil*ray [X|Y], a friend of theirs."
    Handoff.objects.filter(pk=handoff.pk).update(why_targeted=words)
    found = people.export(contact.email, by=None, at=timezone.now())
    assert [mention["text"] for mention in found["mentions"]] == [words]


def test_the_servers_limit_for_a_statement_is_lifted_for_the_reading_alone(
    contact: Contact,
) -> None:
    with CaptureQueriesContext(connection) as asked:
        people.export(contact.email, by=None, at=timezone.now())
    said = [query["sql"] for query in asked if "statement_timeout" in query["sql"]]
    lifted = ["SET statement_timeout = 0", "RESET statement_timeout"]
    assert said == (lifted if connection.vendor == "postgresql" else [])


def test_many_handoffs_cost_as_many_queries_as_one(
    sdr: User, account: Account, contact: Contact
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            found = people.export(contact.email, by=None, at=timezone.now())
        assert len(found["handoffs"]) == Handoff.objects.count()
        return len(asked)

    accepted(sdr=sdr, account=account, contact=contact)
    one = queries()
    for _ in range(3):
        accepted(sdr=sdr, account=account, contact=contact)
    assert queries() == one


def test_the_command_prints_json(planted: Planted) -> None:
    out = StringIO()
    call_command("export_person", EMAIL, stdout=out)
    assert json.loads(out.getvalue())["contacts"][0]["email"] == EMAIL


def test_the_archive_holds_data_and_a_page_that_runs_nothing(
    planted: Planted, tmp_path: Path
) -> None:
    target = tmp_path / "person.zip"
    call_command("export_person", EMAIL, "--zip", str(target), stdout=StringIO())
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(io.BytesIO(target.read_bytes())) as bundle:
        assert sorted(bundle.namelist()) == ["data.html", "data.json"]
        page = bundle.read("data.html").decode()
    assert NAME in page
    assert "<script" not in page
    with pytest.raises(CommandError, match="exists"):
        call_command("export_person", EMAIL, "--zip", str(target), stdout=StringIO())


def test_text_of_theirs_cannot_run_in_the_page(planted: Planted) -> None:
    planted.contact.title = "<script>alert(1)</script>"
    planted.contact.save()
    found = people.export(EMAIL, by=None, at=timezone.now())
    with zipfile.ZipFile(io.BytesIO(exporting.archive(found))) as bundle:
        assert "<script>" not in bundle.read("data.html").decode()


def test_nobody_known_gives_an_empty_answer(db: None) -> None:
    found = people.export("nobody@nowhere.example", by=None, at=timezone.now())
    assert not any(found[part] for part in ("contacts", "handoffs", "messages", "mentions"))


def test_the_trail_keeps_that_data_were_taken_along(planted: Planted, revops: User) -> None:
    people.export(EMAIL, by=revops, at=timezone.now())
    entry = AuditEntry.objects.get(deed="exported")
    assert entry.by == revops
    assert EMAIL not in f"{entry} {entry.note} {entry.changes}"


def test_after_the_erasure_nothing_is_left_to_hand_out(planted: Planted) -> None:
    people.erase(EMAIL, by=None, at=timezone.now())
    found = people.export(EMAIL, by=None, at=timezone.now())
    assert not any(found[part] for part in ("contacts", "handoffs", "messages", "mentions"))
