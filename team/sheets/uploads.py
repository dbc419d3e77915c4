"""Keeps an upload between its preview and its confirmation: one hour, for one session.

One that has to wait for its turn is kept for an hour from then on.
"""

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
    _sweep(now)
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
    is_theirs = kept["for"] == _whose(request, model) and now.timestamp() <= kept["until"]
    if not is_theirs or not default_storage.exists(kept["file"]):
        raise FileRefused(GONE)
    return default_storage.open(kept["file"], "rb"), kept


def drop(kept: dict[str, Any]) -> None:
    default_storage.delete(kept["file"])


def _whose(request: HttpRequest, model: str) -> str:
    return f"{request.user.pk}/{request.session.session_key}/{model}"


def _sweep(now: datetime) -> None:
    """Removes what nobody confirmed in time."""
    if not default_storage.exists(FOLDER):
        return
    for name in default_storage.listdir(FOLDER)[1]:
        path = f"{FOLDER}/{name}"
        if default_storage.get_modified_time(path) < now - LONGEST:
            default_storage.delete(path)
