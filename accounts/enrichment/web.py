"""Asks a data source over the web: one request for each question, and its answer in our names.

Where it may lead is for `team.outward` to say: only hosts that the operator names, no redirects,
public addresses looked at on the connected socket, 5 s to connect and 15 s in all, 64 kB read.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ValidationError

from accounts.enrichment.providers import Finding, NotNow, NoUse, Question
from accounts.hooks import payloads
from accounts.models import EnrichmentSource
from team import outward

PLACEHOLDERS = {
    "contact": ("id", "first_name", "last_name", "email", "phone", "company", "domain"),
    "account": ("id", "name", "domain"),
}
FIELDS = {
    "contact": (*payloads.CONTACT_FIELDS, "company", "company_domain", "id", "as_of"),
    "account": (*payloads.ACCOUNT_FIELDS, "id", "as_of"),
}
AS_OF = "as_of"
LATER = frozenset({408, 425, 429})
PLACEHOLDER = re.compile(r"\{(\w+)\}")


class WebProvider:
    """A source with an address to ask at."""

    def __init__(self, source: EnrichmentSource) -> None:
        self.source = source

    def covers(self, about: str) -> bool:
        return bool(self._address(about))

    def look_up(self, question: Question) -> Finding | None:
        known = {"id": question.key, **question.known}
        address = self._address(question.about)
        wanted = PLACEHOLDER.findall(address)
        missing = [name for name in wanted if not known.get(name)]
        if missing:
            raise NoUse(f"{self.source} is asked by {missing[0]}, which we do not have yet.")
        url = PLACEHOLDER.sub(lambda found: quote(known[found[1]], safe=""), address)
        headers = {"Accept": "application/json", "User-Agent": "Handoff-Desk"}
        if self.source.api_key:
            headers[self.source.key_header] = self.source.api_key
        content = None
        if not wanted:
            headers["Content-Type"] = "application/json"
            told = {"about": question.about} | {name: v for name, v in known.items() if v}
            content = json.dumps(told).encode()
        try:
            answer = outward.ask("GET" if wanted else "POST", url, headers=headers, content=content)
        except ValidationError as error:
            raise NoUse(" ".join(error.messages)) from error
        except outward.NoAnswer as error:
            raise (NoUse if error.refused else NotNow)(str(error)) from error
        return self._read(answer, question.about)

    def _address(self, about: str) -> str:
        found = self.source.person_url if about == "contact" else self.source.company_url
        return str(found)

    def _read(self, answer: outward.Answer, about: str) -> Finding | None:
        name, code = self.source.name, answer.status
        if code in (204, 404):
            return None
        if code in (401, 403):
            raise NoUse(f"{name} refused our key ({code}). Enter the right one at the data source.")
        if code in LATER or code >= 500:
            raise NotNow(f"{name} could not answer ({code}).", seconds=_wait(answer.headers))
        if 300 <= code < 400:
            raise NoUse(f"{name} answered from another address ({code}). Enter that one instead.")
        if code != 200:
            raise NoUse(f"{name} did not understand the question ({code}).")
        try:
            found = payloads.parse(answer.body.decode())
        except (UnicodeDecodeError, payloads.Unreadable):
            raise NoUse(f"{name} answered, but not with one JSON object in UTF-8.") from None
        return finding_in(found, about, their_names(self.source.their_names, about))


def their_names(lines: str, about: str) -> dict[str, str]:
    """Our name -> the path to it in their answer; without lines, our own names.

    >>> their_names("title = employment.title", "contact")
    {'title': 'employment.title'}
    """
    found = {}
    for line in lines.splitlines():
        ours, _, theirs = (part.strip() for part in line.partition("="))
        if ours and theirs and ours in FIELDS[about]:
            found[ours] = theirs
    return found


def check_names(lines: str) -> None:
    """Raise ValidationError for a line that names no field of ours."""
    known = {*FIELDS["contact"], *FIELDS["account"]}
    for number, line in enumerate(lines.splitlines(), 1):
        ours, sign, theirs = (part.strip() for part in line.partition("="))
        if line.strip() and not (sign and theirs and ours in known):
            raise ValidationError(
                f"Line {number}: write ours = theirs; ours is one of {', '.join(sorted(known))}."
            )


def check_placeholders(address: str, about: str) -> None:
    """Raise ValidationError for a name in braces that we know nothing for."""
    for name in PLACEHOLDER.findall(address):
        if name not in PLACEHOLDERS[about]:
            names = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS[about])
            raise ValidationError(f"{{{name}}} is not known here. Use {names}.")


def finding_in(answer: Mapping[str, Any], about: str, names: Mapping[str, str]) -> Finding | None:
    """What `answer` says, in our names; None where it says nothing of use."""
    if names:
        data = {ours: _at(answer, path) for ours, path in names.items()}
        said = data.pop(AS_OF, None)
    else:
        inner = answer.get("data", answer)
        given = inner if isinstance(inner, dict) else {}
        data = {name: given[name] for name in FIELDS[about] if name in given}
        as_of = data.pop(AS_OF, None)
        said = answer.get("occurred_at") or as_of
    if company := data.pop("company_domain", None):
        data["company"] = {"name": data.get("company") or "", "domain": company}
    data = {name: value for name, value in data.items() if value not in (None, "")}
    return Finding(data, _instant(said)) if set(data) - {"id"} else None


def _at(answer: Any, path: str) -> Any:
    """What stands at a path such as `employment.title` or `emails.0.address`; None if nothing."""
    for step in path.split("."):
        if isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
            answer = answer[int(step)]
        elif isinstance(answer, dict):
            answer = answer.get(step)
        else:
            return None
    return None if isinstance(answer, dict | list) else answer


def _instant(said: Any) -> datetime | None:
    """An instant or a day in ISO 8601; None where it is neither."""
    try:
        at = datetime.fromisoformat(str(said)) if said else None
    except ValueError:
        return None
    if at is None:
        return None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        return None


def _wait(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 9 else None
