"""Settings from the environment: what is wrong is refused in one line that names the variable."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import connection
from django.test import override_settings

from config import checks as ours

ROOT = Path(__file__).resolve().parent.parent
GOOD_KEY = "k" * 25 + "0123456789" * 4

WRONG = [
    ("DEBUG", "maybe", {}),
    ("TRUST_PROXY", "perhaps", {}),
    ("BASE_URL", "ftp://desk.example", {}),
    ("BASE_URL", "desk.example", {}),
    ("BASE_URL", "https://desk.example/below", {}),
    ("BASE_URL", "https://desk.example:port", {}),
    ("BASE_URL", "http://[::1", {}),
    ("ALLOWED_HOSTS", "*", {}),
    ("ALLOWED_HOSTS", "*", {"DEBUG": "1"}),
    ("ALLOWED_HOSTS", "", {}),
    ("SECRET_KEY", "short", {}),
    ("PRIVACY_KEY", "short", {}),
    ("DATABASE_URL", "nonsense", {}),
    ("DATABASE_URL", "mysql://desk@localhost/desk", {}),
    ("DATABASE_URL", "postgres://desk@localhost:port/desk", {}),
    ("DATABASE_URL", "sqlite:////nowhere/at/all/desk.sqlite3", {}),
    ("EMAIL_URL", "nonsense", {}),
    ("EMAIL_URL", "ftp://mail.example", {}),
    ("EMAIL_URL", "smtp://mail.example:port", {}),
    ("DEFAULT_FROM_EMAIL", "the desk", {}),
    ("DEFAULT_FROM_EMAIL", "desk@example.com\nBcc: all@example.com", {}),
    ("SLACK_WEBHOOK_URL", "hooks.slack.com", {}),
    ("OUTGOING_HOSTS", "hooks.example.com:8443", {}),
    ("OUTGOING_HOSTS", "ftp://files.example.com", {}),
    ("OUTGOING_HOSTS", "https://crm.example.com/path", {}),
    ("OUTGOING_HOSTS", "http://[crm", {}),
    ("OIDC_ISSUER", "https://[login", {}),
    ("REDIS_URL", "http://localhost:6379", {}),
    ("REDIS_URL", "redis://[localhost", {}),
    ("SIGN_IN_FAILURES_PER_ADDRESS", "0", {}),
    ("RETENTION_ENDED_DAYS", "-1", {}),
    ("RETENTION_OUTBOX_DAYS", "a month", {}),
    ("LOG_LEVEL", "LOUD", {}),
    ("LOG_FORMAT", "xml", {}),
    ("METRICS_TOKEN", "short", {}),
    ("VAR_DIR", "/proc/nowhere", {}),
]


def start(folder: Path, then: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of their own, with nothing else in its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", f"from config import settings; {then}"],
        cwd=ROOT,
        env={**kept, "VAR_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("variable", "value", "others"), WRONG)
def test_a_wrong_value_ends_the_start_with_one_line_naming_it(
    variable: str, value: str, others: dict[str, str], tmp_path: Path
) -> None:
    done = start(tmp_path, **{**others, variable: value})
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{variable}: ")


def test_over_https_both_cookies_are_bound_to_this_host(tmp_path: Path) -> None:
    told = "s = settings; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE)"
    done = start(tmp_path, told, BASE_URL="https://desk.example", ALLOWED_HOSTS="desk.example")
    assert done.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "True"]


def test_without_any_variable_it_starts_and_keeps_its_own_key(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    assert start(folder).returncode == 0
    key = folder / "secret_key"
    assert len(key.read_text()) >= 50
    assert key.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0
    before = key.read_text()
    assert start(folder).returncode == 0
    assert key.read_text() == before


def test_a_deployment_as_documented_passes_django_s_own_checks(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(tmp_path),
            "SECRET_KEY": GOOD_KEY,
            "BASE_URL": "https://desk.example",
            "ALLOWED_HOSTS": "desk.example",
            "EMAIL_URL": "smtp://desk:secret@mail.example:587",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_trial_on_one_s_own_machine_is_told_what_a_deployment_needs() -> None:
    with override_settings(
        BASE_URL="http://127.0.0.1:8000",
        EMAIL_BACKEND="django.core.mail.backends.console.EmailBackend",
    ):
        found = [message.id for message in ours.deployed_settings()]
    assert found == ["config.W002", "config.W003"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"retry": 60}, "config.E001"),
        ({"max_attempts": 0}, "config.E002"),
        ({"catch_up": True}, "config.E003"),
        ({"ack_failures": False}, "config.E003"),
    ],
)
def test_a_queue_that_would_repeat_its_tasks_is_refused(
    change: dict[str, object], expected: str, settings: object
) -> None:
    queue = {**settings.Q_CLUSTER, **change}  # type: ignore[attr-defined]
    with override_settings(Q_CLUSTER=queue):
        assert [message.id for message in ours.worker_settings()] == [expected]


def test_another_time_zone_and_mail_without_a_limit_are_refused() -> None:
    with override_settings(TIME_ZONE="Europe/Berlin"):
        assert [message.id for message in ours.time_settings()] == ["config.E004"]
    with override_settings(EMAIL_TIMEOUT=None):
        assert [message.id for message in ours.mail_settings()] == ["config.E005"]


@pytest.mark.django_db
def test_sqlite_that_waits_for_too_short_a_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ours.sqlite_settings() == []
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 5)
    found = [message.id for message in ours.sqlite_settings()]
    assert found == (["config.E006"] if connection.vendor == "sqlite" else [])


def test_nobody_can_reach_the_tables_of_the_queue_or_of_the_lock_out_in_the_admin() -> None:
    shown = {model._meta.app_label for model in admin.site._registry}
    assert not shown & {"django_q", "axes", "sessions", "contenttypes"}


def test_every_variable_that_is_read_is_explained_and_no_other() -> None:
    read = set()
    for name in ("config/settings.py", "gunicorn.conf.py"):
        text = Path(ROOT, name).read_text()
        read |= set(re.findall(r'(?:env\.\w+|environ\.get)\(\s*["\']([A-Z_]+)', text))
    guide = Path(ROOT, "docs/operations.md").read_text()
    table = guide.partition("## Variables")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    explained = set(re.findall(r"`([A-Z_]+)`", " ".join(rows)))
    assert explained == read - {"PROMETHEUS_MULTIPROC_DIR"}
