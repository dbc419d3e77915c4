"""A second step and single sign-on are there when the environment asks, else not at all."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.test_settings import start

ROOT = Path(__file__).resolve().parent.parent
ON = {
    "TWO_STEP": "admins",
    "OIDC_ISSUER": "http://127.0.0.1:8199",
    "OIDC_CLIENT_ID": "desk",
    "OIDC_CLIENT_SECRET": "a-secret-of-the-provider",
    "OIDC_NAME": "Acme ID",
}


@pytest.mark.django_db
def test_without_the_environment_there_is_nothing_of_it(client: Client) -> None:
    assert not settings.SIGN_IN_PAGES
    assert not any(config.name.startswith("allauth") for config in apps.get_app_configs())
    assert not any("allauth" in name or "sign_in" in name for name in settings.MIDDLEWARE)
    with pytest.raises(NoReverseMatch):
        reverse("account_login")
    assert client.get("/account/login/").status_code == 404
    assert client.get("/admin/login/").status_code == 200


@pytest.mark.parametrize(
    ("variable", "changes"),
    [
        ("TWO_STEP", {"TWO_STEP": "yes"}),
        ("OIDC_ISSUER", {"OIDC_ISSUER": "http://id.example"}),
        ("OIDC_ISSUER", {"OIDC_ISSUER": "nonsense"}),
        ("OIDC_CLIENT_ID", {"OIDC_CLIENT_ID": ""}),
        ("OIDC_CLIENT_SECRET", {"OIDC_CLIENT_SECRET": ""}),
    ],
)
def test_a_wrong_value_is_named(variable: str, changes: dict[str, str], tmp_path: Path) -> None:
    done = start(tmp_path, **{**ON, **changes})
    assert done.returncode == 2
    assert done.stderr.startswith(f"{variable}: ")


@pytest.mark.django_db  # so that tests/unlike.py leaves it where it is
def test_with_the_environment_it_works(tmp_path: Path) -> None:
    """The tests in tests/sign_in, in a process of their own, on the same kind of database."""
    environment: dict[str, Any] = {**os.environ, **ON, "VAR_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/sign_in", "-p", "no:xdist"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout or "100%" in done.stdout
