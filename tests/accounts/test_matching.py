"""Which account or contact we already have, and why."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from phonenumber_field.phonenumber import to_python

from accounts import matching
from accounts.domains import clean_domain
from accounts.matching import find_accounts, find_contacts
from accounts.models import Account, Contact
from accounts.names import name_key
from tests.factories import make_account, make_contact


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Acme, Inc.", "acme"),
        ("ACME GmbH & Co. KG", "acme"),
        ("Acme S.A.", "acme"),
        ("Acme, S.A. de C.V.", "acme"),
        ("Foo Sp. z o.o.", "foo"),
        ("Müller A/S", "muller"),
        ("Gekko & Co", "gekko"),
        ("The New York Inquirer", "new york inquirer"),
        ("Y-corporation", "y corporation"),
        ("Company Ltd.", "company"),
        ("日本電気", "日本電気"),
    ],
)
def test_a_name_loses_its_legal_form_only(name: str, key: str) -> None:
    assert name_key(name) == key


def test_names_are_keyed_when_created_in_bulk_too(db: None) -> None:
    Account.objects.bulk_create([Account(name="Globex Corporation")])
    assert Account.objects.get().name_key == "globex"


def test_an_account_is_found_by_id_before_domain_before_name(db: None) -> None:
    named = make_account(name="Acme Inc.", domain="")
    domain = make_account(name="Other", domain="acme.example")
    record = make_account(name="Third", domain="third.example", hubspot_id="77")

    found = find_accounts(hubspot_id="77", domain="acme.example", name="ACME GmbH")

    assert [(match.found, match.reason) for match in found] == [
        (record, "same HubSpot record"),
        (domain, matching.BY_DOMAIN),
        (named, matching.BY_NAME),
    ]


def test_companies_of_one_name_with_two_domains_are_two(db: None) -> None:
    make_account(name="Acme", domain="acme.example")
    assert find_accounts(name="Acme", domain="acme-tools.example") == []


def test_a_mail_providers_domain_says_nothing_about_the_company(db: None) -> None:
    account = make_account(domain="acme.example")
    assert find_accounts(email="priya@gmail.com") == []
    assert find_accounts(email="priya@acme.example")[0].found == account


def test_a_contact_is_found_by_email_then_phone_then_name(account: Account) -> None:
    priya = make_contact(
        account, first_name="Priya", last_name="Nair", email="p@a.example", phone="+493090182011"
    )
    jo = make_contact(account, first_name="Jo", last_name="Lind", email="", phone="")

    assert find_contacts(email="p@a.example")[0] == (priya, matching.BY_EMAIL)
    by_phone = find_contacts(phones=("+49 30 90182011",), last_name="NAIR")
    assert [match.reason for match in by_phone] == [matching.BY_PHONE]
    assert find_contacts(phones=("+49 30 90182011",), last_name="Nair")[0].found == priya
    assert find_contacts(first_name="Jo", last_name="Lind", account_id=account.pk)[0] == (
        jo,
        matching.BY_PERSON,
    )


def test_two_people_of_one_name_with_two_addresses_are_two(contact: Contact) -> None:
    found = find_contacts(
        first_name="Priya",
        last_name="Nair",
        email="another.priya@acme-robotics.example",
        account_id=contact.account_id,
    )
    assert found == []


def test_free_mail_never_says_where_somebody_works(account: Account) -> None:
    for provider in ("gmail.com", "GMX.de", "outlook.com", "qq.com"):
        assert find_accounts(email=f"priya@{provider}") == []
        with pytest.raises(ValidationError, match="mail provider"):
            clean_domain(provider)


def test_another_spelling_of_a_domain_is_the_same_domain(db: None) -> None:
    account = make_account(domain="acme.example")
    for typed in ("https://www.Acme.example/about", "ACME.example.", "acme.example"):
        found = find_accounts(domain=clean_domain(typed))
        assert [(match.found, match.reason) for match in found] == [(account, matching.BY_DOMAIN)]


def test_a_phone_is_matched_by_its_digits_however_it_is_written(account: Account) -> None:
    priya = make_contact(account, last_name="Nair", email="", phone="+49 30 901820-11")
    for written in ("+493090182011", "+49 (0)30 901820 11", "0049 30 90182011"):
        digits = to_python(written, region="DE").as_e164
        found = find_contacts(phones=(digits,), last_name="Nair")
        assert [(match.found, match.reason) for match in found] == [(priya, matching.BY_PHONE)]
    assert find_contacts(phones=("+493090182011",), last_name="Other") == []


def test_the_mobile_counts_like_the_dial(account: Account) -> None:
    priya = make_contact(account, last_name="Nair", email="", phone="", mobile="+4915112345678")
    assert find_contacts(phones=("+4915112345678",), last_name="Nair")[0].found == priya


@pytest.mark.parametrize("kind", ["external_id", "hubspot_id", "salesforce_id"])
def test_a_contact_is_found_by_what_another_system_calls_it(account: Account, kind: str) -> None:
    known = make_contact(account, **{kind: "x-1"})
    make_contact(account, **{kind: "x-2"})
    found = find_contacts(**{kind: "x-1"}, email="other@elsewhere.example")
    assert [(match.found, match.reason) for match in found] == [(known, matching.BY_ID[kind])]


def test_several_that_fit_are_all_offered_each_with_its_surest_reason(account: Account) -> None:
    one = make_contact(account, last_name="Nair", email="p@a.example", phone="+493090182011")
    same = find_contacts(email="p@a.example", phones=("+493090182011",), last_name="Nair")
    assert same == [(one, matching.BY_EMAIL)]
    twins = [
        make_contact(account, first_name="Jo", last_name="Lind", email="", phone="")
        for _ in range(2)
    ]
    found = find_contacts(first_name="JO", last_name="Lind", account_id=account.pk)
    assert {match.found for match in found} == set(twins)
    assert {match.reason for match in found} == {matching.BY_PERSON}


@pytest.mark.parametrize(
    "field", ["email", "phone", "mobile", "external_id", "hubspot_id", "salesforce_id"]
)
def test_one_of_many_contacts_is_found_by_its_index(field: str, db: None) -> None:
    value = "+4930111222" if field in ("phone", "mobile") else "kim@acme.example"
    assert_by_index(Contact.objects.with_any(field, [value]))


@pytest.mark.parametrize("field", ["domain", "external_id", "hubspot_id", "salesforce_id"])
def test_one_of_many_accounts_is_found_by_its_index(field: str, db: None) -> None:
    assert_by_index(Account.objects.with_any(field, ["acme.example"]))


def test_a_list_too_long_to_prove_anything_of_it_uses_the_index_too(db: None) -> None:
    assert_by_index(Contact.objects.with_any("email", [f"k{n}@acme.example" for n in range(500)]))


def assert_by_index(rows: QuerySet[Any]) -> None:
    if connection.vendor == "postgresql":  # which reads small tables from end to end if it may
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = rows.order_by().explain()
    assert "_once" in plan or "_by_" in plan, plan
