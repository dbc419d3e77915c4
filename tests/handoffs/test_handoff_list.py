"""The list of all handoffs: who sees which rows, where they lead, what may be deleted."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from handoffs import lifecycle
from handoffs.models import Handoff
from team.models import Territory, User
from tests.admin_pages import change, said
from tests.factories import complete_package, make_account, make_contact, submitted

LIST = "/admin/handoffs/handoff/"


def listed(client: Client, person: User, **query: Any) -> list[Handoff]:
    client.force_login(person)
    return list(client.get(LIST, query).context["cl"].result_list)


@pytest.fixture
def handoff(sdr: User, account: Any, contact: Any) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact)


def test_everybody_sees_their_own_rows_only(
    client: Client,
    handoff: Handoff,
    sdr: User,
    ae: User,
    manager: User,
    revops: User,
    other_sdr: User,
    other_ae: User,
    other_manager: User,
) -> None:
    for person in (sdr, ae, manager, revops):
        assert listed(client, person) == [handoff], person
    for person in (other_sdr, other_ae, other_manager):
        assert listed(client, person) == [], person
        address = reverse("admin:handoffs_handoff_change", args=[handoff.pk])
        assert client.get(address).status_code == 404


def test_a_row_leads_to_the_brief_and_adding_to_the_form(
    client: Client, handoff: Handoff, sdr: User
) -> None:
    client.force_login(sdr)
    brief = reverse("handoff", args=[handoff.pk])
    assert f'href="{brief}"' in client.get(LIST).content.decode()
    assert reverse("handoff_minutes", args=[handoff.pk]) in client.get(LIST).content.decode()
    assert client.get(change(handoff)).url == brief  # type: ignore[attr-defined]
    assert client.get(f"{LIST}add/").url == reverse("handoff_new")  # type: ignore[attr-defined]


def test_no_admin_page_passes_the_gate(client: Client, sdr: User, account: Any) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr, account=account)
    client.force_login(sdr)
    everything = {"status": "accepted", "owner": sdr.pk, "version": 99, "submitted_at_0": "2026"}
    client.post(change(draft), everything)
    client.post(f"{LIST}add/", everything)
    client.post(LIST, {"action": "submit", "_selected_action": draft.pk, **everything})
    draft.refresh_from_db()
    assert (draft.status, draft.owner, draft.submitted_at) == ("draft", None, None)
    assert Handoff.objects.count() == 1


def test_nothing_is_done_to_many_rows_at_once(
    client: Client, handoff: Handoff, manager: User
) -> None:
    client.force_login(manager)
    client.post(LIST, {"action": "delete_selected", "_selected_action": handoff.pk, "post": "yes"})
    assert Handoff.objects.filter(pk=handoff.pk).exists()


def test_a_draft_is_deleted_by_its_author(client: Client, sdr: User, account: Any) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr, account=account)
    client.force_login(sdr)
    address = reverse("admin:handoffs_handoff_delete", args=[draft.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert not Handoff.objects.exists()


def test_what_was_submitted_is_not_deleted_and_the_answer_says_why(
    client: Client, handoff: Handoff, sdr: User
) -> None:
    client.force_login(sdr)
    address = reverse("admin:handoffs_handoff_delete", args=[handoff.pk])
    answer = client.post(address, {"post": "yes"})
    assert "Only a draft that was never submitted may be deleted" in said(answer)
    assert Handoff.objects.exists()


def test_a_draft_of_somebody_else_is_not_there_to_delete(
    client: Client, sdr: User, other_sdr: User, revops: User, account: Any
) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr, account=account)
    address = reverse("admin:handoffs_handoff_delete", args=[draft.pk])
    for person, answer in ((other_sdr, 404), (revops, 302)):
        client.force_login(person)
        assert client.post(address, {"post": "yes"}).status_code == answer
    assert Handoff.objects.exists()


def test_the_list_can_be_narrowed(
    client: Client, handoff: Handoff, sdr: User, ae: User, revops: User, account: Any
) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr, account=None)
    assert listed(client, revops, state="draft") == [draft]
    assert listed(client, revops, state="open") == [handoff]
    assert listed(client, revops, state="unassigned") == []
    assert listed(client, revops, owner=ae.pk) == [handoff]
    assert listed(client, revops, lead_source__exact="inbound") == []
    assert listed(client, revops, territory__id__exact=account.territory_id) == [handoff]
    assert listed(client, revops, q="acme") == [handoff]


def test_the_filter_by_ae_names_nobody_a_person_does_not_work_with(
    client: Client, handoff: Handoff, sdr: User, other_ae: User
) -> None:
    client.force_login(sdr)
    html = client.get(LIST).content.decode()
    assert "Ana Silva" in html
    assert str(other_ae) not in html


@pytest.mark.parametrize("who", ["sdr", "ae", "manager", "revops"])
def test_the_list_asks_no_more_for_two_hundred_rows_than_for_twenty(
    client: Client,
    who: str,
    request: pytest.FixtureRequest,
    handoff: Handoff,
    sdr: User,
    ae: User,
    account: Any,
    north: Territory,
    django_assert_max_num_queries: Any,
) -> None:
    def many(count: int) -> None:
        accounts = [make_account(territory=north) for _ in range(5)]
        Handoff.objects.bulk_create(
            Handoff(sdr=sdr, account=accounts[number % 5], owner=ae, territory=north)
            for number in range(count)
        )

    client.force_login(request.getfixturevalue(who))
    many(19)
    with django_assert_max_num_queries(20) as few:
        client.get(LIST)
    many(180)
    with django_assert_max_num_queries(len(few)):
        answer = client.get(LIST)
    assert len(answer.context["cl"].result_list) == 25


@pytest.mark.parametrize(
    "query",
    [
        "?owner=abc",
        "?owner=9999999999999999999",
        "?state=nothing",
        "?p=abc",
        "?o=999.abc",
        "?q=%00",
    ],
)
def test_an_address_that_makes_no_sense_is_answered(
    client: Client, revops: User, handoff: Handoff, query: str
) -> None:
    client.force_login(revops)
    assert client.get(LIST + query).status_code in (200, 302)


def test_people_do_not_see_more_of_a_package_than_the_list_shows(
    client: Client, sdr: User, other_sdr: User, account: Any, contact: Any
) -> None:
    complete_package(sdr=sdr, account=account, contact=make_contact(account))
    client.force_login(other_sdr)
    for query in ("?contact__email__startswith=p", "?account__name__startswith=A"):
        answer = client.get(LIST + query)
        assert answer.status_code in (302, 400)
