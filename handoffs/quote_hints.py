"""A linter for quotes: does it sound like the prospect, and is it from this conversation?

Every remark explains itself and none of them stops a package: people do talk in stock phrases.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

from django.db.models import Q

from handoffs import wording
from handoffs.models import Handoff, Quote

SHORT = 7  # different words below which a quote rarely carries a thought of its own
LONG_ENOUGH = 6  # words that two quotes need before they can be called the same
SAME = 0.85  # share of words in the same order from which one quote is a copy of another
LOOK_BACK = 200  # quotes of this SDR, and as many of everybody, that a new one is compared with

FIRST_PERSON = frozenset("i im ive me my mine myself we weve us our ours".split())
THIRD_PERSON = frozenset("he she they prospect customer client lead contact".split())
ARTICLES = frozenset({"the", "our", "this", "and", "so", "because", "also", "apparently", "really"})
TELLING = frozenset(
    """
    said says say saying told tells mentioned mentions explained explains stated states wants want
    needs need asked asks thinks think feels feel confirmed confirms is are has have had was would
    will uses use struggles struggle complained complains hopes hope plans plan likes like
    """.split()
)

# What anybody says in any call, and what only sellers say.
STOCK_PHRASES = (
    "just checking in", "checking in on you", "touch base", "touching base", "circle back",
    "circling back", "sounds good", "sounds great", "sounds interesting", "looks good",
    "looks great", "looks interesting", "send me some information", "send me more information",
    "send me some info", "send me more info", "send me an email", "keep me posted",
    "keep in touch", "stay in touch", "reach out", "let me know", "happy to chat",
    "happy to talk", "open to a call", "open to a chat", "interested in learning more",
    "learn more about", "tell me more", "very interested", "really interested",
    "would love to see a demo", "like to see a demo", "book a demo", "schedule a demo",
    "nice talking to you", "thanks for calling", "thank you for your time",
)  # fmt: skip
SELLERS_WORDS = (
    "pain point", "pain points", "value proposition", "digital transformation", "game changer",
    "best in class", "best of breed", "synergies", "synergy", "low hanging fruit", "win win",
    "move the needle", "streamline their", "leverage our", "next level", "holistic solution",
)  # fmt: skip
REST = 8  # words beside a stock phrase that make a quote worth having all the same


class _Other(NamedTuple):
    """A quote of another package, ready to be compared."""

    words: list[str]
    bag: frozenset[str]
    is_same_account: bool


def of(handoff: Handoff) -> dict[str, list[str]]:
    """Remarks on each quote of a package, by “quotes.<pk>”; two queries at most."""
    quotes = list(handoff.quotes.all())
    others = _others(handoff) if any(_is_comparable(quote.text) for quote in quotes) else []
    found = {}
    for quote in quotes:
        if remarks := [*remarks_on(quote.text, quote.speaker), *_copied(quote.text, others)]:
            found[f"quotes.{quote.pk}"] = remarks
    return found


def remarks_on(text: str, speaker: str = "") -> list[str]:
    """What is odd about `text` as words of `speaker`, one sentence for each thing."""
    words = wording.words(text)
    if len(set(words)) < wording.A_SENTENCE:
        return []  # the gate says so already
    remarks = [_third_person(words, speaker), _stock_phrase(words), _too_short(words)]
    return [remark for remark in remarks if remark][:2]


def _third_person(words: list[str], speaker: str) -> str:
    """“He said they want …” is a report: the prospect speaks of I and we."""
    if FIRST_PERSON & set(words):
        return ""
    start = [word for word in words if word not in ARTICLES][:2]
    names = {word for word in wording.words(speaker) if len(word) > 2}
    subject = len(start) == 2 and (start[0] in THIRD_PERSON or start[0] in names)
    if not subject or start[1] not in TELLING:
        return ""
    return (
        f"“{start[0].capitalize()} {start[1]} …” tells about them. Write what they said "
        "themselves, with “I” and “we”, so that the AE can say it back."
    )


def _stock_phrase(words: list[str]) -> str:
    line = f" {' '.join(words)} "
    for phrases, remark in (
        (STOCK_PHRASES, "could come from any call. Quote the sentence about their problem."),
        (SELLERS_WORDS, "sounds like us, not like them. Is that the word they used?"),
    ):
        for phrase in phrases:
            if f" {phrase} " in line and len(words) - len(phrase.split()) < REST:
                return f"“{phrase[0].upper()}{phrase[1:]}” {remark}"
    return ""


def _too_short(words: list[str]) -> str:
    if len(set(words)) >= SHORT:
        return ""
    return "That is short. If they said more around it, quote the whole sentence."


def _copied(text: str, others: Iterable[_Other]) -> list[str]:
    if not _is_comparable(text):
        return []
    mine = wording.words(text)
    for other in others:
        if _is_same(mine, other):
            where = (
                "in an earlier handoff of this account. Quote what they said this time."
                if other.is_same_account
                else "in the package of another company. Quote this prospect’s own words."
            )
            return [f"Nearly the same words stand {where}"]
    return []


def _is_comparable(text: str) -> bool:
    return len(wording.words(text)) >= LONG_ENOUGH


def _is_same(mine: list[str], other: _Other) -> bool:
    """Nearly the same words in nearly the same order; the cheap look comes first."""
    bag = set(mine)
    if len(bag & other.bag) < SAME * 0.8 * max(len(bag), len(other.bag)):
        return False
    return SequenceMatcher(None, mine, other.words, autojunk=False).ratio() >= SAME


def _others(handoff: Handoff) -> list[_Other]:
    """The newest quotes: everybody's, this SDR's, and those of the account."""
    newest = Handoff.objects.order_by("-pk").values("pk")
    near = Q(handoff__in=newest.filter(sdr=handoff.sdr_id)[:LOOK_BACK])
    if handoff.account_id:
        near |= Q(handoff__in=newest.filter(account=handoff.account_id)[:LOOK_BACK])
    rows = Quote.objects.exclude(handoff=handoff.pk).order_by("-pk")
    known = rows.values_list("pk", "text", "handoff__account_id")
    found = {row[0]: row for part in (known, known.filter(near)) for row in part[:LOOK_BACK]}
    ready = []
    for _, text, account in found.values():
        words = wording.words(text)
        if len(words) >= LONG_ENOUGH:
            same = account is not None and account == handoff.account_id
            ready.append(_Other(words, frozenset(words), same))
    return sorted(ready, key=lambda other: not other.is_same_account)
