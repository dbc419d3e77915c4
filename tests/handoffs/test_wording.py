"""Texts that say nothing are told from texts that do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoffs import wording


@pytest.mark.parametrize(
    "text",
    [
        "n/a",
        "N/A.",
        "#N/A",
        "(n. a.)",
        "n⁄a",
        "tbd",
        "T.B.D.",
        "t\u200bb\u200bd",
        "ＴＢＤ",
        "-",
        "—",
        "...",
        "…",
        "???",
        "👍",
        "none",
        "None yet",
        "NONE\u00a0",
        "\u200b\u200d\ufeff",
        "\u3164",
        "asdf",
        "asdf qwer",
        "aaaa",
        "xxx",
        "no no no no",
        "hahaha",
        "bla bla bla",
        "x",
        "test test",
        "to be determined",
        "Will fill in later!",
        "not known yet",
        "see notes",
        "Don’t know",
        "lorem ipsum dolor sit amet",
    ],
)
def test_a_text_that_says_nothing_is_no_answer(text: str) -> None:
    assert wording.is_non_answer(text)
    assert wording.refuse(text, "Write it.").endswith("Write it.")


@pytest.mark.parametrize(
    "text",
    [
        "Series B",
        "500",
        "SAP",
        "3M",
        "Will",
        "Werner",
        "Asda",
        "IT",
        "Na Li",
        "料金が高い",
        "не хватает времени",
        "Testing services",
        "Nobody else was mentioned",
    ],
)
def test_a_short_text_can_be_an_answer(text: str) -> None:
    assert not wording.is_non_answer(text)
    assert wording.refuse(text, "Write it.") == ""


def test_a_refusal_shows_what_was_written_and_says_what_to_write() -> None:
    assert wording.refuse("n/a", "Name it.") == "“n/a” says nothing. Name it."
    assert wording.refuse("", "Name it.") == "Name it."
    assert wording.refuse("\u200b", "Name it.") == "Name it."
    assert (
        wording.refuse("good good good good fit", "Name it.", 4)
        == "“good good good good fit” is too short to help the AE. Name it."
    )


def test_a_long_text_is_cut_in_the_refusal() -> None:
    shown = wording.refuse("never " * 40, "Say more.", 4)

    assert len(shown) < 100 and "…”" in shown


def test_four_different_words_are_a_sentence_in_any_script() -> None:
    assert wording.refuse("we lose many deals", "-", 4) == ""
    assert wording.refuse("deals deals deals deals", "-", 4)
    assert wording.refuse("見積もりに九日もかかります", "-", 4) == ""
    assert wording.refuse("고객이 견적을 너무 늦게 받습니다", "-", 4) == ""


@pytest.mark.parametrize(
    "text",
    [
        "demo scheduled",
        "Demo scheduled.",
        "DEMO\u00a0SCHEDULED",
        "de\u200bmo scheduled",
        "Demo scheduled for Tuesday",
        "Demo scheduled for Tuesday 3 March at 10:00 with Ana via Zoom",
        "follow up",
        "Follow-up next week",
        "Will follow up after the holidays",
        "send info",
        "Sent more information by e-mail",
        "call booked",
        "Discovery call booked with AE",
        "touch base",
        "Let us touch base again in Q2",
        "Check in next month",
        "Intro meeting next Tuesday 10:00 CET on Teams, calendar invite sent",
        "Meeting with Priya Nair of Acme on Thursday",
        "Prospect is interested, demo to be arranged",
    ],
)
def test_a_next_step_that_fits_any_meeting_is_generic(text: str) -> None:
    assert wording.is_generic_step(text, ["Priya Nair", "Acme Robotics"])


@pytest.mark.parametrize(
    "text",
    [
        "A 45-minute walk through quoting with Priya and her pricing lead",
        "Priya agreed to a call on 10 March to see lead routing with her ops lead",
        "Security review with their CISO, who brings the questionnaire",
        "Demo of multi-currency quotes on their own price list",
    ],
)
def test_a_next_step_that_names_what_was_agreed_is_not_generic(text: str) -> None:
    assert not wording.is_generic_step(text, ["Priya Nair", "Acme Robotics"])


def test_texts_are_the_same_whatever_their_case_and_punctuation() -> None:
    assert wording.same_text("They QUOTE by hand!") == wording.same_text(
        "they  quote, by\u200b hand"
    )
    assert wording.same_text("They quote by hand") != wording.same_text("They quote by phone")


@given(st.text(max_size=300))
def test_any_text_can_be_judged(text: str) -> None:
    wording.is_generic_step(text)
    sentence = wording.refuse(text, "Write it.", 4)
    assert sentence == "" or sentence.endswith("Write it.")
    assert bool(wording.words(text)) or wording.is_non_answer(text)


@given(st.text(alphabet=" \t\n\u00a0\u200b\u200d\ufeff\u2060\u00ad.-_/…", max_size=50))
def test_blanks_and_punctuation_never_answer(text: str) -> None:
    assert wording.is_non_answer(text)
