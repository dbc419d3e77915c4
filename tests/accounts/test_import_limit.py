"""Ten imports an hour for each person: the next one waits with its file and goes on as it was."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Contact
from team.models import Import, User
from team.sheets import runs
from tests.accounts.importing import (
    CONFIRM,
    CONTACTS,
    door,
    people,
    short,
    upload,
)

pytestmark = pytest.mark.usefixtures("files_elsewhere")
State = Import.State


def test_the_eleventh_import_within_an_hour_waits_with_its_file(revops: User, sdr: User) -> None:
    for number in range(10):
        assert short(revops, people(1, f"Chief {number}")).state == State.DONE
    client = door(revops)
    preview = client.post(CONTACTS, upload(people(1, "Founder")))
    page = client.post(CONFIRM, preview.context["confirm_form"].initial)
    assert (page.status_code, page["Retry-After"]) == (429, "3600")
    assert "people.csv has to wait 60 minutes" in page.content.decode()
    assert Import.objects.count() == 10 and Contact.objects.get().title == "Chief 9"

    client.force_login(sdr, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(CONTACTS, {"kept_token": page.context["token"]}).status_code == 302
    assert Import.objects.count() == 10, "somebody else’s file was begun"


@pytest.mark.parametrize("count", [1, 501])
def test_a_file_that_had_to_wait_goes_on_as_it_was_brought(revops: User, count: int) -> None:
    for number in range(10):
        short(revops, people(1, f"Chief {number}"))
    Contact.objects.all().delete()
    client = door(revops)
    rows = [f"Müller{n};p{n}@acme.example" for n in range(count)]
    content = "\n".join(["Nachname;Post", *rows]).encode("cp1252")
    file = SimpleUploadedFile("leute.csv", content)
    page = client.post(CONTACTS, {"import_file": file, "format": "auto", "encoding": "cp1252"})
    token = page.context["token"]
    meant = {"columns_token": token, "column-0": "last_name", "column-1": "email"}
    page = client.post(CONTACTS, meant)
    if count == 1:  # a short file is shown first
        page = client.post(CONFIRM, page.context["confirm_form"].initial)
    assert page.status_code == 429

    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        page = client.post(CONTACTS, {"kept_token": page.context["token"]})
        if count == 1:
            page = client.post(CONFIRM, page.context["confirm_form"].initial)
        runs.work()
        run = Import.objects.latest("pk")
        runs.confirm(run, at=timezone.now())
        runs.work()
    assert (page.status_code, run.name) == (302, "leute.csv")
    assert {one.last_name for one in Contact.objects.all()} == {f"Müller{n}" for n in range(count)}
