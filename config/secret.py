"""The key of an embedded installation: made once, kept in a file that only its owner can read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def local_secret_key(folder: Path) -> str:
    """The key in `folder`/secret_key, made on first use with mode 0600."""
    path = folder / "secret_key"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Whole before it has its name: of several processes that start together one wins, and none
        # reads an empty file.
        made = folder / f"secret_key.{os.getpid()}"
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return path.read_text().strip()
