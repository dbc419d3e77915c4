"""Who gets a handoff, who is passed over and why; and who stands in."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import lifecycle
from handoffs.models import Handoff
from handoffs.routing import route
from messaging.models import Message
from team.models import Absence, Coverage, Territory, User
from tests.factories import complete_package, make_account, make_contact, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(sdr: User, account: Account, contact: Contact) -> Handoff:
    return complete_package(sdr=sdr, account=account, contact=contact)


def send_away(user: User, cover: User | None = None) -> None:
    now = timezone.now()
    Absence.objects.create(
        user=user, cover=cover, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=2)
    )


def test_the_accounts_own_ae_comes_first(draft: Handoff, ae2: User) -> None:
    Account.objects.update(owner=ae2)
    decision = route(Handoff.objects.get(pk=draft.pk), timezone.now())
    assert (decision.owner, decision.reason) == (ae2, "the account’s own AE")


def test_the_primary_comes_next(draft: Handoff, ae: User) -> None:
    assert route(draft, timezone.now()).owner == ae


def test_somebody_away_is_passed_over_for_the_backup(
    draft: Handoff, ae: User, backup: User
) -> None:
    send_away(ae)
    decision = route(draft, timezone.now())
    assert decision.owner == backup
    assert [c.verdict for c in decision.candidates] == ["away until 04 Mar 2026", ""]


def test_a_named_cover_comes_before_the_backup(draft: Handoff, ae: User, ae2: User) -> None:
    send_away(ae, cover=ae2)
    assert route(draft, timezone.now()).owner == ae2


def test_covers_who_cover_each_other_do_not_loop(
    draft: Handoff, ae: User, ae2: User, backup: User
) -> None:
    send_away(ae, cover=ae2)
    send_away(ae2, cover=ae)
    assert route(draft, timezone.now()).owner == backup


def test_somebody_deactivated_is_passed_over(draft: Handoff, ae: User, backup: User) -> None:
    User.objects.filter(pk=ae.pk).update(is_active=False)
    assert route(Handoff.objects.get(pk=draft.pk), timezone.now()).owner == backup


def test_somebody_full_is_passed_over(
    draft: Handoff, ae: User, backup: User, sdr: User, account: Account, contact: Contact
) -> None:
    User.objects.filter(pk=ae.pk).update(capacity=1)
    submitted(sdr=sdr, account=account, contact=contact)
    decision = route(Handoff.objects.get(pk=draft.pk), timezone.now())
    assert decision.owner == backup
    assert decision.candidates[0].verdict == "full (1 of 1 open handoffs)"


def test_without_a_primary_the_fewest_open_in_the_team(
    draft: Handoff, north: Territory, ae: User, backup: User, ae2: User
) -> None:
    Territory.objects.filter(pk=north.pk).update(primary=None)
    first = lifecycle.submit(draft, by=draft.sdr)
    assert first.owner == ae  # all have none: the lowest id
    second = complete_package(sdr=draft.sdr, account=draft.account, contact=draft.contact)
    assert lifecycle.submit(second, by=second.sdr).owner == backup


def test_the_author_is_passed_over(draft: Handoff, north: Territory, backup: User) -> None:
    User.objects.filter(pk=draft.sdr_id).update(is_ae=True)
    Territory.objects.filter(pk=north.pk).update(primary=draft.sdr_id)
    decision = route(Handoff.objects.get(pk=draft.pk), timezone.now())
    assert decision.owner == backup
    assert decision.candidates[0].verdict == "wrote this handoff"


def test_the_country_finds_the_territory(
    sdr: User, south: Territory, other_ae: User, standard: object
) -> None:
    account = make_account(country="IT")
    draft = complete_package(sdr=sdr, account=account, contact=make_contact(account))
    handoff = lifecycle.submit(draft, by=sdr)
    assert (handoff.territory, handoff.owner) == (south, other_ae)


@pytest.mark.parametrize("country", ["", "FR", "IT"])
def test_what_no_territory_names_goes_to_the_one_that_names_none(
    sdr: User, north: Territory, south: Territory, ae: User, standard: object, country: str
) -> None:
    Territory.objects.filter(pk=north.pk).update(countries=[])
    account = make_account(country=country)
    handoff = submitted(sdr=sdr, account=account, contact=make_contact(account))
    assert handoff.territory == (south if country == "IT" else north)


def test_of_two_territories_that_name_no_country_none_is_meant(
    sdr: User, north: Territory, south: Territory, standard: object
) -> None:
    Territory.objects.update(countries=[])
    account = make_account(country="FR")
    handoff = submitted(sdr=sdr, account=account, contact=make_contact(account))
    assert handoff.is_unassigned and handoff.territory is None


def test_of_two_territories_that_name_the_country_the_first_gets_it_each_time(
    sdr: User, north: Territory, south: Territory, ae: User, standard: object
) -> None:
    Territory.objects.filter(pk=south.pk).update(countries=["DE", "IT"])
    for _ in range(3):
        account = make_account(country="DE")
        handoff = submitted(sdr=sdr, account=account, contact=make_contact(account))
        assert (handoff.territory, handoff.owner) == (north, ae)


def test_a_territory_without_anybody_goes_to_its_manager_with_an_alert(
    sdr: User, south: Territory, other_manager: User, standard: object
) -> None:
    Territory.objects.filter(pk=south.pk).update(primary=None)
    south.team.clear()
    account = make_account(country="IT")
    handoff = submitted(sdr=sdr, account=account, contact=make_contact(account))
    assert handoff.is_unassigned and handoff.territory == south
    assert handoff in Handoff.objects.visible_to(other_manager).unassigned()
    assert Message.objects.filter(person=other_manager, kind="handoff_unassigned").exists()


def test_nobody_found_goes_to_the_managers_list_with_an_alert(
    sdr: User, north: Territory, ae: User, backup: User, ae2: User, manager: User, draft: Handoff
) -> None:
    for person in (ae, backup, ae2):
        send_away(person)
    handoff = lifecycle.submit(draft, by=sdr)
    assert handoff.is_unassigned
    assert handoff in Handoff.objects.visible_to(manager).unassigned()
    assert Message.objects.filter(person=manager, kind="handoff_unassigned").exists()
    reason = handoff.events.get(kind="submitted").data["routing"]["reason"]
    assert reason == "nobody there can take it"


def test_without_any_territory_the_authors_manager_is_told(
    sdr: User, standard: object, manager: User
) -> None:
    account = make_account(country="JP")
    draft = complete_package(sdr=sdr, account=account, contact=make_contact(account))
    handoff = lifecycle.submit(draft, by=sdr)
    assert handoff.is_unassigned
    assert Message.objects.filter(person=manager, kind="handoff_unassigned").exists()


def test_every_candidate_is_stored(draft: Handoff, ae: User, north: Territory, ae2: User) -> None:
    send_away(ae)
    Coverage.objects.create(territory=north, backup=ae2, rank=0)
    handoff = lifecycle.submit(draft, by=draft.sdr)
    stored = handoff.events.get(kind="submitted").data["routing"]["candidates"]
    assert [(c["name"], c["verdict"]) for c in stored] == [
        ("Ana Silva", "away until 04 Mar 2026"),
        ("Cleo Marsh", "chosen"),
    ]


def test_after_a_change_of_hands_the_brief_says_who_moved_it_and_whom_routing_chose(
    client: Client, sdr: User, ae: User, backup: User, manager: User, account: Account,
    contact: Contact,
) -> None:  # fmt: skip
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    lifecycle.reassign(handoff, to=backup, why="Ana is on a train.", by=manager)
    client.force_login(backup)
    page = " ".join(client.get(f"/handoffs/{handoff.pk}/").content.decode().split())
    assert "Why you" in page
    assert "Mara Lindt moved it from Ana Silva to Ben Okafor." in page
    assert "At its submission:</span> primary AE of North" in page
