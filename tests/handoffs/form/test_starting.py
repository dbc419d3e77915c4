"""The first step: no draft by looking, what is prefilled, and finding the account."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, Contact
from handoffs import prefill
from handoffs.models import Handoff
from team.models import Territory, User
from tests.factories import (
    make_account,
    make_contact,
)

pytestmark = pytest.mark.django_db


def test_looking_at_the_first_step_makes_no_draft(desk: Client, account: Account) -> None:
    response = desk.get(f"/handoffs/new/?account={account.pk}")

    assert response.status_code == 200
    assert "Acme Robotics" in response.content.decode()
    assert not Handoff.objects.exists()


def test_a_draft_starts_with_what_the_account_knows(
    desk: Client, account: Account, contact: Contact
) -> None:
    response = desk.post("/handoffs/new/", {"account": account.pk, "lead_source": "inbound"})

    handoff = Handoff.objects.get()
    assert response.headers["Location"] == f"/handoffs/{handoff.pk}/edit/"
    assert handoff.company_size == "420 employees"
    assert handoff.tech_stack == "SAP ERP, Salesforce"
    assert handoff.contact == contact
    assert handoff.lead_source == "inbound"
    assert handoff.triggers.get().detail == "Series B of 30 million to open two plants"
    assert handoff.why_targeted == ""


def test_of_several_contacts_the_one_of_the_last_handoff_is_chosen(
    complete: Handoff, account: Account, contact: Contact
) -> None:
    make_contact(account, first_name="Mark", last_name="Dell")
    make_contact(account, first_name="Lena", last_name="Voss")

    assert prefill.likeliest_contact(account) == contact


def test_a_name_typed_and_entered_finds_its_account(desk: Client, account: Account) -> None:
    desk.post("/handoffs/new/", {"name": "acme robotics", "account": ""})

    assert Handoff.objects.get().account == account


def test_a_company_that_is_not_there_yet_is_added(desk: Client, sdr: User, standard: Any) -> None:
    desk.post(
        "/handoffs/new/",
        {"new_account": "1", "new-name": "Borealis", "new-domain": "www.Borealis.example"},
    )

    account = Handoff.objects.get().account
    assert account is not None
    assert (account.name, account.domain, account.sdr) == ("Borealis", "borealis.example", sdr)


@pytest.mark.parametrize(
    "data",
    [
        {"account": "abc"},
        {"account": str(10**30)},
        {"account": "-1"},
        {"name": "Nobody knows them"},
        {"lead_source": "telepathy"},
        {"new_account": "1", "new-name": "", "new-domain": "x"},
        {"new_account": "1", "new-name": "A" * 121, "new-domain": ""},
        {"new_account": "1", "new-name": "A\x00", "new-domain": "gmail.com"},
        {"name": "A\x00"},
    ],
)
def test_a_first_step_that_cannot_be_understood_says_so(
    desk: Client, standard: Any, data: dict[str, str]
) -> None:
    response = desk.post("/handoffs/new/", data)

    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    assert not Handoff.objects.exists()


def test_accounts_are_searched_among_those_one_may_see(
    desk: Client, account: Account, other_sdr: User, south: Territory
) -> None:
    make_account(name="Acme of the others", sdr=other_sdr, territory=south)

    found = desk.get("/handoffs/accounts/?q=acme").json()["results"]

    assert [row["name"] for row in found] == ["Acme Robotics"]
    theirs = Account.objects.get(name="Acme of the others")
    assert desk.post("/handoffs/new/", {"account": theirs.pk}).status_code == 422


@pytest.mark.parametrize("query", ["", "\x00", "%00", "😀", "a" * 200, "'; drop table --"])
def test_any_search_has_an_answer(desk: Client, account: Account, query: str) -> None:
    assert desk.get("/handoffs/accounts/", {"q": query}).status_code == 200


def test_a_search_of_a_novel_is_refused(desk: Client) -> None:
    assert desk.get("/handoffs/accounts/", {"q": "a" * 201}).status_code == 400


def test_an_ae_starts_no_handoff(client: Client, ae: User) -> None:
    client.force_login(ae)

    assert client.get("/handoffs/new/").status_code == 403
    assert client.post("/handoffs/new/", {}).status_code == 403
    assert not Handoff.objects.exists()
