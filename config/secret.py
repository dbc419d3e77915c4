"""The key of an embedded installation: made once, kept in a file that only its owner can read."""

import secrets
from pathlib import Path


def local_secret_key(folder: Path) -> str:
    """The key in `folder`/secret_key, made on first use with mode 0600."""
    path = folder / "secret_key"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text().strip()
