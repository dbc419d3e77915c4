"""The settings file: there and back again; what differs comes as a draft, faults are named."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Contact
from config.portable.file import parsed, take_in, written
from config.portable.parts import SAME, Unreadable
from handoffs import lifecycle
from handoffs.models import CompetitorNote, Criterion, FrameworkVersion, Reason
from messaging.models import MessageTemplate
from sla.models import PolicyVersion, Target
from team.audit import AuditEntry
from team.models import Territory, User, WorkCalendar
from tests.factories import submitted

pytestmark = pytest.mark.django_db


def settings_now() -> dict[str, Any]:
    """The settings as they come out of a file."""
    return json.loads(json.dumps(written(timezone.now())))


@pytest.fixture
def data(north: Territory, standard: FrameworkVersion) -> dict[str, Any]:
    CompetitorNote.objects.create(competitor="PriceFox", note="Heavy.", triggers=["funding"])
    return settings_now()


def put_in(data: dict[str, Any], by: User) -> dict[str, str]:
    """What became of each row that was not the same already."""
    found = take_in(data, by=by)
    return {f"{one.part}: {one.name}": one.verdict for one in found if one.verdict != SAME}


def test_what_stands_here_already_changes_nothing(data: dict[str, Any], revops: User) -> None:
    entries = AuditEntry.objects.count()
    assert put_in(data, revops) == {}
    assert settings_now() | {"made_at": ""} == data | {"made_at": ""}
    assert AuditEntry.objects.count() == entries + 1
    assert AuditEntry.objects.first().note == "Nothing was different."


def test_neither_people_nor_secrets_are_in_it(data: dict[str, Any], north: Territory) -> None:
    text = json.dumps(data)
    for person in User.objects.all():
        assert str(person) not in text and person.email not in text


def test_an_empty_installation_gets_all_of_it(data: dict[str, Any], revops: User) -> None:
    Territory.objects.all().delete()
    WorkCalendar.objects.all().delete()
    CompetitorNote.objects.all().delete()
    MessageTemplate.objects.update(subject="Another subject")

    told = put_in(data, revops)

    assert told["Territories: North"] == "added: now name its people"
    assert told["Calendars: Office hours"] == "added"
    assert told["Competitors: PriceFox"] == "added"
    assert sum(key.startswith("Message texts") for key in told) == MessageTemplate.objects.count()
    assert settings_now() | {"made_at": ""} == data | {"made_at": ""}
    north = Territory.objects.get(name="North")
    assert north.calendar.current_version().number >= 1 and north.primary is None


def test_a_standard_and_a_policy_that_differ_come_as_drafts(
    data: dict[str, Any], standard: FrameworkVersion, revops: User
) -> None:
    bant = next(row for row in data["frameworks"] if row["code"] == "bant")
    bant["criteria"][0]["confirmed_means"] = "A named person gave a number in writing."
    inbound = next(row for row in data["policies"] if row["lead_source"] == "inbound")
    accept = next(row for row in inbound["targets"] if row["kind"] == "accept")
    accept["limit_minutes"] = 30

    told = put_in(data, revops)

    assert len(told) == 2
    draft = FrameworkVersion.objects.get(framework__code="bant", number=2)
    assert draft.state == "draft" and draft.note == "From a settings file."
    assert draft.criteria.first().confirmed_means.startswith("A named person gave")
    old = Criterion.objects.filter(version=standard, confirmed_means__contains="in writing")
    assert not old.exists()
    policy = PolicyVersion.objects.get(policy__lead_source="inbound", number=2)
    assert Target.objects.get(version=policy, kind="accept").limit_minutes == 30
    assert policy.state == "draft"
    assert put_in(data, revops) == {}, "a second time it is there already"


Spoil = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda d: d["calendars"][0].update(time_zone="Mars/Olympus"), "is not a time zone"),
        (lambda d: d["calendars"][0].update(hours={"mon": [["17:00", "x"]]}), "Office hours"),
        (lambda d: d["calendars"][0].update(hours=7), "has to name days"),
        (lambda d: d["calendars"][0].update(holidays={"never": "x"}), "has to name days"),
        (lambda d: d["territories"][0].update(calendar="Nowhere"), "no calendar “Nowhere”"),
        (lambda d: d["territories"][0].update(countries=["Germany"]), "two-letter"),
        (lambda d: d["territories"][0].update(countries=7), "two-letter"),
        (lambda d: d["reasons"][0].update(use="laugh"), "Reasons, “"),
        (lambda d: d["reasons"][0].update(position="first"), "position"),
        (lambda d: d["texts"][0].update(body="Hello {password}"), "password"),
        (lambda d: d["texts"][0].update(subject=7), "has to be a text"),
        (lambda d: d["policies"][0].update(lead_source="moon"), "“moon” is not a lead source"),
        (lambda d: d["policies"][0]["targets"][0].update(limit_minutes=0), "limit_minutes"),
        (lambda d: d["policies"][0]["targets"][0].update(limit_minutes={}), "SLA policies"),
        (lambda d: d["policies"][0]["steps"][0].update(channel="#gone"), "add the Slack channel"),
        (lambda d: d["policies"][0].update(territory="Atlantis"), "no territory “Atlantis”"),
        (lambda d: d["frameworks"][0]["criteria"][0].update(choices="yes"), "list of texts"),
        (lambda d: d["frameworks"][0].update(criteria=[7]), "list of objects"),
        (lambda d: d["competitors"][0].update(triggers=["moon landing"]), "list of: "),
        (lambda d: d["competitors"][0].update(competitor=None), "“competitor” has to be a text"),
        (lambda d: d.update(calendars={}), "“calendars” has to be a list"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_changes(
    data: dict[str, Any], revops: User, spoil: Spoil, sentence: str
) -> None:
    CompetitorNote.objects.all().delete()
    spoil(data)
    before = settings_now() | {"made_at": ""}
    with pytest.raises(Unreadable, match=sentence):
        take_in(data, by=revops)
    assert settings_now() | {"made_at": ""} == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00", "cannot be read as text"),
        (b"{'format': 1}", "not JSON: line 1"),
        (b"[1]", "not a settings file of Handoff Desk"),
        (b'{"format": "handoff-desk-settings", "version": 9}', "version 9"),
        (b"[" * 100_000, "cannot be read"),
        (b" " * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
        (rb'{"format": "handoff-desk-settings", "reasons": ["\ud800"]}', "D800"),
        (rb'{"format": "handoff-desk-settings", "texts": ["a\u0000b"]}', "0000"),
        (b'{"format": "handoff-desk-settings", "version": NaN}', "number that cannot be stored"),
    ],
)
def test_another_file_is_refused_in_words(content: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        parsed(content)


def test_a_reason_that_was_given_keeps_its_use(
    data: dict[str, Any], sdr: User, ae: User, account: Account, contact: Contact, revops: User
) -> None:
    reason = Reason.objects.filter(use=Reason.Use.REJECT, counts=False).first()
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    lifecycle.reject(handoff, by=ae, reason=reason, note="They have no project before next year.")
    row = next(row for row in data["reasons"] if row["code"] == reason.code)
    row["use"] = "disqualify"
    with pytest.raises(Unreadable, match="its “use” stays “reject”"):
        take_in(data, by=revops)
    row["use"], row["label"] = "reject", "In other words"
    assert put_in(data, revops) == {"Reasons: In other words": "changed"}


def test_the_page_tries_before_it_puts_in(
    client: Client, data: dict[str, Any], revops: User
) -> None:
    client.force_login(revops)
    Reason.objects.filter(code=data["reasons"][0]["code"]).update(label="Quite another thing")
    address = reverse("settings_file")
    upload = SimpleUploadedFile("settings.json", json.dumps(data).encode())

    tried = client.post(address, {"file": upload}).content.decode()

    assert "What would change" in tried and "Put all of it in" in tried
    assert Reason.objects.filter(label="Quite another thing").exists()
    done = client.post(address, {"content": json.dumps(data), "put_in": "1"}).content.decode()
    assert "What was put in" in done
    assert not Reason.objects.filter(label="Quite another thing").exists()
    assert AuditEntry.objects.filter(deed="imported", name="Settings file", by=revops).exists()
    refused = client.post(address, {})
    assert refused.status_code == 422 and "Choose the file first" in refused.content.decode()


def test_a_download_goes_back_in(client: Client, data: dict[str, Any], revops: User) -> None:
    client.force_login(revops)
    answer = client.get(reverse("settings_download"))
    assert "handoff-desk-settings-2026-03-02.json" in answer["Content-Disposition"]
    assert put_in(parsed(answer.content), revops) == {}
    assert AuditEntry.objects.filter(deed="exported", name="Settings file").count() == 1
