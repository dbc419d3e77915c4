"""Each way by which a row is somebody's, alone: where two lead to it, one may break unseen."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Account, Contact
from accounts.querysets import territory_ids_of
from handoffs.masking import Reader
from handoffs.models import Handoff
from team.models import Coverage, Role, Territory, User, WorkCalendar
from tests.factories import accepted, make_account, make_contact, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def west(calendar: WorkCalendar) -> Territory:
    """A territory that nobody works."""
    return Territory.objects.create(name="West", countries=["FR"], calendar=calendar)


def give(territory: Territory, how: str, person: User) -> None:
    """Let this person work the territory in one way and in no other."""
    if how == "team":
        territory.team.add(person)
    elif how == "backup":
        Coverage.objects.create(territory=territory, backup=person)
    else:
        Territory.objects.filter(pk=territory.pk).update(**{how: person})


# --- Territories ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["primary", "team", "backup"])
def test_an_ae_works_a_territory_and_takes_from_it_in_each_of_three_ways(
    how: str, west: Territory, ae: User
) -> None:
    assert (territory_ids_of(ae), Reader(ae).takes_from) == (set(), set())
    give(west, how, ae)
    assert (territory_ids_of(ae), Reader(ae).takes_from) == ({west.pk}, {west.pk})
    ae.is_ae = False
    assert Reader(ae).takes_from == set()


def test_who_manages_a_territory_works_it_and_takes_nothing(west: Territory, manager: User) -> None:
    assert territory_ids_of(manager) == set()
    give(west, "manager", manager)
    assert (territory_ids_of(manager), Reader(manager).takes_from) == ({west.pk}, set())


@pytest.mark.parametrize("how", ["manager", "primary", "team"])
def test_an_sdr_works_where_their_manager_or_an_ae_of_that_manager_does(
    how: str, west: Territory, sdr: User, manager: User, ae: User, ae2: User, other_sdr: User
) -> None:
    assert territory_ids_of(sdr) == set()
    give(west, how, manager if how == "manager" else ae)
    assert territory_ids_of(sdr) == {west.pk}
    assert territory_ids_of(ae2) == territory_ids_of(other_sdr) == set()


def test_an_sdr_without_a_manager_does_not_work_the_territories_without_one(
    west: Territory, sdr: User
) -> None:
    sdr.reports_to = None
    assert territory_ids_of(sdr) == set()


# --- Accounts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["primary", "team", "manager"])
def test_a_manager_sees_the_accounts_of_each_territory_that_their_people_work(
    how: str, west: Territory, director: User, manager: User, ae: User
) -> None:
    account = make_account(territory=west)
    assert not Account.objects.visible_to(director).exists()
    give(west, how, manager if how == "manager" else ae)
    assert Account.objects.visible_to(director).get() == account


@pytest.mark.parametrize("desk", ["owner", "sdr"])
def test_an_account_is_seen_from_its_desk_and_by_who_leads_there(
    desk: str, west: Territory, ae: User, sdr: User, manager: User, other_manager: User
) -> None:
    whose = ae if desk == "owner" else sdr
    account = make_account(territory=west, **{desk: whose})
    assert Account.objects.visible_to(whose).get() == account
    assert Account.objects.visible_to(manager).get() == account
    assert not Account.objects.visible_to(other_manager).exists()


def test_an_sdr_brings_in_their_own_and_nobodys_accounts_and_people(
    west: Territory, sdr: User, other_sdr: User, ae: User
) -> None:
    own = make_account(territory=west, sdr=sdr)
    nobodys = make_account()
    of_another = make_account(sdr=other_sdr)
    people = [make_contact(account) for account in (own, nobodys, None, of_another)]
    assert set(Account.objects.importable_by(sdr)) == {own, nobodys}
    assert set(Contact.objects.importable_by(sdr)) == set(people[:3])
    assert not Account.objects.importable_by(ae).exists()
    assert not Contact.objects.importable_by(ae).exists()


def test_who_has_left_brings_in_nothing(sdr: User, manager: User, revops: User) -> None:
    make_account()
    for person in (sdr, manager, revops):
        assert Account.objects.importable_by(person).exists()
        person.is_active = False
        assert not Account.objects.importable_by(person).exists()


# --- People ---------------------------------------------------------------------------------------


def test_acceptance_opens_all_people_of_the_account_and_the_person_wherever_they_go(
    sdr: User, ae: User, account: Account, contact: Contact, south: Territory
) -> None:
    accepted(sdr=sdr, account=account, contact=contact)
    colleague = make_contact(account)
    assert set(Contact.objects.visible_to(ae)) == {contact, colleague}
    Contact.objects.filter(pk=contact.pk).update(account=make_account(territory=south))
    assert set(Contact.objects.visible_to(ae)) == {contact, colleague}
    Handoff.objects.update(contact=colleague)
    assert set(Contact.objects.visible_to(ae)) == {colleague}


def test_an_ae_sees_the_people_of_their_own_accounts_until_they_leave(
    ae: User, account: Account, contact: Contact
) -> None:
    Account.objects.filter(pk=account.pk).update(owner=ae)
    elsewhere = make_contact(None)
    assert set(Contact.objects.visible_to(ae)) == {contact}
    ae.is_superuser = True
    assert set(Contact.objects.visible_to(ae)) == {contact, elsewhere}
    ae.is_superuser, ae.is_active = False, False
    assert not Contact.objects.visible_to(ae).exists()


# --- Handoffs -------------------------------------------------------------------------------------


@pytest.fixture
def of_others(other_sdr: User, other_ae: User, south: Territory, standard: object) -> Handoff:
    """It waits for Omar in the south: Mara and her people have nothing to do with it."""
    account = make_account(territory=south, country="IT")
    return submitted(sdr=other_sdr, account=account, contact=make_contact(account))


@pytest.mark.parametrize(
    "change",
    [
        {"sdr": "sdr"},
        {"sdr": "manager"},
        {"owner": "ae"},
        {"owner": "manager"},
        {"territory": "north"},
        {"owner": None, "territory": None},
    ],
    ids=str,
)
def test_a_manager_sees_a_handoff_in_each_of_six_ways(
    change: dict[str, str | None],
    of_others: Handoff,
    manager: User,
    north: Territory,
    request: pytest.FixtureRequest,
) -> None:
    assert not sees(manager, of_others)
    values: dict[str, Any] = {
        field: name and request.getfixturevalue(name) for field, name in change.items()
    }
    Handoff.objects.filter(pk=of_others.pk).update(**values)
    assert sees(manager, of_others)


def test_an_author_an_ae_and_an_admin_see_a_handoff_each_by_their_role(
    of_others: Handoff, sdr: User, ae: User, backup: User, revops: User, north: Territory
) -> None:
    assert [sees(person, of_others) for person in (sdr, ae, backup, revops)] == [
        False,
        False,
        False,
        True,
    ]
    Handoff.objects.filter(pk=of_others.pk).update(sdr=sdr, owner=ae, territory=north)
    for person, role in ((sdr, "is_sdr"), (ae, "is_ae"), (backup, "is_ae")):
        assert sees(person, of_others), person
        setattr(person, role, False)
        assert not sees(person, of_others), person
    Handoff.objects.filter(pk=of_others.pk).update(territory=None)
    ae.is_ae = True
    assert sees(ae, of_others)  # it is theirs, wherever it belongs
    ae.is_ae, ae.is_superuser = False, True
    assert sees(ae, of_others)
    ae.is_active = False
    assert not sees(ae, of_others)


def sees(user: User, handoff: Handoff) -> bool:
    """Whether a list shows it, which has to be as the page of it is shown."""
    in_a_list = Handoff.objects.visible_to(user).filter(pk=handoff.pk).exists()
    assert Handoff.objects.one_visible_to(user, handoff.pk).exists() == in_a_list
    return in_a_list


def test_who_has_not_signed_in_sees_nothing(of_others: Handoff) -> None:
    anonymous: Any = AnonymousUser()
    make_contact(make_account())
    for model in (Account, Contact, Handoff):
        assert not model.objects.visible_to(anonymous).exists()  # type: ignore[attr-defined]


# --- Sides ----------------------------------------------------------------------------------------


def test_who_leads_people_of_a_role_signs_for_that_side(manager: User, sdr: User) -> None:
    assert manager.leads(Role.SDR)
    assert not manager.leads(Role.AE)
    manager.is_active = False
    assert not manager.leads(Role.SDR)
    manager.is_active, manager.is_manager = True, False
    assert not manager.leads(Role.SDR)
