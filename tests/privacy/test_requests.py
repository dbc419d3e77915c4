"""A person's request takes two admins, is done once, and leaves no address behind."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Contact
from privacy import people, requests
from privacy.models import PersonRequest
from privacy.tasks import work_requests
from team.models import AuditEntry, User
from tests.factories import make_user
from tests.privacy.conftest import EMAIL, Planted
from tests.privacy.dump import dump

CONFIRM = {"_form_submitted": "true"}
IDENTITY = "Wrote from this address and answered our call."


@pytest.fixture
def second(db: None) -> User:
    return make_user("second", "revops", name="Nora Berg")


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def file(client: Client, by: User, kind: str) -> PersonRequest:
    client.force_login(by)
    data = {"kind": kind, "email": EMAIL.upper(), "identity": IDENTITY}
    assert client.post(reverse("admin:privacy_personrequest_add"), data).status_code == 302
    return PersonRequest.objects.get()


def press(client: Client, by: User, request: PersonRequest, button: str, **data: str) -> Any:
    client.force_login(by)
    address = reverse(f"admin:privacy_personrequest_{button}", args=[request.pk])
    return client.post(address, {**CONFIRM, **data})


def page(request: PersonRequest) -> str:
    return reverse("admin:privacy_personrequest_change", args=[request.pk])


def test_an_erasure_is_counted_confirmed_by_another_and_done(
    client: Client, planted: Planted, revops: User, second: User
) -> None:
    asked = file(client, revops, "erase")
    assert (asked.email, asked.filed_by) == (EMAIL, revops)
    work_requests()
    shown = client.get(page(asked)).content.decode()
    assert "handoff events" in shown
    assert Contact.objects.filter(email=EMAIL).exists()

    press(client, second, asked, "confirm")
    work_requests()
    asked.refresh_from_db()
    assert (asked.state, asked.email, asked.decided_by) == ("done", "", second)
    text = dump().casefold()
    assert [canary for canary in planted.canaries if canary.casefold() in text] == []
    assert "Still open" in client.get(page(asked)).content.decode()


def test_nobody_confirms_what_they_filed(client: Client, planted: Planted, revops: User) -> None:
    asked = file(client, revops, "erase")
    answer = press(client, revops, asked, "confirm")
    assert "Somebody else has to confirm" in said(answer)
    asked.refresh_from_db()
    assert asked.state == "waiting"
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonRequest.objects.update(state="confirmed", decided_by=revops)


def test_an_export_is_downloaded_once(
    client: Client, planted: Planted, revops: User, second: User
) -> None:
    asked = file(client, revops, "export")
    archive = reverse("admin:privacy_personrequest_archive", args=[asked.pk])
    assert "nothing to download" in said(client.post(archive))
    press(client, second, asked, "confirm")
    assert "can be downloaded once" in client.get(page(asked)).content.decode()
    assert client.get(archive).status_code == 405

    answer = client.post(archive)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert EMAIL in bundle.read("data.json").decode()
    asked.refresh_from_db()
    assert (asked.state, asked.email) == ("done", "")
    assert client.post(archive).status_code == 302
    assert client.post(archive).headers.get("Content-Disposition") is None
    assert AuditEntry.objects.get(deed="exported").by == second


def test_an_export_that_nobody_downloads_lapses_after_a_day(
    client: Client, planted: Planted, revops: User, second: User, clock: time_machine.Traveller
) -> None:
    asked = file(client, revops, "export")
    press(client, second, asked, "confirm")
    clock.shift(timedelta(hours=24))
    client.force_login(second)
    archive = reverse("admin:privacy_personrequest_archive", args=[asked.pk])
    assert "more than a day ago" in said(client.post(archive))
    work_requests()
    asked.refresh_from_db()
    assert (asked.state, asked.email) == ("refused", "")


def test_whoever_filed_it_may_take_it_back(client: Client, planted: Planted, revops: User) -> None:
    asked = file(client, revops, "erase")
    press(client, revops, asked, "decline", why="They wrote again: keep it.")
    work_requests()
    asked.refresh_from_db()
    assert (asked.state, asked.email, asked.why) == ("declined", "", "They wrote again: keep it.")
    assert Contact.objects.filter(email=EMAIL).exists()


def test_two_decisions_at_once_are_one(planted: Planted, revops: User, second: User) -> None:
    asked = requests.file(
        PersonRequest(kind="erase", email=EMAIL, identity=IDENTITY), by=revops, at=timezone.now()
    )
    stale = PersonRequest.objects.get(pk=asked.pk)
    requests.confirm(asked, by=second, at=timezone.now())
    with pytest.raises(requests.RequestRefused, match="meanwhile"):
        requests.decline(stale, by=second, why="No.", at=timezone.now())


def test_one_of_our_own_people_is_refused_in_words(ae: User, revops: User, second: User) -> None:
    asked = requests.file(
        PersonRequest(kind="erase", email=ae.email, identity=IDENTITY), by=revops, at=timezone.now()
    )
    work_requests()
    asked.refresh_from_db()
    assert asked.state == "refused"
    assert "deactivate them" in asked.why


def test_one_that_breaks_keeps_no_other_waiting(
    planted: Planted, revops: User, second: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        requests.file(
            PersonRequest(kind="erase", email=email, identity=IDENTITY),
            by=revops,
            at=timezone.now(),
        )
        for email in ("trouble@x.example", EMAIL)
    ]
    for request in asked:
        requests.confirm(request, by=second, at=timezone.now())
    erase = people.erase

    def breaking(email: str, **options: Any) -> Any:
        if email == "trouble@x.example":
            raise RuntimeError("a bug")
        return erase(email, **options)

    monkeypatch.setattr(people, "erase", breaking)
    # The newest stands first in the list, so that the trouble comes before the other
    PersonRequest.objects.filter(pk=asked[0].pk).update(filed_at=timezone.now() + timedelta(1))
    with pytest.raises(RuntimeError):
        work_requests()
    assert [PersonRequest.objects.get(pk=one.pk).state for one in asked] == ["confirmed", "done"]


def test_the_trail_knows_who_asked_and_confirmed_and_not_about_whom(
    client: Client, planted: Planted, revops: User, second: User
) -> None:
    before = AuditEntry.objects.count()
    asked = file(client, revops, "erase")
    press(client, second, asked, "confirm")
    entries = list(AuditEntry.objects.order_by("pk")[before:])
    assert {(entry.by, entry.deed) for entry in entries} >= {
        (revops, "asked"),
        (second, "confirmed"),
    }
    assert EMAIL not in str([(entry.name, entry.note, entry.changes) for entry in entries])


def test_a_request_is_never_edited_or_deleted(
    client: Client, planted: Planted, revops: User
) -> None:
    asked = file(client, revops, "erase")
    client.force_login(make_user("root", is_superuser=True))
    assert client.post(page(asked), {"email": "other@x.example"}).status_code == 403
    delete = reverse("admin:privacy_personrequest_delete", args=[asked.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("who", ["sdr", "ae", "manager"])
def test_only_revops_sees_requests(
    client: Client, who: str, planted: Planted, revops: User, request: pytest.FixtureRequest
) -> None:
    asked = file(client, revops, "export")
    client.force_login(request.getfixturevalue(who))
    assert client.get(page(asked)).status_code == 403
    archive = reverse("admin:privacy_personrequest_archive", args=[asked.pk])
    assert client.post(archive).status_code == 403


@pytest.mark.parametrize("missing", ["kind", "email", "identity"])
def test_a_request_names_what_whom_and_how_we_know(
    client: Client, revops: User, missing: str
) -> None:
    client.force_login(revops)
    data = {"kind": "erase", "email": EMAIL, "identity": IDENTITY, missing: ""}
    answer = client.post(reverse("admin:privacy_personrequest_add"), data)
    assert list(answer.context["adminform"].form.errors) == [missing]
    assert not PersonRequest.objects.exists()
