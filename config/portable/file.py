"""Writes the whole file and takes one in: all of it or nothing, tried before it is done."""

import json
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from config.portable import simple, versions
from config.portable.parts import SAME, Outcome, Unreadable
from team.audit import note
from team.bounds import check_json
from team.models import Deed, User

FORMAT = "handoff-desk-settings"
VERSION = 1
LARGEST = 2 * 1024 * 1024  # bytes


def written(now: datetime) -> dict[str, Any]:
    """Everything an admin set up here, without people, secrets and what happened."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": now.isoformat(timespec="seconds"),
        "calendars": simple.write_calendars(),
        "territories": simple.write_territories(),
        "frameworks": versions.write_frameworks(),
        "policies": versions.write_policies(),
        "texts": simple.write_texts(),
        **{kind.part: simple.write_plain(kind) for kind in simple.PLAIN},
    }


def parsed(content: bytes) -> dict[str, Any]:
    """The file as data. Raises Unreadable with a sentence."""
    if len(content) > LARGEST:
        raise Unreadable("The file is larger than 2 MB, so it is no settings file.")
    try:
        data = json.loads(content.decode("utf-8-sig"))
        check_json(data)
    except (UnicodeDecodeError, RecursionError):
        raise Unreadable("This is not a settings file: it cannot be read as text.") from None
    except ValidationError as error:
        raise Unreadable(" ".join(error.messages)) from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"This is not JSON: line {error.lineno}, column {error.colno}.") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise Unreadable("This is not a settings file of Handoff Desk.")
    if data.get("version") != VERSION:
        raise Unreadable(f"The file is of version {data.get('version')}; this one reads {VERSION}.")
    return data


def take_in(data: dict[str, Any], *, by: User, trial: bool = False) -> list[Outcome]:
    """Put the file's settings in, in one transaction, and write that down for the audit trail.

    A trial says what would happen and undoes it. Raises Unreadable, and nothing is changed.
    """
    with transaction.atomic():
        try:
            found = [
                *simple.read_calendars(data, by),
                *simple.read_territories(data, by),
                *versions.read_frameworks(data, by),
                *versions.read_policies(data, by),
                *simple.read_texts(data, by),
            ]
            for kind in simple.PLAIN:
                found += simple.read_plain(kind, data, by)
        except (DatabaseError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise Unreadable("A value in the file is of the wrong kind.") from error
        note(Deed.IMPORTED, by=by, name="Settings file", words=_told(found))
        if trial:
            transaction.set_rollback(True)
    return found


def _told(found: list[Outcome]) -> str:
    news = [f"{one.part}, {one.name}: {one.verdict}" for one in found if one.verdict != SAME]
    return "; ".join(news) or "Nothing was different."
