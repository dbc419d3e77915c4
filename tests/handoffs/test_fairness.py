"""Whose turn it is: shares kept for a leave, turns given back, and why (not) me."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import feedback, lifecycle
from handoffs.fairness import WINDOW, Share, given_in, shares_of, why_given_back
from handoffs.models import Handoff, Reason
from team.models import Absence, Territory, User
from tests.factories import complete_package, make_account, make_contact, submitted

pytestmark = pytest.mark.django_db


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.fixture
def taking_turns(north: Territory) -> Territory:
    """North without a primary or backups: Ana, Ben and Cleo take turns."""
    north.coverage.all().delete()
    north.primary = None
    north.save()
    return north


def hand_over(sdr: User, account: Account, contact: Contact) -> Handoff:
    draft = complete_package(sdr=sdr, account=account, contact=contact)
    return lifecycle.submit(draft, by=sdr)


def share(territory: Territory, user: User) -> Share:
    """How `user` stands; what the database counts as given back is what the words say."""
    found = next(one for one in shares_of(territory, timezone.now()) if one.user == user)
    recent = given_in(territory).filter(owner=user, occurred_at__gte=timezone.now() - WINDOW)
    said = [why_given_back(event) for event in recent]
    assert (found.turns, found.given_back) == (said.count(""), len(said) - said.count(""))
    return found


def verdicts(handoff: Handoff) -> dict[str, str]:
    routing = handoff.events.get(kind="submitted").data["routing"]
    return {one["name"]: one["verdict"] for one in routing["candidates"]}


def test_at_the_same_load_the_fewest_turns_then_the_longest_wait(
    taking_turns: Territory, sdr: User, account: Account, contact: Contact, ae: User, clock
) -> None:  # type: ignore[no-untyped-def]
    """No silent bias for the lowest id: what is closed has been a turn all the same."""
    owners = []
    for _ in range(6):
        clock.shift(timedelta(minutes=5))
        handoff = hand_over(sdr, account, contact)
        owners.append(str(handoff.owner))
        assert handoff.owner is not None
        lifecycle.reject(
            handoff, by=handoff.owner, reason="no_need", note="They only wanted a price list."
        )
    assert owners == ["Ana Silva", "Ben Okafor", "Cleo Marsh"] * 2


def test_an_own_rejection_keeps_the_turn_a_duplicate_gives_it_back(
    taking_turns: Territory, sdr: User, account: Account, contact: Contact, ae: User
) -> None:
    kept = hand_over(sdr, account, contact)
    lifecycle.reject(kept, by=ae, reason="no_capacity", note="My week is full of trade fairs.")
    assert (share(taking_turns, ae).turns, share(taking_turns, ae).given_back) == (1, 0)
    for person in taking_turns.team.exclude(pk=ae.pk):
        assert hand_over(sdr, account, contact).owner == person
    assert hand_over(sdr, account, contact).owner == ae
    second = Handoff.objects.get(owner=ae, status="submitted")
    lifecycle.reject(second, by=ae, reason="duplicate", note="The same deal as handoff 12 is.")
    mine = share(taking_turns, ae)
    assert (mine.turns, mine.given_back) == (1, 1)


@pytest.mark.parametrize(("stands", "turns"), [(True, 0), (False, 1)])
def test_a_contested_rejection_gives_it_back_only_if_it_stands(
    taking_turns: Territory,
    sdr: User,
    manager: User,
    account: Account,
    contact: Contact,
    ae: User,
    stands: bool,
    turns: int,
) -> None:
    handoff = hand_over(sdr, account, contact)
    handoff = lifecycle.reject(
        handoff, by=ae, reason="no_need", note="They only wanted a price list."
    )
    case = feedback.contest(
        handoff, by=sdr, argument="She named nine days for each quote, on the first call."
    )
    feedback.rule(
        case,
        by=manager,
        ruling="upheld" if stands else "overturned",
        because="The quote names the price list and no pain of their own.",
    )
    assert share(taking_turns, ae).turns == turns


def test_what_is_withdrawn_or_moved_on_before_acceptance_is_no_turn(
    taking_turns: Territory,
    sdr: User,
    manager: User,
    account: Account,
    contact: Contact,
    ae: User,
    backup: User,
) -> None:
    first = hand_over(sdr, account, contact)
    lifecycle.withdraw(first, by=sdr, note="They called off the project this morning.")
    assert (share(taking_turns, ae).turns, share(taking_turns, ae).given_back) == (0, 1)
    second = hand_over(sdr, account, contact)
    assert second.owner == ae
    lifecycle.reassign(second, to=backup, why="Ben knows the company well.", by=manager)
    assert (share(taking_turns, ae).turns, share(taking_turns, ae).given_back) == (0, 2)


def test_a_turn_older_than_four_weeks_no_longer_counts(
    taking_turns: Territory, sdr: User, account: Account, contact: Contact, ae: User, clock
) -> None:  # type: ignore[no-untyped-def]
    hand_over(sdr, account, contact)
    clock.shift(timedelta(days=28))
    assert share(taking_turns, ae).turns == 1
    clock.shift(timedelta(seconds=1))
    assert share(taking_turns, ae).turns == 0


def test_nobody_is_flooded_on_return_and_nobody_starved(
    taking_turns: Territory,
    sdr: User,
    account: Account,
    contact: Contact,
    ae: User,
    ae2: User,
    backup: User,
    clock,
) -> None:  # type: ignore[no-untyped-def]
    """Ana is away while four come in. Two each are open, so she comes back as if she had two."""
    Absence.objects.create(user=ae, starts_at=at(2), ends_at=at(6))
    for day in (3, 4, 5):
        clock.move_to(at(day), tick=False)
        hand_over(sdr, account, contact)
    clock.move_to(at(5, 12), tick=False)
    hand_over(sdr, account, contact)
    clock.move_to(at(6), tick=False)
    mine = share(taking_turns, ae)
    assert (mine.open, mine.kept, mine.standing[0]) == (0, 2.0, 2.0)

    after = []
    for minute in range(3):
        clock.move_to(at(6) + timedelta(minutes=minute), tick=False)
        after.append(hand_over(sdr, account, contact).owner)
    assert sorted(str(one) for one in after) == ["Ana Silva", "Ben Okafor", "Cleo Marsh"]

    for one in Handoff.objects.filter(submitted_at__lt=at(6)):
        lifecycle.reject(one, by=one.owner, reason="no_need", note="Only wanted a price list.")
    assert share(taking_turns, ae).kept == 0


def test_a_leave_of_somebody_alone_in_the_team_keeps_nothing(
    taking_turns: Territory, ae: User, sdr: User, account: Account, contact: Contact
) -> None:
    hand_over(sdr, account, contact)
    taking_turns.team.set([ae])
    Absence.objects.create(user=ae, starts_at=at(1), ends_at=at(3))
    assert share(taking_turns, ae).kept == 0


def test_everybody_in_the_team_reads_why_not_they(
    taking_turns: Territory, sdr: User, account: Account, contact: Contact, ae2: User, clock
) -> None:  # type: ignore[no-untyped-def]
    assert verdicts(hand_over(sdr, account, contact)) == {
        "Ana Silva": "chosen",
        "Ben Okafor": "level with Ana Silva, who is first on the list",
        "Cleo Marsh": "level with Ana Silva, who is first on the list",
    }
    clock.shift(timedelta(hours=1))
    Absence.objects.create(user=ae2, starts_at=at(1), ends_at=at(4))
    assert verdicts(hand_over(sdr, account, contact)) == {
        "Ana Silva": "has 1 more than Ben Okafor",
        "Ben Okafor": "chosen",
        "Cleo Marsh": "away until 04 Mar 2026",
    }


def open_page(user: User, **query: object):  # type: ignore[no-untyped-def]
    client = Client()
    client.force_login(user)
    return client.get(reverse("fairness"), query)


def test_the_page_says_why_me_and_why_not_me(
    north: Territory, sdr: User, account: Account, contact: Contact, ae: User, backup: User
) -> None:
    submitted(sdr=sdr, account=account, contact=contact)
    page = open_page(ae).content.decode()
    assert "Why me, why not me" in page
    assert "got it" in page
    page = open_page(backup).content.decode()
    assert "not asked: Ana Silva came before" in page


def test_a_colleagues_handoff_is_not_named_to_who_may_not_see_it(
    north: Territory, sdr: User, account: Account, contact: Contact, ae: User, backup: User
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    assert "Acme Robotics" in open_page(backup).content.decode()
    lifecycle.accept(handoff, by=ae)
    page = open_page(backup).content.decode()
    assert "Acme Robotics" not in page
    assert "a colleague’s" in page


def test_a_manager_asks_about_anybody_an_ae_only_about_themselves(
    north: Territory, manager: User, ae: User, backup: User
) -> None:
    assert open_page(manager, person=backup.pk).context["asked"] == backup
    assert open_page(ae, person=backup.pk).context["asked"] == ae
    assert open_page(manager, territory="x", person="1; drop").status_code == 200


def test_an_ae_without_a_territory_learns_what_will_stand_there(other_ae: User) -> None:
    assert "You work in no territory yet" in open_page(other_ae).content.decode()


def test_shipped_reasons_say_which_give_a_turn_back(db: None) -> None:
    giving = set(Reason.objects.filter(gives_back=True).values_list("code", flat=True))
    assert {"duplicate", "wrong_territory", "no_shows"} <= giving
    assert "no_capacity" not in giving


def test_the_shares_take_few_queries_whatever_happened(
    taking_turns: Territory,
    sdr: User,
    standard: object,
    django_assert_max_num_queries,
) -> None:  # type: ignore[no-untyped-def]
    for _ in range(5):
        account = make_account(territory=taking_turns)
        handoff = hand_over(sdr, account, make_contact(account))
        assert handoff.owner is not None
        lifecycle.reject(
            handoff, by=handoff.owner, reason="duplicate", note="The same deal as another one."
        )
    with django_assert_max_num_queries(5):
        shares_of(taking_turns, timezone.now())


def test_revops_without_any_territory_is_led_to_the_first(revops: User) -> None:
    Territory.objects.all().delete()
    page = open_page(revops).content.decode()
    assert "No territory yet" in page
    assert reverse("admin:team_territory_add") in page
