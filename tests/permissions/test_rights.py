"""Who may do what with one handoff, in every state: the rules themselves, without any page.

Each line below is a rule of the product: who may, all others may not. `make mutants` turns each
rule in the code around and expects this file, or another, to notice.
"""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Account, Contact
from handoffs import lifecycle, rights
from handoffs.masking import Reader
from handoffs.models import Handoff, Reason
from team.models import Coverage, Territory, User
from tests.factories import complete_package, make_account, make_contact, make_user

pytestmark = pytest.mark.django_db

STATES = ("draft", "waiting", "returned", "taken", "unplaced")

# Sam (sdr) wrote it; Ana (ae) is the primary, Ben (backup) backs her up, Cleo (ae2) is in the team;
# Mara leads them, Dora leads Mara. The others work in the south. `root` is a superuser.
EVERYBODY = {
    "sdr",
    "ae",
    "backup",
    "ae2",
    "manager",
    "director",
    "revops",
    "other_sdr",
    "other_ae",
    "other_manager",
    "nobody",
    "left",
    "root",
}
LEADERS = {"manager", "director", "root"}
AUTHORS = {"sdr", *LEADERS}
TAKERS = {"ae", "backup", "ae2"}
# With neither owner nor territory every manager answers for it
UNPLACED_LEADERS = {*LEADERS, "other_manager"}

RULES: dict[tuple[str, str], set[str]] = {
    **{(rights.EDIT, state): AUTHORS for state in STATES},
    **{(rights.SUBMIT, state): AUTHORS for state in STATES},
    **{(rights.WITHDRAW, state): AUTHORS for state in STATES},
    **{(rights.DELETE, state): set() for state in STATES},
    (rights.DELETE, "draft"): AUTHORS,
    **{(rights.ACCEPT, state): TAKERS for state in STATES},
    (rights.ACCEPT, "draft"): set(),
    (rights.ACCEPT, "unplaced"): set(),
    **{(rights.DECIDE, state): {"ae", *LEADERS} for state in STATES},
    (rights.DECIDE, "draft"): LEADERS,
    (rights.DECIDE, "unplaced"): UNPLACED_LEADERS,
    **{(rights.WORK, state): {"ae", *LEADERS} for state in STATES},
    (rights.WORK, "draft"): LEADERS,
    (rights.WORK, "unplaced"): UNPLACED_LEADERS,
    **{(rights.BOOK, state): {"sdr", "ae", *LEADERS} for state in STATES},
    (rights.BOOK, "draft"): AUTHORS,
    (rights.BOOK, "unplaced"): {"sdr", *UNPLACED_LEADERS},
    **{(rights.LEAD, state): LEADERS for state in STATES},
    (rights.LEAD, "unplaced"): UNPLACED_LEADERS,
    **{(rights.PAUSE, state): {*LEADERS, "revops"} for state in STATES},
    (rights.PAUSE, "unplaced"): {*UNPLACED_LEADERS, "revops"},
    **{(rights.REASSIGN, state): {"ae", *LEADERS, "revops"} for state in STATES},
    (rights.REASSIGN, "draft"): {*LEADERS, "revops"},
    (rights.REASSIGN, "unplaced"): {*UNPLACED_LEADERS, "revops"},
}
for _action in (rights.EDIT, rights.SUBMIT, rights.WITHDRAW):
    RULES[_action, "unplaced"] = {"sdr", *UNPLACED_LEADERS}
# A draft has no territory yet either: whoever manages may help
for _action in (rights.EDIT, rights.SUBMIT, rights.WITHDRAW, rights.DELETE, rights.BOOK):
    RULES[_action, "draft"] = {*AUTHORS, "other_manager"}
for _action in (rights.DECIDE, rights.WORK, rights.LEAD):
    RULES[_action, "draft"] = {*LEADERS, "other_manager"}
for _action in (rights.PAUSE, rights.REASSIGN):
    RULES[_action, "draft"] = {*LEADERS, "other_manager", "revops"}


@pytest.fixture
def people(
    sdr: User,
    ae: User,
    backup: User,
    ae2: User,
    manager: User,
    director: User,
    revops: User,
    other_sdr: User,
    other_ae: User,
    other_manager: User,
    north: Territory,
    south: Territory,
) -> dict[str, User]:
    found = {person.username: person for person in User.objects.all()}
    found["nobody"] = make_user("nobody")
    found["left"] = make_user("left", "sdr", "ae", "manager", "revops", is_active=False)
    found["root"] = make_user("root", is_superuser=True)
    assert set(found) == EVERYBODY
    return found


@pytest.fixture
def in_state(
    people: dict[str, User], account: Account, contact: Contact
) -> Callable[[str], Handoff]:
    def walk(state: str) -> Handoff:
        handoff = complete_package(sdr=people["sdr"], account=account, contact=contact)
        if state == "draft":
            return handoff
        handoff = lifecycle.submit(handoff, by=people["sdr"])
        if state == "returned":
            return lifecycle.return_for_information(
                handoff,
                by=people["ae"],
                question="Who signs the contract on their side, and when?",
                reason=Reason.objects.filter(use=Reason.Use.RETURN).first(),
            )
        if state == "taken":
            return lifecycle.accept(handoff, by=people["ae"])
        if state == "unplaced":
            Handoff.objects.filter(pk=handoff.pk).update(owner=None, territory=None)
            handoff.refresh_from_db()
        return handoff

    return walk


@pytest.mark.parametrize("state", STATES)
def test_every_action_is_for_those_who_are_named_and_nobody_else(
    state: str, people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    handoff = in_state(state)
    found = {
        action: {name for name, person in people.items() if rights.may(person, action, handoff)}
        for action in rights._RULES
    }
    assert found == {action: RULES[action, state] for action in rights._RULES}


def test_what_was_ever_submitted_is_not_deleted_whatever_its_state_says(
    people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    never, once = in_state("draft"), in_state("draft")
    once.submitted_at = once.created_at
    assert rights.may(people["sdr"], rights.DELETE, never)
    assert not rights.may(people["sdr"], rights.DELETE, once)
    withdrawn = in_state("draft")
    withdrawn.status = "withdrawn"
    assert not rights.may(people["sdr"], rights.DELETE, withdrawn)


def test_the_product_itself_may_what_the_lifecycle_allows(
    in_state: Callable[[str], Handoff],
) -> None:
    handoff = in_state("waiting")
    assert all(rights.may(None, action, handoff) for action in rights._RULES)


def test_an_author_who_is_an_ae_too_neither_takes_nor_judges_their_own(
    people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    handoff = in_state("waiting")
    people["sdr"].is_ae = people["sdr"].is_manager = True
    people["sdr"].save()
    handoff.territory.team.add(people["sdr"])  # type: ignore[union-attr]
    for action in (rights.ACCEPT, rights.DECIDE):
        assert "You wrote this handoff" in rights.why_not(people["sdr"], action, handoff)


def test_an_author_who_is_no_sdr_any_more_changes_nothing(
    people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    handoff = in_state("returned")
    people["sdr"].is_sdr = False
    people["sdr"].save()
    handoff.refresh_from_db()
    assert not rights.may(people["sdr"], rights.EDIT, handoff)


def test_who_takes_from_the_queue_decides_on_what_nobody_has(
    people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    handoff = in_state("waiting")
    assert not rights.may(people["ae2"], rights.DECIDE, handoff)
    Handoff.objects.filter(pk=handoff.pk).update(owner=None)
    handoff.refresh_from_db()
    deciders = {n for n, p in people.items() if rights.may(p, rights.DECIDE, handoff)}
    assert deciders == {*TAKERS, *LEADERS}
    people["ae2"].is_ae = False  # and still stands in the team
    assert not rights.may(people["ae2"], rights.DECIDE, handoff)


def test_a_refusal_says_whose_it_is(
    people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    waiting, unplaced = in_state("waiting"), in_state("unplaced")
    refused = {
        rights.ACCEPT: ("belongs to {}.", "Ana Silva", "another territory"),
        rights.DECIDE: ("Only {} or their manager may decide", "Ana Silva", "its AE"),
        rights.WORK: ("Only {} or their manager may do this.", "Ana Silva", "its AE"),
        rights.BOOK: ("Only Sam Ortiz, {} or their manager may do", "Ana Silva", "its AE"),
    }
    for action, (words, owner, nobody) in refused.items():
        assert words.format(owner) in rights.why_not(people["other_ae"], action, waiting)
        assert words.format(nobody) in rights.why_not(people["other_ae"], action, unplaced)


def test_a_manager_of_the_territory_leads_what_comes_in_there(
    people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    handoff = in_state("waiting")
    Territory.objects.filter(pk=handoff.territory_id).update(manager=people["other_manager"])
    handoff = Handoff.objects.get(pk=handoff.pk)
    assert rights.leads_it(people["other_manager"], handoff)
    assert not Reader(people["other_ae"]).sees_people_of(handoff)
    assert Reader(people["other_manager"]).sees_people_of(handoff)


def test_a_manager_leads_by_the_owner_alone_or_by_the_author_alone(
    people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    handoff = in_state("taken")
    Handoff.objects.filter(pk=handoff.pk).update(owner=people["other_ae"])
    by_author = Handoff.objects.get(pk=handoff.pk)
    by_author.territory = None
    assert rights.leads_it(people["manager"], by_author)
    assert rights.leads_it(people["other_manager"], by_author)
    Handoff.objects.filter(pk=handoff.pk).update(sdr=people["other_sdr"])
    neither = Handoff.objects.get(pk=handoff.pk)
    neither.territory = None
    assert not rights.leads_it(people["manager"], neither)


def test_who_is_led_by_whom(people: dict[str, User]) -> None:
    assert rights.leads(people["manager"], people["sdr"])
    assert rights.leads(people["director"], people["sdr"])
    assert rights.leads(people["manager"], people["manager"])
    assert rights.leads(people["root"], people["sdr"])
    assert not rights.leads(people["other_manager"], people["sdr"])
    assert not rights.leads(people["sdr"], people["manager"])


def test_who_may_take_from_a_territory(
    people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    handoff = in_state("waiting")
    assert {n for n, p in people.items() if rights.may_take(p, handoff)} == TAKERS
    handoff.territory.team.remove(people["backup"], people["ae"])  # type: ignore[union-attr]
    assert rights.may_take(people["ae"], handoff)  # the primary, whoever is in the team
    assert rights.may_take(people["backup"], handoff)  # a backup, whoever is in the team
    Coverage.objects.all().delete()
    assert not rights.may_take(people["backup"], handoff)
    handoff.territory = None
    assert not rights.may_take(people["ae"], handoff)


# Whose screens show a handoff, and who reads there whom it is about
SHOWN = {
    "draft": {"sdr", *LEADERS, "revops"},
    "waiting": {"sdr", *TAKERS, *LEADERS, "revops"},
    "returned": {"sdr", "ae", *LEADERS, "revops"},
    "taken": {"sdr", "ae", *LEADERS, "revops"},
    "unplaced": {"sdr", *UNPLACED_LEADERS, "revops"},
}
NAMED = {
    "draft": {"sdr", *LEADERS, "revops", "other_manager"},
    "waiting": {"sdr", *LEADERS, "revops"},
    "returned": {"sdr", *LEADERS, "revops"},
    "taken": {"sdr", "ae", *LEADERS, "revops"},
    "unplaced": {"sdr", *UNPLACED_LEADERS, "revops"},
}


@pytest.mark.parametrize("state", STATES)
def test_it_is_shown_to_those_who_are_named_and_nobody_else(
    state: str, people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    handoff = in_state(state)
    seen = {
        name
        for name, person in people.items()
        if Handoff.objects.visible_to(person).filter(pk=handoff.pk).exists()
    }
    named = {
        name
        for name, person in people.items()
        if person.is_active and Reader(person).sees_people_of(handoff)
    }
    assert (seen, named) == (SHOWN[state], NAMED[state])


def test_accounts_and_their_people_are_shown_by_desk(
    people: dict[str, User], north: Territory, south: Territory
) -> None:
    theirs = make_account(name="Northern Pumps", territory=north)
    south_ones = make_account(name="Trieste Foods", territory=south, country="IT")
    nobodys = make_account(name="Unplaced Works", territory=None)
    contact = make_contact(theirs)
    team = {"sdr", "ae", "backup", "ae2", "manager", "director", "revops", "root"}

    def see(row: Account | Contact) -> set[str]:
        rows = type(row).objects
        return {n for n, p in people.items() if rows.visible_to(p).filter(pk=row.pk).exists()}  # type: ignore[attr-defined]

    def bring(row: Account | Contact) -> set[str]:
        rows = type(row).objects
        return {n for n, p in people.items() if rows.importable_by(p).filter(pk=row.pk).exists()}  # type: ignore[attr-defined]

    assert see(theirs) == team
    assert see(south_ones) == {
        "other_sdr",
        "other_ae",
        "other_manager",
        "director",
        "revops",
        "root",
    }
    assert see(nobodys) == EVERYBODY - {"nobody", "left"}
    assert see(contact) == team - {"ae", "backup", "ae2"}
    assert bring(theirs) == {"manager", "director", "revops", "root"}
    assert bring(nobodys) == {
        "sdr",
        "other_sdr",
        "manager",
        "other_manager",
        "director",
        "revops",
        "root",
    }


def test_whoever_it_was_handed_to_accepts_it_though_they_work_another_territory(
    people: dict[str, User], in_state: Callable[[str], Handoff]
) -> None:
    handoff = in_state("waiting")
    assert not rights.may(people["other_ae"], rights.ACCEPT, handoff)
    why = "Ana is on leave until the end of the month."
    handed = lifecycle.reassign(handoff, to=people["other_ae"], why=why, by=people["manager"])
    assert rights.may(people["other_ae"], rights.ACCEPT, handed)


LEADS_BY = (("sdr_id", "sdr"), ("owner_id", "ae"), ("territory_manager_id", "manager"))


def test_names_are_shown_to_who_leads_the_author_or_the_owner(people: dict[str, User]) -> None:
    nobody: Any = dict.fromkeys(("owner_id", "accepted_at", "territory_manager_id"))
    nobody |= {"sdr_id": people["other_sdr"].pk, "is_unplaced": False}
    mara = Reader(people["manager"])
    assert not mara.sees_people(**nobody)
    for field, whose in LEADS_BY:
        assert mara.sees_people(**nobody | {field: people[whose].pk}), field
    own = nobody | {"owner_id": people["manager"].pk}
    assert not mara.sees_people(**own), "what they hold themselves they have to accept first"
    assert mara.sees_people(**nobody | {"is_unplaced": True})


def test_only_what_has_neither_owner_nor_territory_is_every_managers(
    people: dict[str, User], north: Territory
) -> None:
    otto, sdr, ae = (people[name] for name in ("other_manager", "sdr", "ae"))
    assert Reader(otto).sees_people_of(Handoff(sdr=sdr))
    assert not Reader(otto).sees_people_of(Handoff(sdr=sdr, owner=ae))
    assert not Reader(otto).sees_people_of(Handoff(sdr=sdr, territory=north))


def test_revops_and_superusers_may_pass_on_whatever_others_hold(people: dict[str, User]) -> None:
    row: Any = {"sdr_id": people["sdr"].pk, "owner_id": people["ae"].pk}
    row |= {"territory_manager_id": None, "is_unplaced": False}
    here = {name: person for name, person in people.items() if person.is_active}
    may = {name for name, person in here.items() if Reader(person).may_reassign(**row)}
    assert may == {"manager", "director", "revops", "root"}
    others = row | {"sdr_id": people["other_sdr"].pk, "owner_id": None}
    mara = Reader(people["manager"])
    assert not mara.may_reassign(**others)
    for field, whose in LEADS_BY:
        assert mara.may_reassign(**others | {field: people[whose].pk}), field
    assert mara.may_reassign(**others | {"is_unplaced": True})
    assert not Reader(people["ae"]).may_reassign(**others | {"owner_id": people["ae"].pk})


def test_what_waits_is_theirs_or_of_a_territory_that_they_work(
    people: dict[str, User], in_state: Callable[[str], Handoff], south: Territory
) -> None:
    row = Handoff.objects.filter(pk=in_state("waiting").pk)

    def waits_for() -> set[str]:
        return {n for n, p in people.items() if Handoff.objects.waiting_for(p).exists()}

    assert waits_for() >= {"ae", "backup", "ae2"}
    row.update(territory=None)
    assert waits_for() == {"ae"}
    row.update(territory=south)
    assert waits_for() == {"ae", "other_ae"}
