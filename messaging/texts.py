"""Turns a text that an admin may edit into words: {field} from an allow-list, nothing more.

No template engine and no `str.format`: a text cannot reach an attribute, call anything or loop,
and a value is put in as it is and never read again for fields. Nothing is sent from here.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from django.core.exceptions import ValidationError

from messaging.catalogue import BODY_ONLY, CATALOGUE
from messaging.models import MessageTemplate

SUBJECT_LENGTH = 250


class _Part(NamedTuple):
    """A stretch of a line: words as they are, or the name of a field."""

    text: str
    is_field: bool


def render(key: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """The subject (one line, at most 250 characters) and the body of text `key`.

    A field without a value leaves nothing behind, and a line whose fields are all empty is left
    out. Where the stored text is missing or broken the shipped one is used: a notice is never
    lost for its words. KeyError for a key that is not in the catalogue.
    """
    return render_as(key, stored(key), fields)


def stored(key: str) -> tuple[str, str] | None:
    """The subject and body of text `key` as an admin left them."""
    return MessageTemplate.objects.filter(key=key).values_list("subject", "body").first()


def render_as(
    key: str, wording: tuple[str, str] | None, fields: Mapping[str, str]
) -> tuple[str, str]:
    """`render` for whoever has read the stored wording already."""
    if wording is not None:
        try:
            return fill(key, *wording, fields)
        except ValidationError:
            pass
    shipped = CATALOGUE[key]
    return fill(key, shipped.subject, shipped.body, fields)


def fill(key: str, subject: str, body: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """`subject` and `body` with the values of `fields` in their places.

    Raises ValidationError, with the position in words, for what text `key` cannot hold.
    """
    subject_parts = _parsed(subject, subject_fields(key))
    body_lines = [
        _parsed(line, CATALOGUE[key].fields, number)
        for number, line in enumerate(body.splitlines(), start=1)
    ]
    title = " ".join("".join(_value(part, fields) for part in subject_parts).split())
    lines = [_filled(parts, fields) for parts in body_lines]
    return title[:SUBJECT_LENGTH], "\n".join(line for line in lines if line is not None) + "\n"


def subject_fields(key: str) -> tuple[str, ...]:
    """What the subject of text `key` may name: free text stays in the body."""
    return tuple(name for name in CATALOGUE[key].fields if name not in BODY_ONLY)


def check_subject(key: str, text: str) -> None:
    """Raise ValidationError, with the position in words, unless `text` can be a subject."""
    if "\n" in text or "\r" in text:
        raise ValidationError("The subject is one line.")
    list(_parts(text, subject_fields(key)))


def check_body(key: str, text: str) -> None:
    """Raise ValidationError, with the position in words, unless `text` can be a body."""
    for number, line in enumerate(text.splitlines(), start=1):
        list(_parts(line, CATALOGUE[key].fields, number))


def ship() -> int:
    """Write each shipped text that has no row yet; how many were new. Edited ones are kept."""
    have = set(MessageTemplate.objects.values_list("key", flat=True))
    new = [
        MessageTemplate(key=key, name=text.name, subject=text.subject, body=text.body)
        for key, text in CATALOGUE.items()
        if key not in have
    ]
    MessageTemplate.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


@lru_cache(maxsize=1024)
def _parsed(line: str, allowed: tuple[str, ...], number: int = 1) -> tuple[_Part, ...]:
    """`_parts`, once for the many messages that are written with one text."""
    return tuple(_parts(line, allowed, number))


def _parts(line: str, allowed: tuple[str, ...], number: int = 1) -> Iterator[_Part]:
    """The parts of one line. Every brace has to belong to a field that is allowed."""
    at = 0
    while at < len(line):
        opens, closes = line.find("{", at), line.find("}", at)
        if closes != -1 and (opens == -1 or closes < opens):
            raise _error(number, closes, "“}” closes a brace that was never opened.")
        if opens == -1:
            yield _Part(line[at:], is_field=False)
            return
        if opens > at:
            yield _Part(line[at:opens], is_field=False)
        again = line.find("{", opens + 1)
        if closes == -1 or -1 < again < closes:
            wrong = "Write one brace on each side of a field, such as {company}."
            unclosed = "“{” is never closed. A field looks like {company}."
            raise _error(number, opens, wrong if again == opens + 1 else unclosed)
        name = line[opens + 1 : closes]
        if name not in allowed:
            raise _error(
                number,
                opens,
                f"“{{{name[:40]}}}” is not a field of this text. It can use: "
                + ", ".join(f"{{{field}}}" for field in allowed)
                + ".",
            )
        yield _Part(name, is_field=True)
        at = closes + 1


def _error(line: int, column: int, sentence: str) -> ValidationError:
    return ValidationError(f"Line {line}, character {column + 1}: {sentence}")


def _value(part: _Part, fields: Mapping[str, str]) -> str:
    return str(fields.get(part.text) or "") if part.is_field else part.text


def _filled(parts: Sequence[_Part], fields: Mapping[str, str]) -> str | None:
    """A line with its values, or None where it has fields and all of them are empty."""
    values = [_value(part, fields) for part in parts if part.is_field]
    if values and not any(value.strip() for value in values):
        return None
    return "".join(_value(part, fields) for part in parts)
