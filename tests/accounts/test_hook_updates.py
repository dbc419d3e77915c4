"""What a received update does to people and companies."""

from django.utils import timezone

from accounts.models import (
    Account,
    Contact,
    ContactChange,
    EnrichmentSource,
    Method,
    Verification,
)
from tests.accounts.hooks import ago, event, receive
from tests.factories import make_contact


def newest_check(contact: Contact, field: str) -> Verification | None:
    about_it = contact.verifications.filter(field=field, value=contact.verified_value(field))
    return about_it.order_by("verified_at", "pk").last()


def test_an_update_changes_verifies_and_says_where_values_come_from(
    source: EnrichmentSource, contact: Contact
) -> None:
    at = ago(hours=3)
    receive(source, "1", event("contact.updated", at, email=contact.email, title="CRO"))

    contact.refresh_from_db()
    assert contact.title == "CRO"
    change = ContactChange.objects.get()
    assert (change.field, change.old, change.new) == ("title", "Head of Sales Operations", "CRO")
    assert (change.source, change.changed_by, change.changed_at) == ("Clearfeed", None, at)
    check = newest_check(contact, "title")
    assert check is not None
    assert (check.method, check.source, check.verified_at) == (Method.VENDOR, "Clearfeed", at)
    origin = contact.origins.get(field="title")
    assert (origin.value, origin.source, origin.at, origin.by) == ("CRO", "Clearfeed", at, None)


def test_a_new_contact_comes_with_their_company(source: EnrichmentSource) -> None:
    receive(
        source,
        "1",
        event("contact.created", id="c-9", first_name="Lea", last_name="Roth",
              email="lea@newco.example", company={"name": "NewCo GmbH"}),
    )  # fmt: skip
    contact = Contact.objects.get()
    assert contact.account is not None
    assert (contact.account.name, contact.account.domain) == ("NewCo GmbH", "newco.example")
    assert contact.source == "Clearfeed"
    assert contact.source_records.get().key == "c-9"


def test_somebody_without_a_company_gets_theirs_from_the_source(source: EnrichmentSource) -> None:
    contact = make_contact(None, email="lea@newco.example")
    receive(source, "1", event("contact.updated", email=contact.email, company="NewCo GmbH"))
    contact.refresh_from_db()
    assert contact.account is not None
    assert (contact.account.name, contact.account.source) == ("NewCo GmbH", "Clearfeed")


def test_a_domain_that_nobody_here_has_is_no_employer(source: EnrichmentSource) -> None:
    contact = make_contact(None, email="lea@gmail.com", title="CRO")
    company = {"domain": "newco.example"}
    found = receive(
        source, "1", event("contact.updated", email=contact.email, title="CRO", company=company)
    )
    contact.refresh_from_db()
    assert (contact.account, found.outcome) == (None, "Nothing new.")
    assert not contact.origins.filter(field="employer").exists()


def test_an_empty_value_takes_nothing_away(source: EnrichmentSource, contact: Contact) -> None:
    body = event("contact.updated", email=contact.email, title="", phone=None, mobile="+493012345")
    receive(source, "1", body)
    contact.refresh_from_db()
    assert contact.title and contact.phone
    assert str(contact.mobile).replace(" ", "") == "+493012345"


def test_somebody_at_another_company_has_left(source: EnrichmentSource, contact: Contact) -> None:
    body = event("contact.updated", email=contact.email, company={"name": "NewCo"})
    receive(source, "1", body)
    contact.refresh_from_db()
    assert contact.left_on == timezone.now().date()
    assert contact.account is not None and contact.account.name == "Acme Robotics"
    change = ContactChange.objects.get()
    assert (change.kind, change.old, change.new) == ("left", "Acme Robotics", "NewCo")


def test_the_same_company_without_its_legal_form_is_no_move(
    source: EnrichmentSource, contact: Contact
) -> None:
    receive(
        source,
        "1",
        event("contact.updated", email=contact.email, company="ACME Robotics, Inc."),
    )
    contact.refresh_from_db()
    assert contact.left_on is None
    check = newest_check(contact, "employer")
    assert check is not None and check.source == "Clearfeed"


def test_a_bounce_makes_the_address_wrong_and_writes_history(
    source: EnrichmentSource, contact: Contact
) -> None:
    receive(source, "1", event("contact.bounced", email=contact.email))
    check = newest_check(contact, "email")
    assert check is not None and check.method == Method.BOUNCE
    change = ContactChange.objects.get()
    assert (change.kind, change.field, change.old) == ("wrong", "email", contact.email)


def test_a_bounce_from_before_the_last_check_writes_no_history(
    source: EnrichmentSource, contact: Contact
) -> None:
    receive(source, "1", event("contact.bounced", ago(days=10), email=contact.email))
    assert not ContactChange.objects.exists()


def test_an_account_is_filled_in(source: EnrichmentSource, account: Account) -> None:
    receive(
        source,
        "1",
        event("account.updated", id="a-1", domain=account.domain, employees=900, country="at"),
    )
    account.refresh_from_db()
    assert (account.employees, account.country) == (900, "AT")
    assert account.origins.get(field="employees").source == "Clearfeed"


def test_two_who_fit_are_not_guessed_between(source: EnrichmentSource, account: Account) -> None:
    for _ in range(2):
        make_contact(account, first_name="Jo", last_name="Li", email="", phone="")
    found = receive(
        source,
        "1",
        event("contact.updated", id="c", first_name="Jo", last_name="Li", title="CRO",
              company={"name": account.name}),
    )  # fmt: skip
    assert found.state == "refused"
    assert "Merge them first" in found.outcome
