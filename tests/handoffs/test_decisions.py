"""The decisions: two clicks each, refused in words, once only, and never by looking at a page."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff, Reason
from handoffs.models.event import EventKind
from handoffs.refusal import TransitionRefused
from handoffs.views.decisions import DECISIONS
from messaging.models import Message
from team.models import User
from tests.factories import complete_package, submitted

pytestmark = pytest.mark.django_db

DIALOG = {"X-Part": "dialog"}
Make = Callable[..., Handoff]


@pytest.fixture
def make(sdr: User, account: Account, contact: Contact, ae: User) -> Make:
    """A handoff walked to a status by its people."""

    def walk(status: str) -> Handoff:
        if status == "draft":
            return complete_package(sdr=sdr, account=account, contact=contact)
        handoff = submitted(sdr=sdr, account=account, contact=contact)
        if status == "returned":
            return lifecycle.return_for_information(handoff, by=ae, question="Who signs for this?")
        if status in ("accepted", "preparing", "contacted"):
            handoff = lifecycle.accept(handoff, by=ae)
        if status in ("preparing", "contacted"):
            handoff = lifecycle.start_preparation(handoff, by=ae)
        if status == "contacted":
            lifecycle.finish_preparation(handoff, by=ae, objections="Price will come up.")
            handoff = lifecycle.record_contact(handoff, by=ae, channel="call")
            handoff.meetings.update(status="held")
        return handoff

    return walk


def reason(use: str) -> Reason:
    return Reason.objects.filter(use=use, is_active=True).first()  # type: ignore[return-value]


def typed_for(name: str, backup: User) -> dict[str, object]:
    """What a person types for each decision."""
    when = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    return {
        "return": {"question": "Who signs above fifty thousand at theirs?"},
        "reject": {"reason": reason("reject").pk, "note": "They only wanted a student licence."},
        "answer": {"text": "Mark Dell signs above fifty thousand."},
        "contact": {"channel": "call", "at": when, "unprepared_because": "She rang us herself."},
        "opportunity": {"amount": "45000.50", "external_id": "006A", "url": "crm.example/006A"},
        "disqualify": {"reason": reason("disqualify").pk, "note": "Project was stopped by them."},
        "reassign": {"to": backup.pk, "why": "Ana is full this week."},
        "accept-for": {"to": backup.pk, "why": "Ana is on a plane until tonight."},
        "withdraw": {"note": "They asked us to wait a quarter."},
    }.get(name, {})


WAYS = [
    ("accept", "submitted", "ae", "accepted", EventKind.ACCEPTED),
    ("accept-for", "submitted", "manager", "accepted", EventKind.ACCEPTED),
    ("return", "submitted", "ae", "returned", EventKind.RETURNED),
    ("reject", "submitted", "ae", "rejected", EventKind.REJECTED),
    ("answer", "returned", "sdr", "submitted", EventKind.ANSWERED),
    ("contact", "accepted", "ae", "accepted", EventKind.CONTACTED),
    ("opportunity", "contacted", "ae", "qualified", EventKind.QUALIFIED),
    ("disqualify", "contacted", "ae", "disqualified", EventKind.DISQUALIFIED),
    ("reassign", "submitted", "manager", "submitted", EventKind.REASSIGNED),
    ("withdraw", "submitted", "sdr", "withdrawn", EventKind.WITHDRAWN),
]


@pytest.mark.parametrize(("name", "before", "who", "after", "kind"), WAYS)
def test_two_clicks_do_it_once(
    client: Client,
    make: Make,
    backup: User,
    request: pytest.FixtureRequest,
    name: str,
    before: str,
    who: str,
    after: str,
    kind: EventKind,
) -> None:
    handoff, user = make(before), request.getfixturevalue(who)
    client.force_login(user)
    address = f"/handoffs/{handoff.pk}/{name}/"
    if name != "answer":  # the answer has its box on the brief itself
        assert address in client.get(f"/handoffs/{handoff.pk}/").content.decode()
    logged = handoff.events.count()
    assert client.get(address).status_code == 200
    assert handoff.events.count() == logged, "looking changed something"

    response = client.post(address, typed_for(name, backup))
    assert response.status_code == 302, response.content.decode()
    handoff.refresh_from_db()
    assert handoff.status == after
    assert handoff.events.filter(kind=kind).latest("pk").actor == user

    again = client.post(address, typed_for(name, backup))
    if name != "contact":  # a second call is a second contact
        assert again.status_code in (403, 404, 409), again.status_code
        assert handoff.events.filter(kind=kind).count() == 1


@pytest.mark.parametrize("name", sorted(DECISIONS))
def test_other_peoples_handoffs_do_not_exist(
    client: Client, make: Make, other_ae: User, other_manager: User, name: str
) -> None:
    handoff = make("submitted")
    for user in (other_ae, other_manager):
        client.force_login(user)
        address = f"/handoffs/{handoff.pk}/{name}/"
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404


@pytest.mark.parametrize("name", sorted(DECISIONS))
def test_anonymous_people_are_asked_to_sign_in(client: Client, make: Make, name: str) -> None:
    handoff = make("submitted")
    response = client.post(f"/handoffs/{handoff.pk}/{DECISIONS[name].path}/")
    assert response.status_code == 302
    assert "/admin/login/" in response["Location"]
    handoff.refresh_from_db()
    assert handoff.status == "submitted"


@pytest.mark.parametrize(
    ("name", "who", "words"),
    [
        ("accept", "sdr", "somebody else has to take it"),
        ("reject", "sdr", "somebody else has to decide"),
        ("withdraw", "ae", "may withdraw this handoff"),
        ("reassign", "backup", "may pass this handoff on"),
        ("return", "backup", "may decide on this handoff"),
        ("contact", "sdr", "may do this"),
        ("delete", "sdr", "never submitted may be deleted"),
    ],
)
def test_what_is_not_theirs_is_refused_in_words(
    client: Client, make: Make, request: pytest.FixtureRequest, name: str, who: str, words: str
) -> None:
    handoff = make("submitted")
    client.force_login(request.getfixturevalue(who))
    for response in (
        client.get(f"/handoffs/{handoff.pk}/{name}/"),
        client.post(f"/handoffs/{handoff.pk}/{name}/"),
    ):
        assert response.status_code == 403
        assert words in response.content.decode()


def test_whoever_comes_second_reads_who_was_faster(
    client: Client, make: Make, ae: User, backup: User
) -> None:
    handoff = make("submitted")
    lifecycle.accept(handoff, by=ae)
    client.force_login(backup)
    response = client.post(f"/handoffs/{handoff.pk}/accept/")
    assert response.status_code == 409
    assert "Ana Silva has already accepted this handoff (2 Mar at 10:00 UTC)." in (
        response.content.decode()
    )
    assert handoff.events.filter(kind=EventKind.ACCEPTED).count() == 1


def test_a_refusal_keeps_what_was_typed(client: Client, make: Make, ae: User) -> None:
    handoff = make("submitted")
    client.force_login(ae)
    response = client.post(
        f"/handoffs/{handoff.pk}/return/", {"question": "?? tbd"}, headers=DIALOG
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "?? tbd" in page
    assert "Write the question that has to be answered." in page
    assert "<html" not in page

    lifecycle.withdraw(handoff, by=handoff.sdr)
    words = "Who signs above fifty thousand at theirs?"
    response = client.post(f"/handoffs/{handoff.pk}/return/", {"question": words})
    page = response.content.decode()
    assert response.status_code == 409
    assert words in page
    assert "has withdrawn this handoff" in page


def test_rejecting_asks_for_a_reason_of_the_list_and_a_sentence(
    client: Client, make: Make, ae: User
) -> None:
    handoff = make("submitted")
    client.force_login(ae)
    for typed in (
        {},
        {"reason": reason("reject").pk, "note": "n/a"},
        {"reason": reason("return").pk, "note": "They only wanted a student licence."},
        {"reason": "'; drop", "note": "They only wanted a student licence."},
    ):
        response = client.post(f"/handoffs/{handoff.pk}/reject/", typed)
        assert response.status_code == 422, typed
        assert "field-error" in response.content.decode()
    handoff.refresh_from_db()
    assert handoff.status == "submitted"


def test_a_dialog_is_told_where_to_go(client: Client, make: Make, ae: User) -> None:
    handoff = make("submitted")
    client.force_login(ae)
    response = client.post(f"/handoffs/{handoff.pk}/accept/", headers=DIALOG)
    assert response.status_code == 204
    assert response["X-Go"] == f"/handoffs/{handoff.pk}/"
    assert "It is yours." in client.get(response["X-Go"]).content.decode()


def test_an_answer_to_an_incomplete_package_lists_what_is_missing(
    client: Client, make: Make, sdr: User
) -> None:
    handoff = make("returned")
    handoff.quotes.all().delete()
    client.force_login(sdr)
    response = client.post(f"/handoffs/{handoff.pk}/answer/", {"text": "Mark Dell signs."})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Mark Dell signs." in page
    assert "Not yet: 1 thing is missing" in page


def test_a_contact_before_the_preparation_says_why(client: Client, make: Make, ae: User) -> None:
    handoff = make("accepted")
    client.force_login(ae)
    address = f"/handoffs/{handoff.pk}/contact/"
    typed = typed_for("contact", ae)
    assert client.post(address, typed | {"unprepared_because": ""}).status_code == 422
    assert client.post(address, typed).status_code == 302
    event = handoff.events.get(kind=EventKind.CONTACTED)
    assert event.data["unprepared"] is True
    assert event.data["unprepared_because"] == "She rang us herself."


def test_a_contact_at_the_minute_of_the_acceptance_counts(
    client: Client, make: Make, ae: User
) -> None:
    handoff = make("submitted")
    lifecycle.accept(handoff, by=ae, at=timezone.now().replace(second=0))
    client.force_login(ae)
    assert (
        client.post(f"/handoffs/{handoff.pk}/contact/", typed_for("contact", ae)).status_code == 302
    )


@pytest.mark.parametrize(
    "when", ["", "soon", "9999-12-31T23:59", "0001-01-01T00:00", "2026-03-02T25:00", "\x00"]
)
def test_a_time_that_cannot_be_is_refused_at_its_field(
    client: Client, make: Make, ae: User, when: str
) -> None:
    handoff = make("accepted")
    ae.time_zone = "Pacific/Kiritimati"
    ae.save()
    client.force_login(ae)
    typed = typed_for("contact", ae) | {"at": when}
    response = client.post(f"/handoffs/{handoff.pk}/contact/", typed)
    assert response.status_code == 422


def test_a_contact_in_the_future_is_refused_in_words(client: Client, make: Make, ae: User) -> None:
    handoff = make("accepted")
    client.force_login(ae)
    typed = typed_for("contact", ae) | {"at": "2026-03-02T12:00"}
    response = client.post(f"/handoffs/{handoff.pk}/contact/", typed)
    assert response.status_code == 409
    assert "before it happened" in response.content.decode()


def test_the_opportunity_keeps_amount_id_and_link(client: Client, make: Make, ae: User) -> None:
    handoff = make("contacted")
    client.force_login(ae)
    client.post(f"/handoffs/{handoff.pk}/opportunity/", typed_for("opportunity", ae))
    handoff.refresh_from_db()
    assert handoff.opportunity_amount == Decimal("45000.50")
    assert handoff.opportunity_id == "006A"
    assert handoff.opportunity_url == "https://crm.example/006A"


@pytest.mark.parametrize("typed", [{"amount": "-1"}, {"amount": "1e30"}, {"url": "javascript:1"}])
def test_an_opportunity_that_cannot_be_is_refused(
    client: Client, make: Make, ae: User, typed: dict[str, str]
) -> None:
    handoff = make("contacted")
    client.force_login(ae)
    assert client.post(f"/handoffs/{handoff.pk}/opportunity/", typed).status_code == 422


def test_it_is_reassigned_to_aes_and_managers_only(
    client: Client, make: Make, manager: User, revops: User, sdr: User, ae: User
) -> None:
    handoff = make("submitted")
    client.force_login(manager)
    for somebody, status in ((revops, 422), (sdr, 422), (ae, 409)):
        response = client.post(
            f"/handoffs/{handoff.pk}/reassign/", {"to": somebody.pk, "why": "Ana is full."}
        )
        assert response.status_code == status
    assert "Ana Silva already has this handoff." in response.content.decode()
    handoff.refresh_from_db()
    assert handoff.owner == ae


def test_a_draft_is_deleted_by_its_author_after_a_question(
    client: Client, make: Make, sdr: User
) -> None:
    handoff = make("draft")
    client.force_login(sdr)
    assert client.get(f"/handoffs/{handoff.pk}/delete/").status_code == 200
    assert Handoff.objects.filter(pk=handoff.pk).exists()
    response = client.post(f"/handoffs/{handoff.pk}/delete/")
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert not Handoff.objects.filter(pk=handoff.pk).exists()


def test_a_post_without_the_pages_token_is_refused(make: Make, ae: User) -> None:
    handoff = make("submitted")
    client = Client(enforce_csrf_checks=True)
    client.force_login(ae)
    assert client.post(f"/handoffs/{handoff.pk}/accept/").status_code == 403
    handoff.refresh_from_db()
    assert handoff.status == "submitted"


def test_what_the_state_does_not_allow_is_not_offered(client: Client, make: Make, ae: User) -> None:
    handoff = make("accepted")
    client.force_login(ae)
    page = client.get(f"/handoffs/{handoff.pk}/").content.decode()
    for name in ("accept", "return", "reject", "opportunity", "withdraw", "delete"):
        assert f"/handoffs/{handoff.pk}/{name}/" not in page, name
    response = client.get(f"/handoffs/{handoff.pk}/return/")
    assert response.status_code == 409
    assert "This handoff is now “Accepted”." in response.content.decode()


def test_what_is_not_offered_cannot_be_posted_either(client: Client, make: Make, ae: User) -> None:
    handoff = make("accepted")
    client.force_login(ae)
    response = client.post(f"/handoffs/{handoff.pk}/opportunity/", {"amount": "1200"})
    assert response.status_code == 409
    assert "Log the first contact first." in response.content.decode()
    assert "1200" in response.content.decode()
    handoff.refresh_from_db()
    assert handoff.status == "accepted"


def test_a_manager_accepts_for_an_ae_and_the_log_says_for_whom_and_why(
    client: Client, make: Make, manager: User, ae: User, backup: User, sdr: User
) -> None:
    handoff = make("submitted")
    client.force_login(manager)
    address = f"/handoffs/{handoff.pk}/accept-for/"
    assert f'value="{ae.pk}" selected' in client.get(address).content.decode()
    thin = client.post(address, {"to": backup.pk, "why": "tbd"})
    assert thin.status_code == 422
    assert "Say in a sentence why" in thin.content.decode()
    assert client.post(address, typed_for("accept-for", backup)).status_code == 302
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.accepted_by, handoff.status) == (backup, manager, "accepted")
    event = handoff.events.get(kind=EventKind.ACCEPTED)
    assert (event.actor, event.data["on_behalf_of"]) == (manager, backup.pk)
    page = client.get(f"/handoffs/{handoff.pk}/").content.decode()
    assert "Mara Lindt accepted it for Ben Okafor." in page
    assert "Ana is on a plane until tonight." in page
    told = set(Message.objects.filter(event_key=f"event:{event.pk}").values_list("person", "kind"))
    assert told == {
        (sdr.pk, "handoff_accepted"),
        (backup.pk, "handoff_accepted_for"),
        (ae.pk, "handoff_taken_away"),
    }


def test_accepting_for_somebody_keeps_to_the_rules(
    make: Make, manager: User, other_manager: User, other_ae: User, ae: User, sdr: User
) -> None:
    handoff, why = make("submitted"), "Ana is on a plane until tonight."
    for by, to, words in (
        (ae, ae, "Only a manager"),
        (other_manager, other_ae, "Only a manager"),
        (manager, other_ae, "neither of this territory nor of your team"),
        (manager, sdr, "wrote this handoff"),
        (manager, manager, "is not an AE"),
    ):
        with pytest.raises(TransitionRefused, match=words):
            lifecycle.accept_for(handoff, to=to, why=why, by=by)
    handoff.refresh_from_db()
    assert handoff.status == "submitted"


def test_an_author_who_leads_accepts_for_nobody(make: Make, sdr: User, ae: User) -> None:
    sdr.is_manager = True
    sdr.save()
    User.objects.filter(pk=ae.pk).update(reports_to=sdr)
    with pytest.raises(TransitionRefused, match="You wrote this handoff"):
        lifecycle.accept_for(
            make("submitted"), to=ae, why="She is on a plane until tonight.", by=sdr
        )
