"""What an answer's value must look like for its type; whether one is needed: `qualification`."""

import re
import unicodedata
from datetime import date

from handoffs import wording
from handoffs.completeness.package import SENTENCE
from handoffs.models import Answer, Criterion, MustHave

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_NUMBER = re.compile(r"(?<![\w.])\d+(?:[ .,'’]\d{3})*(?:[.,]\d{1,2})?(?=[^\d]|$)")
_BESIDE_A_NUMBER = frozenset(
    """
    k m mn mio mm b bn million millions thousand thousands billion tsd lakh crore grand
    eur usd gbp chf sek nok dkk pln czk huf ron inr jpy cny aud nzd cad sgd hkd brl mxn zar ils aed
    euro euros dollar dollars pound pounds franc francs us
    about around roughly approx approximately circa ca up to under over below above between and or
    from at least most max maximum min minimum more less than a an one per year month quarter annual
    annually yearly monthly pa p.a seat seats user users head once off plus budget in total each
    """.split()
)
_MARKS = re.compile(r"[\s€$£¥₹~≈<>≤≥+\-–—/(),.'’:]+")

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)? (?:of )?([a-z]{3,9})\.?,? (\d{4})")
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_MONTH = re.compile(r"([a-z]{3,9})\.?,? (\d{4})")
_YEAR_WORD = r"(?:fy ?)?(?:20\d\d|\d\d)"
_QUARTER = re.compile(
    rf"q[1-4](?: ?(?:-|to|or|/) ?q[1-4])?[ /,-]*(?:of )?{_YEAR_WORD}"
    rf"|20\d\d[ /-]?q[1-4]"
    rf"|(?:first|second|third|fourth|last|1st|2nd|3rd|4th) quarter (?:of )?{_YEAR_WORD}"
)
_LEAD_IN = re.compile(
    r"^(?:by|before|until|till|in|on|from|no later than|the|early|mid|late|start of|beginning of"
    r"|middle of|end of|mid-|latest)[ -]+(?:the )?"
)
_LOOSE = re.compile(
    r"20\d\d|(?:h[12]|(?:first|second) half)(?: of)? ?20\d\d"
    r"|(?:this|next|current|coming) (?:year|half-year|half|quarter|month)"
    r"|(?:within|in)?\s*(?:about )?\d{1,2}(?: ?(?:-|to) ?\d{1,2})? (?:weeks|months|quarters)"
)


def misfit(criterion: Criterion, answer: Answer) -> str:
    """What to write instead where the value does not fit the criterion's type; "" where it does."""
    value = answer.value
    match criterion.answer_type:
        case Criterion.AnswerType.AMOUNT:
            fits = is_amount(value)
            ask = "Write an amount or a range in figures, such as 45,000 EUR or 40k to 60k."
        case Criterion.AnswerType.DATE:
            fits = is_date(value) or (
                answer.status == Answer.Status.STATED and is_loose_time(value)
            )
            ask = "Write a date or a quarter, such as 30 June 2026 or Q3 2026."
        case Criterion.AnswerType.CHOICE:
            fits = wording.same_text(value) in {
                wording.same_text(c) for c in criterion.choices or []
            }
            ask = f"Choose one of: {', '.join(criterion.choices or [])}."
        case Criterion.AnswerType.CONTACT:
            fits = not wording.is_non_answer(value) and not value.strip().isdigit()
            ask = "Write the person’s name, or at least their title."
        case _:
            least = SENTENCE if criterion.must_have == MustHave.PAIN else 1
            return wording.refuse(value, "Write what you found out, specifically.", least)
    return "" if fits else f"“{value.strip()[:40]}” does not fit. {ask}"


def is_amount(text: str) -> bool:
    """Whether `text` is a positive amount or range: 45000, €45k, 40 to 60 thousand EUR."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    spaced = re.sub(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)", " ", plain)
    numbers = _NUMBER.findall(spaced)
    rest = [word for word in _MARKS.split(_NUMBER.sub(" ", spaced)) if word]
    return (
        not plain.startswith(("-", "–", "−"))
        and any(number.strip("0., '’") for number in numbers)
        and all(word in _BESIDE_A_NUMBER for word in rest)
    )


def is_date(text: str) -> bool:
    """Whether `text` names a day, a month or a quarter, with its year."""
    plain = _without_lead_in(text)
    if match := _ISO.fullmatch(plain):
        year, month, day = (int(part) for part in match.groups())
        return _exists(year, month, day)
    if match := _DOTTED.fullmatch(plain):
        return _exists(int(match[3]), int(match[2]), int(match[1]))
    if match := _DAY_FIRST.fullmatch(plain):
        return _exists(int(match[3]), _month(match[2]), int(match[1]))
    if match := _MONTH_FIRST.fullmatch(plain):
        return _exists(int(match[3]), _month(match[1]), int(match[2]))
    if match := _MONTH.fullmatch(plain):
        return _exists(int(match[2]), _month(match[1]), 1)
    return bool(_QUARTER.fullmatch(plain))


def is_loose_time(text: str) -> bool:
    """Whether `text` names a time without specifics: “this year”, 2026, “within 6 months”."""
    return bool(_LOOSE.fullmatch(_without_lead_in(text)))


def _without_lead_in(text: str) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(".")
    while (shorter := _LEAD_IN.sub("", plain)) != plain:
        plain = shorter
    return plain


def _month(name: str) -> int:
    """1 to 12 by the English name or its beginning; 0 for anything else."""
    full = (
        "january february march april may june july august september october november december"
    ).split()
    for number, (short, long) in enumerate(zip(MONTHS, full, strict=True), start=1):
        if name in (short, long) or (name == "sept" and number == 9):
            return number
    return 0


def _exists(year: int, month: int, day: int) -> bool:
    try:
        return 2000 <= date(year, month, day).year < 2100
    except ValueError:
        return False
