"""The linter for quotes: it remarks on what does not sound like the prospect, and says why."""

from typing import Any

import pytest

from accounts.models import Account, Contact
from handoffs import quote_hints
from handoffs.completeness import gaps, load
from handoffs.models import Handoff, Quote
from team.models import User
from tests.factories import complete_package, make_account, make_contact

GOOD = "By the time our quote is out, the customer has signed with somebody else."


@pytest.fixture
def package(sdr: User, account: Account, contact: Contact) -> Handoff:
    return complete_package(sdr=sdr, account=account, contact=contact)


def remarks(text: str) -> str:
    return " ".join(quote_hints.remarks_on(text, "Priya Nair"))


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "Every quote takes nine days because three tools are copied by hand.",
        "They said no to us twice, so my boss wants numbers before he signs.",
        "The client portal is down every Monday and nobody knows why it is.",
        "We’re losing a quarter of our deals while legal reads the contract again.",
        "I was just checking in on our vendor again because three invoices of March are missing.",
    ],
)
def test_a_sentence_of_their_own_passes_without_a_remark(text: str) -> None:
    assert remarks(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "He said that quoting takes nine days in every single country.",
        "They want a tool that takes the copying off the sales team.",
        "The prospect is looking for a faster way to write quotes.",
        "Priya mentioned that the quotes go out far too late every week.",
        "So she needs one price list for four countries by September.",
    ],
)
def test_the_third_person_is_a_report_not_a_quote(text: str) -> None:
    assert "tells about them" in remarks(text)
    assert "“I” and “we”" in remarks(text)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Sounds good, send me some info about it", "Sounds good"),
        ("We are very interested in all of this", "Very interested"),
        ("Just checking in, let’s touch base next week", "Just checking in"),
    ],
)
def test_what_anybody_says_in_any_call_is_named(text: str, phrase: str) -> None:
    assert f"“{phrase}” could come from any call" in remarks(text)


def test_words_of_sellers_are_named() -> None:
    assert "sounds like us" in remarks("Our main pain point is the speed of quotes")


def test_a_few_words_are_short() -> None:
    assert "That is short" in remarks("Our quotes go out too late")


def test_what_the_gate_refuses_gets_no_remark_besides() -> None:
    assert remarks("too late") == ""
    assert remarks("n/a") == ""


def test_a_copy_from_another_company_is_noticed(package: Handoff, other_sdr: User) -> None:
    globex = make_account(name="Globex", domain="globex.example")
    other = complete_package(sdr=other_sdr, account=globex, contact=make_contact(globex))
    other.quotes.update(
        text="By the time OUR quote is out – the customer signed with somebody else!"
    )
    quote = package.quotes.get()

    assert quote_hints.of(load(package.pk))[f"quotes.{quote.pk}"] == [
        "Nearly the same words stand in the package of another company. Quote this prospect’s own "
        "words."
    ]
    assert gaps(load(package.pk)) == []


def test_the_words_of_an_earlier_handoff_of_the_account_are_noticed(
    package: Handoff, other_sdr: User, account: Account, contact: Contact
) -> None:
    complete_package(sdr=other_sdr, account=account, contact=contact)

    (found,) = quote_hints.of(load(package.pk)).values()

    assert "an earlier handoff of this account" in found[0]


def test_a_quote_on_the_same_matter_is_no_copy(package: Handoff, other_sdr: User) -> None:
    globex = make_account(name="Globex", domain="globex.example")
    other = complete_package(sdr=other_sdr, account=globex, contact=make_contact(globex))
    other.quotes.update(text="Our customer has often signed elsewhere before the quote is written.")

    assert quote_hints.of(load(package.pk)) == {}


def test_it_costs_two_queries_however_many_quotes(
    package: Handoff, django_assert_max_num_queries: Any
) -> None:
    Quote.objects.bulk_create(
        Quote(handoff=package, text=f"Number {n}: our plant waits nine days for a price.")
        for n in range(40)
    )
    handoff = load(package.pk)
    with django_assert_max_num_queries(2):
        quote_hints.of(handoff)
