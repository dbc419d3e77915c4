"""Reads one delivered update: what it says, checked field by field; nothing is stored from here.

docs/enrichment.md describes the format to those who send.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime

from accounts.domains import clean_domain
from accounts.models import Account, Contact
from team.bounds import EARLIEST, check_one_line, check_storable

CONTACT_FIELDS = ("first_name", "last_name", "title", "email", "phone", "mobile", "profile_url")
ACCOUNT_FIELDS = (
    "name",
    "domain",
    "industry",
    "employees",
    "annual_revenue",
    "country",
    "city",
    "year_established",
)
NUMBERS = frozenset({"employees", "annual_revenue", "year_established"})
BOUNCED = "contact.bounced"
KINDS = {
    "contact.created": CONTACT_FIELDS,
    "contact.updated": CONTACT_FIELDS,
    "contact.left": ("email",),
    BOUNCED: ("email", "phone", "mobile"),
    "account.created": ACCOUNT_FIELDS,
    "account.updated": ACCOUNT_FIELDS,
}
AHEAD = timedelta(minutes=5)  # how far the sender's clock may run before ours
LONGEST_KEY = 64
MOST_DEPTH = 20
_COUNTRY = re.compile(r"[A-Za-z]{2}")


class Unreadable(Exception):
    """This is no update. `status` is the answer; the text names the place and what is wrong."""

    def __init__(self, sentence: str, status: int = 422) -> None:
        super().__init__(sentence)
        self.status = status


class Update(NamedTuple):
    """One thing that a source says about one record, as of an instant."""

    kind: str
    at: datetime
    key: str = ""  # their id of the record
    values: Mapping[str, Any] = {}  # cleaned, only fields that we keep
    company: str = ""
    company_domain: str = ""

    @property
    def is_about_a_contact(self) -> bool:
        return self.kind.startswith("contact.")

    @property
    def creates(self) -> bool:
        return self.kind.endswith(".created")

    @property
    def record_key(self) -> str:
        """What the record is called here: its id there, else its address."""
        about = self.kind.partition(".")[0]
        own = self.values.get("email") or self.values.get("domain") or self.values.get("phone")
        return f"{about}:{self.key or own or ''}"


def read(body: str) -> Update | None:
    """What `body` says; None where it is of a kind that we do not read. Else Unreadable."""
    return check(parse(body))


def parse(body: str, what: str = "The body") -> dict[str, Any]:
    """The JSON object in `body`: no NaN, nothing endless, no name twice, nothing unstorable.

    `what` names it in the sentence of an Unreadable.
    """
    if not body.strip():
        raise Unreadable(f"{what} is empty.", 400)
    try:
        found = json.loads(
            body, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once
        )
    except RecursionError:
        raise Unreadable(f"{what} is nested too deeply.", 400) from None
    except ValueError as error:
        raise Unreadable(f"{what} is not JSON: {str(error)[:120]}", 400) from None
    if not isinstance(found, dict):
        raise Unreadable(f"{what} has to be one JSON object.", 400)
    _walk(found, "", 0)
    return found


def check(found: Mapping[str, Any], now: datetime | None = None) -> Update | None:
    """The update in `found`, each field checked; None for a kind that we do not read.

    With `now`, an instant ahead of it is refused.
    """
    kind = _text(found, "type", "type", 40)
    if not kind:
        raise Unreadable("type: is missing.")
    if kind not in KINDS:
        return None
    at = _instant(found, now)
    data = found.get("data")
    if not isinstance(data, dict):
        raise Unreadable("data: has to be an object.")
    update = Update(kind, at, _key(data), _values(kind, data), *_company(data))
    if kind == BOUNCED and not update.values:
        raise Unreadable("data: needs the email, phone or mobile that does not reach them.")
    if not update.record_key.partition(":")[2]:
        ways = "an id or an email" if update.is_about_a_contact else "an id or a domain"
        raise Unreadable(f"data: needs {ways}, to say whom it is about.")
    return update


def answer(about: str, data: Mapping[str, Any], at: datetime) -> tuple[Update, list[str]]:
    """What a source that was asked about a "contact" or an "account" says, and what does not fit.

    We know whom it is about, so that a field that does not fit leaves the others as they are.
    """
    problems: list[str] = []
    _walk(dict(data), "", 0)
    company = ("", "")
    try:
        company = _company(data)
    except Unreadable as error:
        problems.append(str(error))
    values = _values(f"{about}.updated", data, problems)
    return Update(f"{about}.updated", at, _key(data), values, *company), problems


def _values(
    kind: str, data: Mapping[str, Any], problems: list[str] | None = None
) -> dict[str, Any]:
    """The fields of `data`, each checked. With `problems`, what does not fit goes there."""
    model = Contact if kind.startswith("contact.") else Account
    values = {}
    for name in KINDS[kind]:
        given = data.get(name)
        if given is None or given == "":
            continue  # they do not know: that takes nothing away
        try:
            values[name] = _value(model, name, given)
        except Unreadable as error:
            if problems is None:
                raise
            problems.append(str(error))
    return values


def _value(model: type[Contact] | type[Account], name: str, given: Any) -> Any:
    if name in NUMBERS:
        if isinstance(given, bool) or not isinstance(given, (int, float, str)):
            raise Unreadable(f"data.{name}: has to be a number.")
        given = str(given)
    elif not isinstance(given, str):
        raise Unreadable(f"data.{name}: has to be text.")
    return _clean(model, name, given)


def _clean(model: type[Contact] | type[Account], name: str, given: str) -> Any:
    try:
        given = given.strip()
        check_one_line(given)
        if name == "domain":
            return clean_domain(given)
        if name == "country" and not _COUNTRY.fullmatch(given):
            raise ValidationError("Enter a two-letter country code, such as US.")
        value: Any = model._meta.get_field(name).clean(given, None)  # type: ignore[union-attr]
    except ValidationError as error:
        raise Unreadable(f"data.{name}: {' '.join(error.messages)}") from None
    return {"email": str.lower, "country": str.upper}.get(name, lambda same: same)(value)


def _company(data: Mapping[str, Any]) -> tuple[str, str]:
    """The employer, given as a name or as an object with name and domain."""
    given = data.get("company")
    if given is None or given == "":
        return "", ""
    if isinstance(given, str):
        given = {"name": given}
    if not isinstance(given, dict):
        raise Unreadable("data.company: has to be a name, or an object with name and domain.")
    name = _text(given, "name", "data.company.name", 120).strip()
    domain = _text(given, "domain", "data.company.domain", 253)
    try:
        check_one_line(name)
        return name, clean_domain(domain) if domain else ""
    except ValidationError as error:
        raise Unreadable(f"data.company: {' '.join(error.messages)}") from None


def _key(data: Mapping[str, Any]) -> str:
    given = data.get("id")
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > LONGEST_KEY:
        raise Unreadable(f"data.id: has to be text of at most {LONGEST_KEY} characters.")
    return given.strip()


def _instant(found: Mapping[str, Any], now: datetime | None) -> datetime:
    name = "occurred_at" if "occurred_at" in found else "timestamp"
    text = _text(found, name, name, 40)
    if not text:
        raise Unreadable("occurred_at: is missing.")
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Unreadable(
            f"{name}: has to be an instant with its zone, such as 2026-03-02T10:00:00Z."
        )
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        raise Unreadable(f"{name}: lies outside the calendar.") from None
    if at < EARLIEST:
        raise Unreadable(f"{name}: lies before 2000.")
    if now is not None and at > now + AHEAD:
        raise Unreadable(f"{name}: lies in the future.")
    return at


def _text(found: Mapping[str, Any], name: str, path: str, longest: int) -> str:
    given = found.get(name)
    if given is None:
        return ""
    if not isinstance(given, str):
        raise Unreadable(f"{path}: has to be text.")
    if len(given) > longest:
        raise Unreadable(f"{path}: at most {longest} characters ({len(given)} given).")
    return given


def _walk(value: Any, path: str, depth: int) -> None:
    """Refuse what no database holds, anywhere in the body, and what is nested without end."""
    if depth > MOST_DEPTH:
        raise Unreadable("The body is nested too deeply.", 400)
    if isinstance(value, dict):
        for key, inner in value.items():
            _walk(key, path or "body", depth + 1)
            _walk(inner, f"{path}.{key[:40]}" if path else key[:40], depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _walk(inner, f"{path}[{index}]", depth + 1)
    elif isinstance(value, str):
        try:
            check_storable(value)
        except ValidationError as error:
            place = path.encode("ascii", "backslashreplace").decode()
            raise Unreadable(f"{place}: {' '.join(error.messages)}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text[:20]} is too large")
    return number
