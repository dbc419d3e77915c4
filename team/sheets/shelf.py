"""Puts a file that somebody brought into the folder of uploads, whole or not at all."""

import logging
import secrets
from pathlib import PurePath

from django.core.files.base import File
from django.core.files.storage import default_storage

from team.sheets.problems import FileRefused

NO_ROOM = (
    "The server has no room left for this file, or may not write where it keeps them. Nothing was "
    "imported. Tell whoever runs the server, then bring the file again."
)
log = logging.getLogger("handoffdesk.imports")


def put(content: File, folder: str, called: str) -> str:
    """The name under which it is kept, with the ending that it was `called` by.

    Raises FileRefused where it cannot be written; nothing of it is left then.
    """
    name = f"{folder}/{secrets.token_urlsafe(24)}{PurePath(called).suffix.lower()}"
    try:
        return default_storage.save(name, content)
    except OSError as error:
        log.error("an upload could not be kept: %s", error.strerror)
        _clear(name)
        raise FileRefused(NO_ROOM) from None


def _clear(name: str) -> None:
    try:
        default_storage.delete(name)
    except OSError as error:
        log.error("what was written of it could not be removed: %s", error.strerror)
