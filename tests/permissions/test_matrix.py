"""Every address, tried by everybody, answers as docs/permissions.md says, and writes no more."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from tests.permissions import world as worlds
from tests.permissions.matrix import ACTORS, Line, lines

pytestmark = [pytest.mark.matrix, pytest.mark.django_db]

LINES = list(lines())
DENIED = {"login", "403", "404", "405"}
WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
# Figures are read off the log when somebody looks; they say nothing that the log does not
DERIVED = ("reports_fact", "reports_chain", "reports_reading", "reports_day", "reports_tally")
# Kept for whoever is looked for later: who tried, and that they were here
NOTED = {
    "django_session",
    "axes_accessattempt",
    "axes_accesslog",
    "axes_accessfailurelog",
    "team_auditentry",
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[worlds.World]:
    """Built once for all lines: each request is rolled back."""
    with (
        django_db_blocker.unblock(),
        time_machine.travel(worlds.MONDAY_AT_TEN, tick=False),
        transaction.atomic(),
    ):
        yield worlds.build()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def clients(world: worlds.World) -> dict[str, Client]:
    """Somebody signed in for each column; `_try` puts the cookie back that a sign-out takes."""
    clients = {}
    with time_machine.travel(worlds.MONDAY_AT_TEN, tick=False):
        for actor, user in world.actors.items():
            clients[actor] = Client(raise_request_exception=False)
            if user is not None:
                clients[actor].force_login(user)
        gone = world.actors["inactive"]
        assert gone is not None
        gone.is_active = False
        gone.save()
    return clients


def test_every_address_has_its_line() -> None:
    addresses = set(_addresses())
    listed = {line.name for line in LINES}
    assert addresses - listed == set(), "say in docs/permissions.md who may ask for these"
    assert listed - addresses == set(), "these addresses are gone: take them out"


@pytest.mark.parametrize("line", LINES, ids=str)
def test_it_answers_as_written(line: Line, world: worlds.World, clients: dict[str, Client]) -> None:
    url = reverse(line.name, kwargs=arguments(line, world))
    seen, wrote = [], []
    for actor in ACTORS:
        get = _try(clients[actor], "get", url, world)
        post = _try(clients[actor], "post", url, world)
        seen.append(f"{get.said} / {post.said}")
        wrote += [f"{actor}: GET wrote {table}" for table in get.wrote]
        if post.said.split()[0] in DENIED:
            wrote += [f"{actor}: denied POST wrote {table}" for table in post.wrote]
    observed = Line(line.name, line.on, tuple(seen))
    assert observed.written() == line.written()
    assert wrote == []


class _Try:
    """What one request got."""

    def __init__(self, response: HttpResponse, wrote: list[str], world: worlds.World) -> None:
        self.wrote = wrote
        away = response.headers.get("Location", "")
        if response.status_code == 302 and away.startswith("/admin/login/"):
            self.said = "login"
            return
        body = b"".join(response) if response.streaming else response.content
        shown = world.shown_in(body) if response.status_code != 302 else ""
        self.said = f"{response.status_code} {shown}".strip()


def _try(client: Client, method: str, url: str, world: worlds.World) -> _Try:
    cookies = client.cookies.copy()
    wrote = []

    def note(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
        found = WRITES.match(sql)
        if found and found[1] not in NOTED and not found[1].startswith(DERIVED):
            wrote.append(found[1])
        return execute(sql, *others)

    with transaction.atomic():
        with connection.execute_wrapper(note):
            response = getattr(client, method)(url)
        tried = _Try(response, wrote, world)
        transaction.set_rollback(True)
    client.cookies = cookies
    return tried


def arguments(line: Line, world: worlds.World) -> dict[str, str]:
    """What an address needs: `a=b` words of the table's second column, else the thing's id."""
    given = dict(word.split("=", 1) for word in line.on.split() if "=" in word)
    thing = " ".join(word for word in line.on.split() if "=" not in word)
    wanted = [name for name in _converters()[line.name] if name not in given]
    row = world.things[thing or worlds.label_of(line.name)] if wanted else None
    return given | {name: str(row.pk) for name in wanted if row is not None}


def _addresses() -> list[str]:
    return list(_converters())


def _converters() -> dict[str, list[str]]:
    """The names of all addresses, each with the names of its arguments."""
    return dict(_walk(get_resolver(), "", []))


def _walk(resolver: Any, space: str, above: list[str]) -> Iterator[tuple[str, list[str]]]:
    for pattern in resolver.url_patterns:
        arguments = above + list(pattern.pattern.converters)
        arguments += list(getattr(pattern.pattern, "regex", re.compile("")).groupindex)
        arguments = list(dict.fromkeys(arguments))
        if not isinstance(pattern, URLPattern):
            inside = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _walk(pattern, space + inside, arguments)
        elif pattern.name:  # the admin's two nameless ones only redirect to named ones
            yield space + pattern.name, arguments
