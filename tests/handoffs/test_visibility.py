"""Nobody sees more than the role needs."""

import pytest
from django.test import Client

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff
from team.models import Territory, User
from tests.factories import accepted, complete_package, make_account, make_contact, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(
    sdr: User,
    other_sdr: User,
    account: Account,
    contact: Contact,
    south: Territory,
    standard: object,
) -> dict[str, Handoff]:
    theirs = make_account(name="Trieste Foods", territory=south, country="IT")
    people = make_contact(theirs)
    return {
        "draft": complete_package(sdr=sdr, account=account, contact=contact),
        "waiting": submitted(sdr=sdr, account=account, contact=contact),
        "taken": accepted(sdr=sdr, account=account, contact=contact),
        "other draft": complete_package(sdr=other_sdr, account=theirs, contact=people),
        "other waiting": submitted(sdr=other_sdr, account=theirs, contact=people),
    }


def seen_by(user: User, scene: dict[str, Handoff]) -> set[str]:
    visible = set(Handoff.objects.visible_to(user).values_list("pk", flat=True))
    return {name for name, handoff in scene.items() if handoff.pk in visible}


def test_an_sdr_sees_their_own(scene: dict[str, Handoff], sdr: User, other_sdr: User) -> None:
    assert seen_by(sdr, scene) == {"draft", "waiting", "taken"}
    assert seen_by(other_sdr, scene) == {"other draft", "other waiting"}


def test_an_ae_sees_own_and_the_queue(scene: dict[str, Handoff], ae: User, ae2: User) -> None:
    assert seen_by(ae, scene) == {"waiting", "taken"}
    assert seen_by(ae2, scene) == {"waiting"}


def test_a_manager_sees_the_team(
    scene: dict[str, Handoff], manager: User, other_manager: User, director: User
) -> None:
    assert seen_by(manager, scene) == {"draft", "waiting", "taken"}
    assert seen_by(other_manager, scene) == {"other draft", "other waiting"}
    assert seen_by(director, scene) == set(scene)


def test_people_open_to_an_ae_with_the_acceptance(
    sdr: User, ae: User, backup: User, account: Account, contact: Contact, north: Territory
) -> None:
    waiting = submitted(sdr=sdr, account=account, contact=contact)
    assert waiting.owner == ae
    assert not Contact.objects.visible_to(ae).exists()
    assert list(Account.objects.visible_to(ae)) == [account]
    lifecycle.accept(waiting, by=ae)
    assert list(Contact.objects.visible_to(ae)) == [contact]
    assert not Contact.objects.visible_to(backup).exists()
    assert list(Contact.objects.visible_to(sdr)) == [contact]


def test_an_account_shows_its_people_to_an_ae_only_after_the_acceptance(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    waiting = submitted(sdr=sdr, account=account, contact=contact)
    address = f"/admin/accounts/account/{account.pk}/change/"
    client.force_login(ae)
    assert contact.email not in client.get(address).content.decode()
    assert client.get(f"/admin/accounts/contact/{contact.pk}/change/").status_code == 404
    lifecycle.accept(waiting, by=ae)
    assert contact.email in client.get(address).content.decode()


def test_revops_sees_all(scene: dict[str, Handoff], revops: User) -> None:
    assert seen_by(revops, scene) == set(scene)


def test_somebody_without_a_role_or_deactivated_sees_nothing(
    scene: dict[str, Handoff], ae: User
) -> None:
    User.objects.filter(pk=ae.pk).update(is_ae=False)
    assert seen_by(User.objects.get(pk=ae.pk), scene) == set()
    User.objects.filter(pk=ae.pk).update(is_ae=True, is_active=False)
    assert seen_by(User.objects.get(pk=ae.pk), scene) == set()
