"""Imports that are kept: long ones in the worker, cancelled, interrupted and repeated."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import ResponseError

from accounts.imports.contacts import ContactImporter
from accounts.models import Contact
from config import tasks
from team.models import AuditEntry, Import, User
from team.sheets import core, notes, pages, runs
from team.sheets.notes import Cancelled
from tests.accounts.importing import (
    CONTACTS,
    Killed,
    brought,
    door,
    imported,
    people,
    short,
    shown,
    upload,
)
from tests.factories import make_account, make_contact, make_user

pytestmark = pytest.mark.usefixtures("files_elsewhere")
State = Import.State


def test_a_long_file_goes_through_the_worker(revops: User) -> None:
    run = brought(revops, people(501))
    assert OrmQ.objects.count() == 1
    assert "Waiting for the worker" in shown(revops, run)
    assert not Contact.objects.exists()

    runs.work()
    page = shown(revops, run)
    assert "people.csv can be imported" in page and "501 new, 0 changed" in page
    assert not Contact.objects.exists()

    client = door(revops)
    client.post(f"/imports/{run.pk}/confirm/")
    assert "Being imported" in shown(revops, run)
    runs.work()
    run.refresh_from_db()
    assert (run.state, run.rows) == (State.DONE, 501)
    assert Contact.objects.count() == 501
    assert "people.csv was imported" in shown(revops, run)
    entry = AuditEntry.objects.get(deed="imported")
    assert (entry.by, entry.model) == (revops, "accounts.contact")
    assert entry.note.endswith("from people.csv")


@pytest.mark.parametrize(
    "trouble",
    [RedisGone("refused"), ResponseError("OOM command not allowed")],
    ids=["gone", "full"],
)
def test_23_24_without_redis_a_long_file_waits_for_the_next_minute(
    revops: User, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enqueue(self: object, task: str) -> None:
        raise trouble

    monkeypatch.setattr("django_q.brokers.orm.ORM.enqueue", enqueue)
    run = imported(revops, people(501))
    assert Contact.objects.count() == run.rows == 501
    assert not default_storage.listdir(runs.FOLDER)[1] or default_storage.listdir(runs.FOLDER)[
        1
    ] == [f"run-{run.pk}.undo"]


def test_the_bar_moves_while_it_runs(revops: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "BATCH", 500)
    run = brought(revops, people(1500))
    seen = []
    read = ContactImporter.shortcut

    def looking(self: ContactImporter, rows: Any) -> Any:
        page = door(revops).get(f"/imports/{run.pk}/", headers={"X-Part": "run"})
        progress = page.context["progress"]
        seen.append((progress.done, progress.total))
        assert f'max="{progress.total}"' in page.content.decode()
        return read(self, rows)

    monkeypatch.setattr(ContactImporter, "shortcut", looking)
    runs.work()
    assert seen == [(0, 1500), (500, 1500), (1000, 1500)]


def test_wrong_rows_are_told_with_row_and_column(revops: User) -> None:
    run = brought(revops, people(501) + "Zed,Wrong,CEO,not-an-email,Acme\n")
    runs.work()
    page = shown(revops, run)
    assert "people.csv was not imported" in page
    assert "“not-an-email” is not a valid e-mail address." in page and ">503<" in page
    assert "Confirm import" not in page
    door(revops).post(f"/imports/{run.pk}/confirm/")
    runs.work()
    assert not Contact.objects.exists()


def test_a_file_that_breaks_off_is_refused_in_a_sentence(revops: User) -> None:
    run = brought(revops, people(501) + '"open')
    runs.work()
    assert "Row 503 opens a quote that is never closed" in shown(revops, run)


def test_a_manager_brings_five_thousand_rows_at_most(manager: User) -> None:
    run = brought(manager, people(5001))
    runs.work()
    assert "more than 5,000 rows" in shown(manager, run)


def test_what_was_matched_and_why_is_shown(revops: User) -> None:
    make_contact(
        make_account(name="Acme", domain="acme.example"), email="p7@acme.example", title="Old"
    )
    run = brought(revops, people(600))
    runs.work()
    page = shown(revops, run)
    assert "same e-mail" in page and "Old → CEO" in page


@pytest.mark.parametrize("when", ["before", "checked", "confirmed"])
def test_a_cancelled_import_writes_nothing(revops: User, when: str) -> None:
    run = brought(revops, people(501))
    if when != "before":
        runs.work()
    if when == "confirmed":
        door(revops).post(f"/imports/{run.pk}/confirm/")
    door(revops).post(f"/imports/{run.pk}/cancel/")
    runs.work()
    assert "people.csv was cancelled" in shown(revops, run)
    assert not Contact.objects.exists()
    assert default_storage.listdir(runs.FOLDER)[1] == []
    assert door(revops).post(f"/imports/{run.pk}/cancel/").status_code == 302


def test_cancelling_stops_who_is_at_work(revops: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "BATCH", 500)
    run = brought(revops, people(1500))
    runs.work()
    runs.confirm(run, at=run.created_at)
    batches = []
    write = ContactImporter.write

    def cancelling(self: ContactImporter) -> None:
        write(self)
        batches.append(Contact.objects.count())
        runs.note_of(run).ask_to_stop()

    monkeypatch.setattr(ContactImporter, "write", cancelling)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "_turn", lambda *args, **values: True)
        runs.carry_on(run)
    assert batches == [500]
    assert not Contact.objects.exists()


def test_whoever_is_at_work_on_an_import_has_it_alone(revops: User) -> None:
    run = brought(revops, people(501))
    with runs.note_of(run).locked() as is_ours:
        assert is_ours
        assert runs.work() == 0
        assert not runs.is_waited_for()
    assert runs.is_waited_for()
    assert runs.work() == 1
    assert runs.work() == 0


def test_an_interrupted_import_begins_again_and_writes_once(
    revops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "BATCH", 200)
    run = brought(revops, people(1000))
    runs.work()
    runs.confirm(run, at=run.created_at)
    write = ContactImporter.write

    def dying(self: ContactImporter) -> None:
        write(self)
        if Contact.objects.count() > 500:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ContactImporter, "write", dying)
        with pytest.raises(Killed):
            runs.work()
    assert not Contact.objects.exists()
    assert "begun again" not in shown(revops, run)
    runs.work()
    run.refresh_from_db()
    assert (run.state, run.attempts) == (State.DONE, 2)
    assert Contact.objects.count() == 1000
    assert runs.work() == 0


def test_what_kills_its_process_three_times_is_given_up(
    revops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = brought(revops, people(501))

    def dying(self: ContactImporter, rows: Any) -> None:
        raise Killed

    monkeypatch.setattr(ContactImporter, "shortcut", dying)
    for _ in range(3):
        with pytest.raises(Killed):
            runs.work()
    runs.work()
    assert "It was interrupted three times" in shown(revops, run)
    assert runs.work() == 0


def test_the_same_file_twice_says_so(revops: User, manager: User) -> None:
    first = imported(revops, people(501))
    again = brought(manager, people(501))
    assert "The same file was imported already by" in shown(manager, again)
    runs.work()
    page = shown(manager, again)
    assert "The same file was imported already by" in page and first.summary in page
    assert "0 new, 0 changed, 501 the same" in page
    preview = door(revops).post(CONTACTS, upload(people(3)))
    assert "imported already" not in preview.content.decode()


def test_the_same_short_file_twice_says_so(revops: User) -> None:
    short(revops, people(3))
    preview = door(revops).post(CONTACTS, upload(people(3)))
    assert "The same file was imported already by" in preview.content.decode()


def test_what_happened_since_the_check_is_seen(revops: User) -> None:
    run = brought(revops, people(501))
    runs.work()
    other = make_contact(None, email="x@acme.example", external_id="7")
    Contact.objects.filter(pk=other.pk).update(email="p3@acme.example", last_name="Else")
    door(revops).post(f"/imports/{run.pk}/confirm/")
    runs.work()
    run.refresh_from_db()
    assert run.summary.startswith("500 new, 1 changed")


def test_somebody_who_was_let_go_imports_nothing(manager: User, revops: User) -> None:
    run = brought(manager, people(501))
    runs.work()
    runs.confirm(run, at=run.created_at)
    User.objects.filter(pk=manager.pk).update(is_active=False)
    runs.work()
    assert "may no longer import" in shown(revops, run)
    assert not Contact.objects.exists()


def test_an_import_is_seen_by_whoever_brought_it_and_by_revops(
    sdr: User, other_sdr: User, ae: User, revops: User
) -> None:
    run = short(sdr, people(2))
    assert door(sdr).get(f"/imports/{run.pk}/").status_code == 200
    assert door(revops).get(f"/imports/{run.pk}/").status_code == 200
    assert door(other_sdr).get(f"/imports/{run.pk}/").status_code == 404
    assert door(other_sdr).post(f"/imports/{run.pk}/undo/").status_code == 404
    assert door(ae).get(f"/imports/{run.pk}/").status_code == 403
    assert "people.csv" in door(sdr).get("/imports/").content.decode()
    assert "Nothing was imported yet" in door(other_sdr).get("/imports/").content.decode()


def test_what_nobody_confirms_is_dropped_after_an_hour(
    revops: User, clock: time_machine.Traveller, calendar: object
) -> None:
    run = brought(revops, people(501))
    runs.work()
    clock.shift(timedelta(minutes=61))
    runs.work()
    assert "Nobody confirmed it within an hour." in shown(make_user("r2", "revops"), run)
    assert default_storage.listdir(runs.FOLDER)[1] == []


def test_after_a_day_only_the_counts_are_left(
    revops: User, clock: time_machine.Traveller, calendar: object
) -> None:
    run = short(revops, people(3))
    assert "First1" in shown(revops, run)
    clock.shift(timedelta(hours=25))
    tasks.run_imports()
    run.refresh_from_db()
    assert run.report == {} and run.summary.startswith("3 new")
    assert default_storage.listdir(runs.FOLDER)[1] == []
    page = shown(make_user("r2", "revops"), run)
    assert "First1" not in page and "Undo this import" not in page


def test_a_note_stops_whoever_writes_it(revops: User) -> None:
    run = brought(revops, people(501))
    note = runs.note_of(run)
    note.say(1, 10)
    assert note.read() == (1, 10)
    note.path.write_text("spoilt")
    assert note.read() == (0, 0)
    note.ask_to_stop()
    with pytest.raises(Cancelled):
        note.say(2, 10)


def test_a_file_that_was_left_behind_goes(revops: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(runs, "_drop_file", lambda run: None)
        run = imported(revops, people(501))
    assert default_storage.exists(run.file)
    runs.tidy(timezone.now() + timedelta(minutes=3))
    assert not default_storage.exists(run.file)
    run.refresh_from_db()
    assert run.file == "" and runs.may_undo(run, timezone.now())


def test_each_step_begins_its_progress_anew(revops: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = brought(revops, people(501))
    runs.work()
    door(revops).post(f"/imports/{run.pk}/confirm/")
    assert "Waiting for the worker" in shown(revops, run)
    runs.work()
    door(revops).post(f"/imports/{run.pk}/undo/")
    assert "Waiting for the worker" in shown(revops, run)
    said: list[tuple[int, int]] = []
    monkeypatch.setattr(notes.Note, "say", lambda self, done, total: said.append((done, total)))
    runs.work()
    assert said == [(0, 502), (501, 502), (502, 502)]
    text = shown(revops, run)
    assert "was undone" in text and "columns: Undone" not in text


def test_many_notes_are_folded_away(revops: User) -> None:
    rows = "".join(f"Last{n},p{n}@firm{n}.example,Firm {n}\n" for n in range(12))
    run = short(revops, f"last_name,email,account\n{rows}")
    text = shown(revops, run)
    assert "4 more notes" in text
    folded = text[text.index("<details") :]
    assert "Firm 7" not in folded and all(f"“Firm {n}”" in folded for n in range(8, 12))


def test_a_large_file_says_where_it_holds_up_whoever_saves(
    revops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WORTH_A_WORD", 501)
    monkeypatch.setattr(pages, "ROWS_A_SECOND", 100)
    run = brought(revops, people(501))
    runs.work()
    one_writer = connection.vendor == "sqlite"
    assert ("nobody else can save, for 5 seconds" in shown(revops, run)) is one_writer
    runs.confirm(run, at=timezone.now())
    runs.work()
    assert "nobody else can save" not in shown(revops, run)
