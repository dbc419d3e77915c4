"""The file of a backup: a zip of the database’s copy and a manifest. No database here."""

import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, NamedTuple

from config import __version__

FORMAT = 1
MANIFEST = "manifest.json"
COPY = "database"
CHUNK = 1024 * 1024


class BackupRefused(Exception):
    """A backup cannot be taken or put back. The text says why and what to do."""


class Facts(NamedTuple):
    """What stands in a copy, read at the very instant of the copy."""

    engine: str  # sqlite | postgresql
    rows: dict[str, int]  # by table
    migrations: list[str]  # applied, as app.name


@dataclass(frozen=True)
class Manifest:
    """What is compared before and after a copy is put back."""

    format: int
    release: str
    taken_at: str  # ISO 8601, UTC
    engine: str
    rows: dict[str, int]
    migrations: list[str]
    sha256: str  # of the copy, unpacked


class Summed:
    """Passes on to `stream` what is written, and keeps its SHA-256."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.sum = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sum.update(data)
        return self.stream.write(data)


def write(path: Path, copy: Callable[[Summed], Facts], taken_at: str) -> Manifest:
    """Make the file at `path` in one move, for its owner’s eyes only; `copy` writes the copy."""
    if path.exists():
        raise BackupRefused(f"{path} is there already. Choose another name.")
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.touch(mode=0o600)
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open(COPY, "w", force_zip64=True) as stream:
                summed = Summed(stream)
                facts = copy(summed)
            manifest = Manifest(
                format=FORMAT,
                release=__version__,
                taken_at=taken_at,
                sha256=summed.sum.hexdigest(),
                **facts._asdict(),
            )
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
        with unfinished.open("rb") as finished:
            os.fsync(finished.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise BackupRefused(f"{path} could not be written: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def read(path: Path, into: Path) -> Manifest:
    """Unpack the copy to the file `into`; refuses one that is not, bit for bit, what was taken."""
    damaged = f"{path} is not a backup of Handoff Desk, or it is damaged."
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = Manifest(**json.loads(archive.read(MANIFEST)))
            into.touch(mode=0o600)
            with archive.open(COPY) as packed, into.open("wb") as stream:
                summed = Summed(stream)
                shutil.copyfileobj(packed, summed, CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError) as error:
        raise BackupRefused(damaged) from error
    except OSError as error:
        raise BackupRefused(f"{path} could not be read: {error.strerror or error}.") from error
    if manifest.format != FORMAT:
        raise BackupRefused(f"{path} has format {manifest.format}; this release reads {FORMAT}.")
    if summed.sum.hexdigest() != manifest.sha256:
        raise BackupRefused(damaged)
    return manifest
