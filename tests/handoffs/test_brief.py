"""The brief: everything on one page, in reading order, masked until accepted."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.masking import Veil, mask_email, mask_name, mask_phone
from handoffs.models import CommitteeMember, Handoff, Meeting, Quote
from handoffs.refusal import TransitionRefused
from team.models import Absence, User
from tests.factories import complete_package, make_contact, submitted

pytestmark = pytest.mark.django_db

# Anything of these in a page tells who the prospect is.
CANARIES = ("Priya", "Nair", "priya.nair@", "901820", "Mark", "Dell")
CEILING = 20


@pytest.fixture
def waiting(sdr: User, account: Account, contact: Contact) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact)


def brief_of(client: Client, user: User, handoff: Handoff) -> str:
    client.force_login(user)
    response = client.get(f"/handoffs/{handoff.pk}/")
    assert response.status_code == 200
    return str(response.content.decode())


def test_all_eight_sections_stand_on_it_the_prospects_words_first(
    client: Client, waiting: Handoff, sdr: User
) -> None:
    page = brief_of(client, sdr, waiting)
    places = [
        page.index(f'id="s-{name}"')
        for name in (
            "words",
            "pain",
            "trigger",
            "contact",
            "qualification",
            "objections",
            "committee",
            "next",
            "company",
            "notes",
        )
    ]
    assert places == sorted(places)
    for words in (
        "Every quote takes us nine days",
        "Series B announced",
        "45,000",
        "PriceFox",
        "Mark Dell",
        "A 45-minute walk through quoting",
        "priya.nair@acme-robotics.example",
        "Industrial robotics",
        "They copy prices from",
    ):
        assert words in page, words


@pytest.mark.parametrize("who", ["ae", "backup", "ae2"])
def test_who_may_take_it_reads_it_without_learning_who_it_is(
    client: Client, waiting: Handoff, request: pytest.FixtureRequest, who: str
) -> None:
    page = brief_of(client, request.getfixturevalue(who), waiting)
    for canary in CANARIES:
        assert canary not in page, canary
    assert "Head of Sales Operations" in page
    assert "They copy prices from" in page
    assert "p•••@acme-robotics.example" in page


@pytest.mark.parametrize("who", ["sdr", "manager", "director", "revops"])
def test_who_answers_for_it_sees_the_people(
    client: Client, waiting: Handoff, request: pytest.FixtureRequest, who: str
) -> None:
    assert "Priya Nair" in brief_of(client, request.getfixturevalue(who), waiting)


def test_the_people_open_up_with_the_acceptance(client: Client, waiting: Handoff, ae: User) -> None:
    lifecycle.accept(waiting, by=ae)
    page = brief_of(client, ae, waiting)
    assert "Priya Nair" in page
    assert 'href="mailto:priya.nair@acme-robotics.example"' in page


def test_words_that_people_left_in_the_log_are_masked_as_well(
    client: Client, waiting: Handoff, ae: User, backup: User
) -> None:
    Quote.objects.filter(handoff=waiting).update(speaker="Priya Nair")
    lifecycle.reassign(waiting, to=backup, why="Call Priya on +49 30 901820 first.", by=ae)
    assert "Priya" not in brief_of(client, backup, waiting)


def test_rows_of_others_do_not_exist(
    client: Client, waiting: Handoff, other_sdr: User, other_ae: User, other_manager: User
) -> None:
    for user in (other_sdr, other_ae, other_manager):
        client.force_login(user)
        assert client.get(f"/handoffs/{waiting.pk}/").status_code == 404


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 30])
def test_a_number_that_is_none_is_not_found(client: Client, ae: User, pk: str) -> None:
    client.force_login(ae)
    assert client.get(f"/handoffs/{pk}/").status_code == 404


def test_anonymous_people_are_asked_to_sign_in(client: Client, waiting: Handoff) -> None:
    response = client.get(f"/handoffs/{waiting.pk}/")
    assert response.status_code == 302
    assert "/admin/login/" in response["Location"]


def test_a_colleague_reads_who_was_faster(
    client: Client, waiting: Handoff, ae: User, backup: User
) -> None:
    lifecycle.accept(waiting, by=ae)
    client.force_login(backup)
    response = client.get(f"/handoffs/{waiting.pk}/")
    assert response.status_code == 404
    page = response.content.decode()
    assert "Ana Silva has already accepted this handoff" in page
    assert "Acme" not in page


def test_it_says_why_it_came_to_them(
    client: Client, sdr: User, account: Account, contact: Contact, ae: User, backup: User
) -> None:
    now = timezone.now()
    Absence.objects.create(user=ae, starts_at=now, ends_at=now + timedelta(days=2))
    page = brief_of(client, backup, submitted(sdr=sdr, account=account, contact=contact))
    assert "Why you" in page
    assert "Ana Silva" in page
    assert "away until 4 Mar 2026" in page or "away until 04 Mar 2026" in page


def test_a_draft_shows_what_is_missing_with_the_way_to_it(
    client: Client, sdr: User, standard: object
) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr)
    page = brief_of(client, sdr, draft)
    assert "Still missing" in page
    assert "0 of 8 sections complete" in page
    assert re.search(rf'href="/handoffs/{draft.pk}/edit/#at-[\w.]+"', page)


def test_the_question_of_a_return_stands_before_the_sdr_with_a_box_for_the_answer(
    client: Client, waiting: Handoff, ae: User, sdr: User
) -> None:
    lifecycle.return_for_information(waiting, by=ae, question="Who signs above fifty thousand?")
    page = brief_of(client, sdr, waiting)
    assert "Who signs above fifty thousand?" in page
    assert f'action="/handoffs/{waiting.pk}/answer/"' in page
    page = brief_of(client, ae, waiting)
    assert "Waiting for Sam Ortiz" in page
    assert "/answer/" not in page


def test_a_meeting_is_tentative_until_the_package_is_complete(
    client: Client, sdr: User, account: Account, contact: Contact
) -> None:
    draft = complete_package(sdr=sdr, account=account, contact=contact, next_step_who="")
    assert "Tentative until complete" in brief_of(client, sdr, draft)
    Meeting.objects.create(handoff=draft, starts_at=timezone.now() + timedelta(days=2))
    assert ">Tentative<" in brief_of(client, sdr, draft)


def test_what_happened_is_told_newest_first(
    client: Client, waiting: Handoff, ae: User, sdr: User
) -> None:
    lifecycle.accept(waiting, by=ae, at=timezone.now() + timedelta(minutes=1))
    page = brief_of(client, sdr, waiting)
    assert page.index("Ana Silva accepted it.") < page.index("Sam Ortiz submitted it; it went to")


def test_tries_that_the_gate_refused_are_the_sdrs_side_only(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    draft = complete_package(sdr=sdr, account=account, contact=contact, next_step_who="")
    with pytest.raises(TransitionRefused):
        lifecycle.submit(draft, by=sdr)
    Handoff.objects.filter(pk=draft.pk).update(next_step_who="Priya sends us her price list.")
    lifecycle.submit(Handoff.objects.get(pk=draft.pk), by=sdr)
    assert "1 thing was missing" in brief_of(client, sdr, draft)
    assert "tried to submit" not in brief_of(client, ae, draft)


def test_what_they_answered_stands_apart_from_what_is_still_to_ask(
    client: Client, waiting: Handoff, sdr: User
) -> None:
    waiting.answers.filter(criterion__code="authority").update(status="estimated")
    page = brief_of(client, sdr, waiting)
    answered = page[page.index("Already answered, do not ask again") : page.index("Still to ask")]
    still_open = page[page.index("Still to ask") : page.index('id="s-objections"')]

    assert "45,000" in answered and "Priya Nair, 1 Mar, call" in answered
    assert "Authority" not in answered
    assert "Authority" in still_open and "estimated by us" in still_open


def test_an_old_budget_says_how_old_it_is(client: Client, waiting: Handoff, sdr: User) -> None:
    waiting.answers.filter(criterion__code="budget").update(
        said_on=timezone.localdate() - timedelta(days=100)
    )
    assert "Confirmed, 100 days old, counts for 90" in brief_of(client, sdr, waiting)


def test_who_else_to_reach_says_how_and_how_fresh(
    client: Client, waiting: Handoff, sdr: User, ae: User, account: Account
) -> None:
    mark = make_contact(account, first_name="Mark", last_name="Dell", email="mark@acme.example")
    waiting.committee.update(contact=mark)
    page = brief_of(client, sdr, waiting)
    assert 'href="mailto:mark@acme.example"' in page
    assert re.search(r"E-mail<span class=.visually-hidden.> of Mark Dell</span>: fresh", page)
    assert "mark@acme" not in brief_of(client, ae, waiting)

    waiting.committee.update(contact=None)
    assert "No e-mail or number yet. Ask Priya Nair." in brief_of(client, sdr, waiting)

    mark.left_on = timezone.localdate() - timedelta(days=3)
    mark.save()
    waiting.committee.update(contact=mark)
    assert "Left 27 Feb 2026." in brief_of(client, sdr, waiting)


def test_its_cost_does_not_grow_with_the_package(
    client: Client,
    waiting: Handoff,
    ae: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(ae)
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(CEILING) as asked:
            assert client.get(f"/handoffs/{waiting.pk}/").status_code == 200
        counts.append(len(asked))
        for number in range(20):
            known = make_contact(waiting.account) if number % 2 else None
            CommitteeMember.objects.create(handoff=waiting, name=f"Person {number}", contact=known)
            Quote.objects.create(handoff=waiting, text=f"Sentence number {number} of theirs")
    assert counts[0] == counts[1]


def test_a_manager_and_theirs_pay_no_more_while_a_rejection_may_be_contested(
    client: Client,
    waiting: Handoff,
    ae: User,
    manager: User,
    director: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    lifecycle.reject(waiting, by=ae, reason="not_icp", note="They sell to consumers only.")
    # The director leads it by its people, not by its territory, so every button asks for the team
    for reader, ceiling in ((manager, CEILING), (director, CEILING + 1)):
        client.force_login(reader)
        with django_assert_max_num_queries(ceiling):
            page = client.get(f"/handoffs/{waiting.pk}/").content.decode()
        assert "Contest the rejection" in page


def test_masks_show_the_shape_and_no_more() -> None:
    assert mask_name("Ana Maria Silva") == "A••• M••• S•••"
    assert mask_name("") == ""
    assert mask_email("x@acme.example") == "x•••@acme.example"
    assert mask_phone("+49 30 901820") == "+49 •••"
    assert mask_phone("030901820") == "•••"


def test_the_veil_hides_names_addresses_and_numbers_in_sentences() -> None:
    veil = Veil(drawn=True, names=["Priya O’Nair", "Jo Price"])
    told = veil.text(
        "Priya O’Nair (priya@acme.example, 0049 30 901-8201) asked Jo about the price of 45 000."
    )
    assert told == "P••• O••• (p•••@acme.example, •••) asked J••• about the price of 45 000."
    assert Veil(drawn=False, names=["Priya"]).text("Priya") == "Priya"
