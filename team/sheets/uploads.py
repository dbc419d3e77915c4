"""Keeps an upload between its preview and its confirmation: one hour, for one session.

One that has to wait for its turn is kept for an hour from then on.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import IO, Any

from django.core import signing
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import HttpRequest

from team.sheets import shelf
from team.sheets.problems import FileRefused

FOLDER = "imports"
KEPT_FOR = timedelta(hours=1)
LONGEST = KEPT_FOR + timedelta(hours=1)  # with the longest wait for a turn
SALT = "team.sheets.uploads"
GONE = (
    "The preview is more than an hour old, was imported already or is not yours: upload the file "
    "again."
)


def keep(
    upload: File,
    request: HttpRequest,
    model: str,
    settings: dict[str, Any],
    now: datetime,
    *,
    wait: timedelta = timedelta(),
) -> str:
    """Stores the upload and gives the signed token that `take` wants back, until an hour after
    the `wait` that lies before it. Raises FileRefused where it cannot be stored.
    """
    sweep(now)
    upload.seek(0)
    name = shelf.put(upload, FOLDER, str(upload.name))
    until = (now + wait + KEPT_FOR).timestamp()
    kept = {"file": name, "for": _whose(request, model), "until": until}
    return signing.dumps({**settings, **kept}, salt=SALT)


def keep_on(kept: dict[str, Any], **settings: Any) -> str:
    """A token for the same file with other settings."""
    return signing.dumps({**kept, **settings}, salt=SALT)


def take(
    token: str, request: HttpRequest, model: str, now: datetime
) -> tuple[IO[bytes], dict[str, Any]]:
    """The stored file, open, and the settings it was kept with. Raises FileRefused."""
    try:
        kept = signing.loads(token, salt=SALT, max_age=LONGEST)
    except signing.BadSignature:
        raise FileRefused(GONE) from None
    if kept["for"] != _whose(request, model) or now.timestamp() > kept["until"]:
        raise FileRefused(GONE)
    try:
        return default_storage.open(kept["file"], "rb"), kept
    except FileNotFoundError:
        raise FileRefused(GONE) from None


@contextmanager
def taken_alone(
    token: str, request: HttpRequest, model: str, now: datetime
) -> Iterator[tuple[IO[bytes], dict[str, Any]]]:
    """As `take`, for one alone, who is done with it afterwards: a second one is refused meanwhile.

    Whoever raises FileRefused leaves it as it was.
    """
    stream, kept = take(token, request, model, now)
    path = default_storage.path(kept["file"])
    aside = f"{path}.taken"
    with stream:
        try:
            os.rename(path, aside)  # of two who come at once the second finds nothing to rename
        except FileNotFoundError:
            raise FileRefused(GONE) from None
        try:
            yield stream, kept
        except FileRefused:
            with suppress(FileNotFoundError):
                os.rename(aside, path)
            raise
        with suppress(FileNotFoundError):  # somebody’s erasure drops every upload there is
            os.unlink(aside)


def drop(kept: dict[str, Any]) -> None:
    default_storage.delete(kept["file"])


def sweep(now: datetime) -> None:
    """Removes what nobody confirmed in time."""
    if not default_storage.exists(FOLDER):
        return
    for name in default_storage.listdir(FOLDER)[1]:
        path = f"{FOLDER}/{name}"
        with suppress(FileNotFoundError):  # confirmed just now
            if default_storage.get_modified_time(path) < now - LONGEST:
                default_storage.delete(path)


def _whose(request: HttpRequest, model: str) -> str:
    return f"{request.user.pk}/{request.session.session_key}/{model}"
