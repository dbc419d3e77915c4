"""Which values of the environment the product cannot run with, each said in one sentence.

settings.py reads and types them. Nothing here knows what else follows from a value.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

SHORTEST_KEY = 50  # characters
SHORTEST_TOKEN = 20
Problem = tuple[str, str]  # the variable, and what is wrong with it


def refuse(variable: str, sentence: str) -> NoReturn:
    """End the start with one line that names the variable. Exit status 2."""
    print(f"{variable}: {sentence}", file=sys.stderr)  # noqa: T201
    raise SystemExit(2)


def first_problem(given: Mapping[str, Any]) -> Problem | None:
    """The first variable that is wrong, among the values by their names in settings.py."""
    looks = (_site, _keys, _database, _outgoing, _mail, _numbers, _watching)
    return next((problem for look in looks for problem in look(given)), None)


def split(address: str) -> SplitResult | None:
    """The parts of an address; None where it has none, such as a port that is not a number."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _site(given: Mapping[str, Any]) -> Iterator[Problem]:
    base, site = given["BASE_URL"], split(given["BASE_URL"])
    is_whole = site and site.scheme in {"http", "https"} and site.hostname
    if not is_whole or (site and (site.path or site.query)):
        yield "BASE_URL", f"{base!r} is not an address such as https://desk.example.com."
    if not given["ALLOWED_HOSTS"] or "*" in given["ALLOWED_HOSTS"]:
        yield (
            "ALLOWED_HOSTS",
            "names the hosts one by one, such as desk.example.com; * is not taken.",
        )


def _keys(given: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("SECRET_KEY", "PRIVACY_KEY"):
        if len(given[name]) < SHORTEST_KEY:
            yield name, f"needs at least {SHORTEST_KEY} characters."


def _database(given: Mapping[str, Any]) -> Iterator[Problem]:
    database = given["DATABASE"]
    if database["ENGINE"].rsplit(".", 1)[-1] not in {"sqlite3", "postgresql"}:
        yield "DATABASE_URL", "takes sqlite:////absolute/path or postgres://…."
    elif database["ENGINE"].endswith("sqlite3"):
        file = Path(database["NAME"])
        if not os.access(file.parent, os.W_OK):
            yield "DATABASE_URL", f"{file.parent} is not a folder that can be written to."
        elif file.exists() and not os.access(file, os.W_OK):
            yield "DATABASE_URL", f"{file} cannot be written to."


def _outgoing(given: Mapping[str, Any]) -> Iterator[Problem]:
    webhook = given["SLACK_WEBHOOK_URL"]
    if webhook and not webhook.startswith(("https://", "http://")):
        yield "SLACK_WEBHOOK_URL", "is not a web address."
    for host in given["OUTGOING_HOSTS"]:
        if not _is_host_or_origin(host):
            yield (
                "OUTGOING_HOSTS",
                f"{host!r} is neither a host such as hooks.example.com nor an origin such as "
                "http://crm.internal:8080.",
            )
    redis = given["REDIS_URL"]
    parts = split(redis)
    if redis and (parts is None or parts.scheme not in {"redis", "rediss", "unix"}):
        yield "REDIS_URL", "takes redis://host:port/number."


def _is_host_or_origin(host: str) -> bool:
    named = split(host if "//" in host else f"//{host}")
    if named is None or not named.hostname or named.path.strip("/"):
        return False
    if named.query or named.username:
        return False
    return named.scheme in {"http", "https"} if "//" in host else not named.port


def _mail(given: Mapping[str, Any]) -> Iterator[Problem]:
    if "EMAIL_BACKEND" not in given["EMAIL"]:
        yield (
            "EMAIL_URL",
            "takes smtp://user:password@host:port, smtps://…, submission://… or console://.",
        )
    sender = given["DEFAULT_FROM_EMAIL"]
    if "@" not in parseaddr(sender)[1] or len(sender.splitlines()) != 1:
        yield "DEFAULT_FROM_EMAIL", "takes an address such as Handoff Desk <desk@example.com>."


def _numbers(given: Mapping[str, Any]) -> Iterator[Problem]:
    for name, days in given["RETENTION"].items():
        if days < 0:
            yield f"RETENTION_{name.upper()}_DAYS", "takes a number of days, 0 for never."
    if given["SIGN_IN_FAILURES_PER_ADDRESS"] < 5:
        yield "SIGN_IN_FAILURES_PER_ADDRESS", "takes 5 or more, counted in an hour."


def _watching(given: Mapping[str, Any]) -> Iterator[Problem]:
    if given["LOG_FORMAT"] not in {"line", "json"}:
        yield "LOG_FORMAT", "takes line or json."
    if given["METRICS_TOKEN"] and len(given["METRICS_TOKEN"]) < SHORTEST_TOKEN:
        yield "METRICS_TOKEN", f"needs at least {SHORTEST_TOKEN} characters."
