"""The fifteen minutes: a checklist with the library beside it, finished when all is done."""

import pytest
from django.test import Client

from accounts.models import Account, Contact
from handoffs import library
from handoffs.models import CaseStudy, CompetitorNote, Handoff, Objection
from team.models import User
from tests.factories import accepted, submitted

pytestmark = pytest.mark.django_db

DONE = {
    "read_package": "on",
    "competitors_done": "on",
    "case_study_other": "None fits, they are the first of their kind.",
    "said_1": "PriceFox is cheaper for one country.",
    "answer_1": "With four countries the price is the same.",
    "said_2": "The roll-out takes too long.",
    "answer_2": "Six weeks, as with the last three customers.",
}


@pytest.fixture
def taken(sdr: User, account: Account, contact: Contact) -> Handoff:
    return accepted(sdr=sdr, account=account, contact=contact)


def study(title: str, **tags: object) -> CaseStudy:
    return CaseStudy.objects.create(title=title, summary="What they gained.", **tags)


def test_it_shows_what_the_library_knows(client: Client, taken: Handoff, ae: User) -> None:
    CompetitorNote.objects.create(competitor="pricefox", note="Strong in one country.")
    Objection.objects.create(handoff=taken, category="competitor", said="…", competitor="Quotr")
    client.force_login(ae)
    page = client.get(f"/handoffs/{taken.pk}/prepare/").content.decode()
    assert "Strong in one country." in page
    assert "The library has no note on them yet" in page
    taken.refresh_from_db()
    assert taken.prep_started_at is None  # looking starts nothing


def test_the_best_matching_story_comes_first(taken: Handoff) -> None:
    study("Anybody")
    study("Their trigger", industries="Retail", triggers=["funding"])
    study("Their industry", industries="Retail, Industrial robotics")
    study("No longer offered", industries="Industrial robotics", is_active=False)
    found = [story.entry.title for story in library.stories_for(taken)]
    assert found == ["Their industry", "Their trigger", "Anybody"]


def test_each_story_says_why_it_is_offered(client: Client, taken: Handoff, ae: User) -> None:
    tags = {"triggers": ["funding", "jobs"], "objections": ["competitor", "price"]}
    study("All three", industries="industrial robotics", **tags)
    study("Anybody")
    study("Somebody else", industries="Retail")
    because = {story.entry.title: story.because for story in library.stories_for(taken)}
    assert because == {
        "All three": ["Industrial robotics", "Funding", "Objection: competitor"],
        "Anybody": [],
        "Somebody else": [],
    }
    client.force_login(ae)
    page = client.get(f"/handoffs/{taken.pk}/prepare/").content.decode()
    for words in ("Objection: competitor", "Fits any industry", "No tag in common"):
        assert words in page


def test_a_note_is_found_however_the_competitor_is_written(taken: Handoff) -> None:
    CompetitorNote.objects.create(competitor="PriceFox, Inc.", note="Strong in one country.")
    assert [note.entry.note for note in library.notes_on_named(taken)] == ["Strong in one country."]
    assert library.without_note(taken) == []


def test_competitors_of_their_industry_are_offered_besides(
    client: Client, taken: Handoff, ae: User
) -> None:
    for name, industries in (
        ("PriceFox", "Industrial robotics"),  # named by them already
        ("QuickList", "Industrial robotics"),
        ("Shelfie", "Retail"),
        ("Anything", ""),
    ):
        CompetitorNote.objects.create(
            competitor=name, note="…", industries=industries, objections=["competitor"]
        )
    assert [note.entry.competitor for note in library.notes_on_likely(taken)] == ["QuickList"]
    client.force_login(ae)
    page = client.get(f"/handoffs/{taken.pk}/prepare/").content.decode()
    assert "met in this industry: QuickList" in page


def test_what_the_checklist_insists_on_is_not_called_optional(
    client: Client, taken: Handoff, ae: User
) -> None:
    client.force_login(ae)
    page = client.get(f"/handoffs/{taken.pk}/prepare/").content.decode()
    assert page.count(">optional<") == 1  # the third objection


def test_it_is_kept_as_you_go_and_finished_when_all_is_done(
    client: Client, taken: Handoff, ae: User
) -> None:
    client.force_login(ae)
    address = f"/handoffs/{taken.pk}/prepare/"
    half = {name: value for name, value in DONE.items() if name != "answer_2"}
    refused = client.post(address, {**half, "do": "finish"})
    assert refused.status_code == 409
    assert "how you will answer each objection" in refused.content.decode()
    taken.refresh_from_db()
    assert taken.prep_started_at is not None
    assert not taken.is_prepared
    assert "PriceFox is cheaper" in client.get(address).content.decode()
    assert client.post(address, {**DONE, "do": "finish"}).status_code == 302
    taken.refresh_from_db()
    assert taken.is_prepared
    logged = taken.events.get(kind="prep_finished").data
    assert [row["said"] for row in logged["objections"]] == [DONE["said_1"], DONE["said_2"]]


def test_a_chosen_story_is_enough(client: Client, taken: Handoff, ae: User) -> None:
    chosen = study("Fits")
    client.force_login(ae)
    typed = {**DONE, "case_study": chosen.pk, "case_study_other": "", "do": "finish"}
    assert client.post(f"/handoffs/{taken.pk}/prepare/", typed).status_code == 302


def test_it_opens_at_acceptance_for_its_ae_only(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    waiting = submitted(sdr=sdr, account=account, contact=contact)
    client.force_login(ae)
    page = client.get(f"/handoffs/{waiting.pk}/prepare/")
    assert page.status_code == 403
    assert "Accept this handoff first" in page.content.decode()
    assert client.post(f"/handoffs/{waiting.pk}/prepare/", DONE).status_code == 403
    assert waiting.sdr.reports_to is not None
    client.force_login(waiting.sdr.reports_to)
    page = client.get(f"/handoffs/{waiting.pk}/prepare/")
    assert "opens when the handoff has been accepted" in page.content.decode()
    assert client.post(f"/handoffs/{waiting.pk}/prepare/", DONE).status_code == 409
    client.force_login(sdr)
    assert client.get(f"/handoffs/{waiting.pk}/prepare/").status_code == 403


def test_the_brief_leads_there_until_it_is_done(client: Client, taken: Handoff, ae: User) -> None:
    client.force_login(ae)
    assert f"/handoffs/{taken.pk}/prepare/" in client.get(f"/handoffs/{taken.pk}/").content.decode()


@pytest.mark.parametrize("model", ["competitornote", "casestudy"])
def test_revops_keeps_the_library_and_aes_read_it(
    client: Client, revops: User, ae: User, sdr: User, model: str
) -> None:
    address = f"/admin/handoffs/{model}/"
    client.force_login(revops)
    name, text = ("competitor", "note") if model == "competitornote" else ("title", "summary")
    typed = {name: "PriceFox", text: "What to know.", "triggers": ["funding"], "is_active": "on"}
    typed["industries"] = "Retail"
    assert client.post(f"{address}add/", typed).status_code == 302
    kept = (CompetitorNote if model == "competitornote" else CaseStudy).objects.get()
    assert (kept.triggers, kept.objections) == (["funding"], [])
    client.force_login(ae)
    assert client.get(address).status_code == 200
    assert client.get(f"{address}add/").status_code == 403
    client.force_login(sdr)
    assert client.get(address).status_code == 403
