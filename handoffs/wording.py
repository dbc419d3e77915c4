"""Judges what somebody wrote: does it say anything? Which texts a package needs is `completeness`.

Texts are compared as words: letter case, punctuation, accents, widths and invisible characters
make no difference, so “T.B.D.”, “tbd” with a hidden space inside and “ＴＢＤ” are the same text.
"""

import re
import unicodedata
from collections.abc import Iterable

# A whole answer that says nothing, as words joined without spaces.
NON_ANSWERS = frozenset(
    "".join(phrase.split())
    for phrase in """
    na; nan; nil; asd; qwe; xyz; null; none; none yet; no data; no info; no information; no details
    no comment; no notes; not available; not applicable; not provided; not specified; not disclosed
    to be determined; to be confirmed; to be decided; to be announced; to be discussed
    to be done; will fill in later; will fill this in later; fill in later; will add later
    will update; will update later; see notes; see call notes; see above; see below; see crm
    see account; see email; as above; same as above; as discussed; as before; ditto; idem; same
    dont know; do not know; no idea; not sure; not discussed; not mentioned; not asked
    coming soon; work in progress; wip; good fit; good lead; great lead; good call; great call
    nice call; went well; looks good; all good; hot lead; very interested
    they are interested; they showed interest; showed interest; interested; lorem ipsum
    """.replace("\n", ";").split(";")
    if phrase.strip()
)

# Words that say nothing however many of them stand together.
FILLERS = frozenset(
    """
    n a na tbd tba tbc tbh none nothing nil null unknown unclear unsure undefined pending later
    todo test xx xxx xxxx dunno idk ok okay yes yep no nope not yet known sure available
    applicable provided specified asked info to be determined confirmed decided announced see above
    below note notes same as before blank empty various misc something anything stuff some any fill
    in this that add update dont know i we they idea lorem ipsum dolor sit amet foo baz blah bla
    etc placeholder dummy whatever here there and or the for now
    """.split()
)

KEYBOARD = re.compile(r"(?:asdf|qwer|zxcv|sdfg|dfgh|fghj|ghjk|hjkl|uiop)\w{0,9}$")
REPEATED = re.compile(r"(\D)\1{2,}$|(\D{1,4})\2{2,}$")

# What a next step may say without telling the AE anything.
GENERIC = frozenset(
    """
    demo demos demonstration demonstrations call calls called meeting meetings meet appointment
    follow follows following followed up followup followups send sends sending sent info
    information infos email emails mail mails emailed schedule schedules scheduled scheduling
    rescheduled book books booked booking set setup sets arrange arranged arranges organise
    organised organize organized plan planned touch touching base check checks checking connect
    connects connecting sync chat discuss discusses discussed discussion talk talks talked speak
    speaks discovery intro introduction introductory deck decks brochure brochures material
    materials more details detail get gets back circle circling reach reaches reaching out catch
    reconnect keep keeping warm nurture next step steps confirmed confirm agreed agrees invite
    invites invited invitation calendar product presentation present presentations pitch zoom teams
    google video phone ring quick short brief initial first second another further general
    interested interest keen happy excited good great ping pinged hop jump conversation convo wait
    waiting hear hears link webinar proposal quote show showing session
    """.split()
)

# Small words, times and people that are added to a generic step without making it one.
SMALL = frozenset(
    """
    a an the of for on at in with to from by via over and or then that this it is was be been will
    would shall should has have had their our my your his her him them they he she we us you i me
    its as per about around after before until next last coming week weeks month months quarter
    year day days today tomorrow tonight morning afternoon evening noon midday lunch soon asap again
    later early late end mid start time date hour hours hr hrs minute minutes min mins h am pm utc
    gmt cet cest est edt pst pdt ae sdr rep sales team prospect client customer contact account see
    company person people everyone all some any very really also just please only so but not
    once when if where there here one two tool solution software platform action overview
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat
    sun january february march april may june july august september october november december jan
    feb mar apr jun jul aug sep sept oct nov dec st nd rd th
    """.split()
)

A_SENTENCE = 4  # different words that a sentence has at the least
SAYS_SOMETHING = 3  # informative words that a next step needs beside the generic ones

_INVISIBLE = dict.fromkeys(
    [*range(0x0300, 0x0370), *range(0xFE00, 0xFE10), 0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800]
)
_APOSTROPHES = frozenset("'’‘ʼ`´")


class _Plain(dict[int, str | None]):
    """For str.translate: letters, marks and digits stay, all else is a space or disappears."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        category = unicodedata.category(character)
        kept: str | None = character if category[0] in "LMN" else " "
        if code in _INVISIBLE or character in _APOSTROPHES or category == "Cf":
            kept = None
        self[code] = kept
        return kept


_PLAIN = _Plain()
# Scripts that write without spaces: two characters make about one word.
_UNSPACED_RANGES = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
_PARTS = re.compile(f"[{_UNSPACED_RANGES}]{{1,2}}|[^{_UNSPACED_RANGES}]+")


def refuse(text: str, ask: str, least: int = 1) -> str:
    """Why `text` is no answer, followed by `ask`, which says what to write; "" when it is one.

    `least` is the number of different words that it takes at the least.
    """
    found = words(text)
    if not found:
        return f"{_shown(text)} says nothing. {ask}" if text.strip() and _shown(text) else ask
    if is_non_answer(text):
        return f"{_shown(text)} says nothing. {ask}"
    if len(set(found)) < least:
        return f"{_shown(text)} is too short to help the AE. {ask}"
    return ""


def is_sentence(text: str) -> bool:
    """Whether `text` says something in a sentence: a reason, a question, an argument."""
    return not refuse(text, "Write a sentence.", least=A_SENTENCE)


def is_non_answer(text: str) -> bool:
    """Whether `text` is empty, “n/a”, “tbd”, “...”, “asdf”, one character repeated, and the like.

    >>> is_non_answer("T.B.D."), is_non_answer("Series B in May")
    (True, False)
    """
    found = words(text)
    joined = "".join(found)
    return (
        not found
        or joined in NON_ANSWERS
        or joined in FILLERS
        or (len(joined) == 1 and joined.isascii() and joined.isalpha())
        or bool(REPEATED.match(joined))
        or all(
            word in FILLERS or bool(KEYBOARD.match(word) or REPEATED.match(word)) for word in found
        )
    )


def is_generic_step(text: str, names: Iterable[str] = (), least: int = SAYS_SOMETHING) -> bool:
    """Whether a next step names nothing that was agreed: “demo scheduled for Tuesday at 10”.

    `names` are people and companies whose mention adds nothing by itself; `least` is the number
    of telling words that it takes.
    """
    known = {word for name in names for word in words(name)}
    telling = {
        word
        for word in words(text)
        if not (word in GENERIC or word in SMALL or word in known)
        and not any(character.isdigit() for character in word)
    }
    return len(telling) < least


def same_text(text: str) -> str:
    """A key that is equal for texts that differ only in case, punctuation and spacing."""
    return " ".join(words(text))


def words(text: str) -> list[str]:
    """The words of a text, casefolded and free of accents, punctuation and invisible characters."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN)
    return [part for word in plain.split() for part in _PARTS.findall(word)]


def _shown(text: str) -> str:
    """The text in quotes, short enough for a sentence; "" when nothing of it can be seen."""
    visible = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc") or c == "\n")
    line = " ".join(visible.translate(_INVISIBLE).split())
    return f"“{line[:40]}…”" if len(line) > 40 else line and f"“{line}”"
