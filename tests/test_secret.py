"""The key of an embedded installation."""

import secrets
from pathlib import Path

import pytest

from config.secret import local_secret_key


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = local_secret_key(tmp_path / "var")
    assert len(key) > 50
    assert local_secret_key(tmp_path / "var") == key
    (file,) = (tmp_path / "var").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_who_starts_while_it_is_made_has_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, others = secrets.token_urlsafe, []

    def slowly(size: int) -> str:
        monkeypatch.setattr(secrets, "token_urlsafe", make)
        others.append(local_secret_key(tmp_path))
        return make(size)

    monkeypatch.setattr(secrets, "token_urlsafe", slowly)
    key = local_secret_key(tmp_path)
    assert key != ""
    assert others == [key]
