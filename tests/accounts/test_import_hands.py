"""Two hands at one import: pressed twice, by another person, by somebody who may no longer."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Contact, ContactChange
from team.models import AuditEntry, Import, User
from team.sheets import runs, uploads
from tests.accounts.importing import (
    CONFIRM,
    CONTACTS,
    brought,
    door,
    imported,
    people,
    short,
    upload,
)
from tests.factories import make_contact

pytestmark = pytest.mark.usefixtures("files_elsewhere")
State = Import.State
PEOPLE = "/admin/team/user/import/"


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_a_preview_that_is_confirmed_twice_at_once_is_imported_once(
    revops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = door(revops)
    token = client.post(CONTACTS, upload(people(3))).context["confirm_form"].initial
    begin, second = runs.begin, []

    def while_the_other_comes(*args: Any, **values: Any) -> Import:
        if not second:
            second.append(None)
            second[0] = client.post(CONFIRM, token, follow=True)
        return begin(*args, **values)

    monkeypatch.setattr(runs, "begin", while_the_other_comes)
    client.post(CONFIRM, token)
    assert "was imported already" in said(second[0])
    assert Import.objects.count() == 1 and Contact.objects.count() == 3


def test_a_button_of_an_older_page_does_not_stop_an_undo(revops: User) -> None:
    run = imported(revops, people(501))
    assert runs.ask_to_undo(run, by=revops, at=timezone.now())
    page = door(revops).post(f"/imports/{run.pk}/cancel/", follow=True)
    assert "nothing to cancel" in said(page)
    runs.work()
    run.refresh_from_db()
    assert run.state == State.UNDONE and not Contact.objects.exists()


def test_an_undo_is_written_down_as_of_whoever_asked_for_it(sdr: User, revops: User) -> None:
    known = make_contact(None, email="p1@acme.example", title="Old")
    run = short(sdr, people(3))
    assert known.changes.filter(field="title", changed_by=sdr).exists()
    door(revops).post(f"/imports/{run.pk}/undo/")
    entry = AuditEntry.objects.get(note__contains="undone")
    back = ContactChange.objects.filter(contact=known, field="title").latest("pk")
    assert (entry.by, back.changed_by, back.new) == (revops, revops, "Old")


def test_whoever_lost_the_role_for_it_imports_nobody_any_more(revops: User, north: object) -> None:
    """An import of people gives roles: what was brought as an admin is not written as an SDR."""
    rows = "".join(f"New Admin{n},revops\n" for n in range(501))
    run = brought(revops, f"name,roles\n{rows}", PEOPLE)
    runs.work()
    User.objects.filter(pk=revops.pk).update(is_revops=False, is_sdr=True)
    before = User.objects.count()
    door(User.objects.get(pk=revops.pk)).post(f"/imports/{run.pk}/confirm/")
    runs.work()
    run.refresh_from_db()
    assert run.state == State.FAILED and "may no longer import" in run.problem
    assert User.objects.count() == before


def test_previews_that_nobody_confirmed_go_though_nobody_uploads_again(
    revops: User, clock: time_machine.Traveller
) -> None:
    door(revops).post(CONTACTS, upload(people(3)))
    (name,) = default_storage.listdir(uploads.FOLDER)[1]
    now = timezone.now().timestamp()
    os.utime(default_storage.path(f"{uploads.FOLDER}/{name}"), (now, now))
    runs.tidy(timezone.now() + timedelta(minutes=119))
    assert default_storage.listdir(uploads.FOLDER)[1] == [name]
    runs.tidy(timezone.now() + timedelta(minutes=121))
    assert default_storage.listdir(uploads.FOLDER)[1] == []


def test_a_preview_that_goes_while_others_are_swept_is_no_trouble(revops: User) -> None:
    door(revops).post(CONTACTS, upload(people(3)))
    gone = Path(default_storage.path(uploads.FOLDER), "gone.csv")
    gone.symlink_to("nowhere")  # listed, and not there when it is looked at
    page = door(revops).post(CONTACTS, upload(people(3)))
    assert page.status_code == 200 and page.context["confirm_form"]
