"""The admin of accounts and contacts: who sees which rows, and what may be written there."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Contact, ContactChange, Verification
from team.models import Territory, User
from tests.factories import make_account, make_contact, make_user

ACCOUNTS = "/admin/accounts/account/"
CONTACTS = "/admin/accounts/contact/"


def door(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="team.backends.PasswordBackend")
    return client


@pytest.fixture
def hidden(south: Territory, other_ae: User) -> Account:
    return make_account(name="Hidden Ltd", domain="hidden.example", territory=south, owner=other_ae)


def seen(user: User) -> set[str]:
    return set(Account.objects.visible_to(user).values_list("name", flat=True))


def test_reps_see_their_territories_their_own_and_nobodys(
    sdr: User, ae: User, other_ae: User, account: Account, hidden: Account
) -> None:
    make_account(name="Nobody’s", domain="nobody.example")
    make_account(name="Sam’s", domain="sams.example", sdr=sdr, owner=other_ae)
    assert seen(sdr) == {"Acme Robotics", "Nobody’s", "Sam’s"}
    assert seen(ae) == {"Acme Robotics", "Nobody’s"}
    assert seen(other_ae) == {"Hidden Ltd", "Nobody’s", "Sam’s"}


def test_a_backup_sees_the_territory(backup: User, account: Account, hidden: Account) -> None:
    assert seen(backup) == {"Acme Robotics"}


def test_managers_see_their_teams_and_admins_all(
    manager: User, director: User, revops: User, sdr: User, account: Account, hidden: Account
) -> None:
    make_account(name="Sam’s", domain="sams.example", sdr=sdr)
    assert seen(manager) == {"Acme Robotics", "Sam’s"}
    assert seen(director) == seen(revops) == {"Acme Robotics", "Hidden Ltd", "Sam’s"}


def test_who_has_no_role_or_left_sees_nothing(account: Account, ae: User) -> None:
    assert seen(make_user("nobody")) == set()
    ae.is_active = False
    assert seen(ae) == set()


def test_contacts_are_seen_with_their_account(
    sdr: User, ae: User, contact: Contact, hidden: Account
) -> None:
    make_contact(hidden, last_name="Hidden")
    alone = make_contact(None, last_name="Alone")
    assert set(Contact.objects.visible_to(sdr)) == {contact, alone}
    assert not Contact.objects.visible_to(ae).exists()
    Account.objects.filter(pk=contact.account_id).update(owner=ae)
    assert list(Contact.objects.visible_to(ae)) == [contact]


def test_other_peoples_rows_are_not_found(ae: User, hidden: Account) -> None:
    person = make_contact(hidden, last_name="Hidden")
    client = door(ae)
    for url in (
        f"{ACCOUNTS}{hidden.pk}/change/",
        f"{CONTACTS}{person.pk}/change/",
        f"{ACCOUNTS}{hidden.pk}/history/",
        f"{ACCOUNTS}{hidden.pk}/new-handoff/",
    ):
        assert client.get(url).status_code in {403, 404}, url
    assert "Hidden" not in client.get(ACCOUNTS).content.decode()
    assert "hidden.example" not in client.get(f"{CONTACTS}?q=Hidden").content.decode()


def test_search_boxes_offer_only_what_is_seen(ae: User, account: Account, hidden: Account) -> None:
    url = "/admin/autocomplete/?app_label=accounts&model_name=contact&field_name=account&term="
    assert len(door(ae).get(f"{url}Acme").json()["results"]) == 1
    assert door(ae).get(f"{url}Hidden").json()["results"] == []


def test_a_contact_cannot_be_put_at_an_account_out_of_sight(
    sdr: User, contact: Contact, hidden: Account
) -> None:
    form = contact_form(contact) | {"account": hidden.pk}
    page = door(sdr).post(f"{CONTACTS}{contact.pk}/change/", form)
    assert page.status_code == 200
    assert page.context["adminform"].form.errors["account"]


def test_lists_show_freshness_in_words(sdr: User, contact: Contact) -> None:
    make_contact(contact.account, verified=False, last_name="Unchecked")
    text = door(sdr).get(CONTACTS).content.decode()
    assert "fresh" in text and "never verified" in text


@pytest.mark.parametrize("url", [ACCOUNTS, CONTACTS])
def test_lists_cost_the_same_with_many_rows(
    url: str, sdr: User, contact: Contact, django_assert_max_num_queries: Any
) -> None:
    client = door(sdr)
    client.get(url)
    for number in range(20):
        make_contact(make_account(name=f"Many {number}", territory=contact.account.territory))
    with django_assert_max_num_queries(22):
        client.get(url)


def test_an_accounts_page_costs_the_same_with_many_people(
    sdr: User, account: Account, django_assert_max_num_queries: Any
) -> None:
    client = door(sdr)
    page = f"{ACCOUNTS}{account.pk}/change/"
    make_contact(account, verified=False)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for _ in range(20):
        make_contact(account, verified=False)
    with django_assert_max_num_queries(len(few)):
        client.get(page)


def test_no_account_stands_above_itself(revops: User, account: Account) -> None:
    child = make_account(name="Acme Ulm", parent=account)
    below = make_account(name="Acme Ulm Sales", parent=child)
    form = account_form(name=account.name, domain=account.domain, parent=below.pk)
    page = door(revops).post(f"{ACCOUNTS}{account.pk}/change/", form)
    assert page.context["adminform"].form.errors["parent"] == [
        "These two would belong to each other in a circle."
    ]


def test_an_sdr_who_adds_an_account_works_it(sdr: User) -> None:
    form = account_form(name="Fresh Ltd", domain="https://www.fresh.example/")
    door(sdr).post(f"{ACCOUNTS}add/", form)
    account = Account.objects.get()
    assert (account.sdr, account.domain) == (sdr, "fresh.example")


def test_only_managers_and_admins_assign_accounts(
    sdr: User, manager: User, ae2: User, account: Account
) -> None:
    form = account_form(name=account.name, domain=account.domain) | {"owner": ae2.pk}
    door(sdr).post(f"{ACCOUNTS}{account.pk}/change/", form)
    account.refresh_from_db()
    assert account.owner is None
    door(manager).post(
        f"{ACCOUNTS}{account.pk}/change/", form | {"territory": account.territory_id}
    )
    account.refresh_from_db()
    assert account.owner == ae2


def test_a_changed_title_is_written_down_with_who_changed_it(sdr: User, contact: Contact) -> None:
    old = contact.title
    door(sdr).post(
        f"{CONTACTS}{contact.pk}/change/", contact_form(contact) | {"title": "Chief of Staff"}
    )
    change = ContactChange.objects.get()
    assert (change.field, change.old, change.new) == ("title", old, "Chief of Staff")
    assert (change.changed_by, change.source) == (sdr, "Sam Ortiz")


def test_a_check_is_added_with_who_made_it_and_never_changed(sdr: User, contact: Contact) -> None:
    before = contact.verifications.count()
    form = contact_form(contact) | verification("email", timezone.now())
    page = door(sdr).post(f"{CONTACTS}{contact.pk}/change/", form)
    assert page.status_code == 302
    assert contact.verifications.count() == before + 1
    newest = Verification.objects.latest("pk")
    assert (newest.verified_by, newest.value) == (sdr, contact.email)


def test_a_check_needs_a_value_and_a_time_that_has_come(sdr: User, account: Account) -> None:
    person = make_contact(account, verified=False, phone="")
    later = timezone.now() + timedelta(days=1)
    page = door(sdr).post(
        f"{CONTACTS}{person.pk}/change/", contact_form(person) | verification("dial", later)
    )
    text = page.content.decode()
    assert "The contact has no direct dial to verify." in text
    assert "A check cannot lie in the future." in text


def test_an_account_leads_to_a_new_handoff(sdr: User, ae: User, account: Account) -> None:
    url = f"{ACCOUNTS}{account.pk}/new-handoff/"
    assert door(sdr).get(url).url.endswith(f"?account={account.pk}")  # type: ignore[attr-defined]
    assert door(ae).get(url).status_code == 403


def account_form(**fields: Any) -> dict[str, Any]:
    empty = {
        "industry": "", "employees": "", "annual_revenue": "", "year_established": "",
        "country": "", "city": "", "parent": "", "fit": "unknown", "fit_reason": "", "source": "",
        "external_id": "", "hubspot_id": "", "salesforce_id": "",
    }  # fmt: skip
    return (
        empty
        | fields
        | counts("technologies")
        | counts("signals")
        | counts("contacts")
        | counts("proposals")
        | counts("lookups")
        | counts("origins")
    )


def contact_form(contact: Contact) -> dict[str, Any]:
    values = {
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "account": contact.account_id,
        "title": contact.title,
        "email": contact.email,
        "phone": contact.phone.as_e164 if contact.phone else "",
        "phone_extension": "",
        "mobile": "",
        "profile_url": "",
        "role": contact.role,
        "attitude": contact.attitude,
        "left_on": "",
        "source": "",
        "external_id": "",
        "hubspot_id": "",
        "salesforce_id": "",
    }
    prefixes = ("verifications", "proposals", "changes", "lookups", "origins")
    for prefix in prefixes:
        values |= counts(prefix)
    return values


def counts(prefix: str) -> dict[str, Any]:
    return {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}


def verification(field: str, at: Any) -> dict[str, Any]:
    return {
        "verifications-TOTAL_FORMS": 1,
        "verifications-0-field": field,
        "verifications-0-method": "spoke",
        "verifications-0-result": "valid",
        "verifications-0-source": "Call",
        "verifications-0-verified_at_0": f"{at:%Y-%m-%d}",
        "verifications-0-verified_at_1": f"{at:%H:%M:%S}",
    }
