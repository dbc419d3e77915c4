"""Every page that docs/permissions.md shows to a role, in a real browser: usable, quiet, ours.

axe-core finds nothing, on our own pages in dark as well; nothing is asked of another host; the
console stays silent, which is where a violation of the content policy would show; and at phone
width our own pages do not scroll sideways.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import reverse
from playwright.sync_api import Browser, Page, Request
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import PHONE, SignedIn
from tests.permissions import world as worlds
from tests.permissions.matrix import ACTORS, Line, lines
from tests.permissions.test_matrix import arguments

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROLES = ("SDR", "AE", "manager", "RevOps")
PORTION = 50  # pages of a role that one test looks at, so that several can do so at once
LOOK = "axe.run({resultTypes: ['violations']}).then(found => found.violations)"
# Files and data, and the pages of somebody who is not signed in
NO_PAGES = {
    "admin:jsi18n", "admin:autocomplete", "admin:search", "admin:login", "healthz", "readyz",
    "metrics", "robots", "favicon",
    "handoff_gaps", "handoff_accounts", "handoff_export", "report_export", "settings_download",
}  # fmt: skip


def pages(role: str) -> list[Line]:
    """What this role may open; a page of the admin only for the last role that may."""
    found = []
    for line in lines():
        may = [one for one in ROLES if line.answers[ACTORS.index(one)].startswith("200")]
        by_one = line.name.startswith("admin:")
        if role in may and line.name not in NO_PAGES and (role == may[-1] or not by_one):
            found.append(line)
    return found


def portions() -> Iterator[Any]:
    """A role and some of its pages."""
    for role in ROLES:
        found = pages(role)
        for first in range(0, len(found), PORTION):
            yield pytest.param(role, found[first : first + PORTION], id=f"{role} from {first}")


@pytest.fixture
def world() -> worlds.World:
    return worlds.build()


@pytest.mark.parametrize(("role", "some"), list(portions()))
def test_every_page(
    role: str,
    some: list[Line],
    world: worlds.World,
    browser: Browser,
    signed_in: SignedIn,
    complaints: list[str],
    live_server: LiveServer,
) -> None:
    user = world.actors[role]
    assert user is not None
    page = signed_in(user)
    strangers = _strangers(page, live_server.url)
    found: list[str] = []
    for line in some:
        address = reverse(line.name, kwargs=arguments(line, world))
        answer = page.goto(address)
        assert answer is not None
        if answer.status != 200:
            found.append(f"{line}: answers {answer.status}")
            continue
        if "<html" not in answer.text():
            continue  # the inside of a dialog, which no link opens on its own
        page.evaluate(AXE_SCRIPT)
        found += [f"{line}: {fault}" for fault in _faults(page)]
        if not line.name.startswith("admin:"):
            page.emulate_media(color_scheme="dark")
            found += [f"{line}, dark: {fault}" for fault in _faults(page)]
            page.emulate_media(color_scheme="light")
            wide = page.viewport_size
            page.set_viewport_size(PHONE)  # type: ignore[arg-type]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{line}: scrolls sideways at {PHONE['width']} px")
            page.set_viewport_size(wide)  # type: ignore[arg-type]
    assert not found, "\n".join(found)
    assert list(strangers) == []
    assert complaints == []


def _faults(page: Page) -> Iterator[str]:
    """What axe-core finds wrong, each with the first element it is about."""
    for fault in page.evaluate(LOOK):
        node = fault["nodes"][0]
        yield f"{fault['id']} ({len(fault['nodes'])}x): {node['target'][0]} {node['html'][:120]}"


def _strangers(page: Page, home: str) -> list[str]:
    """Fills with every request that goes to another host."""
    strangers: list[str] = []

    def look(request: Request) -> None:
        host = urlsplit(request.url).netloc
        if host and host != urlsplit(home).netloc:
            strangers.append(request.url)

    page.on("request", look)
    return strangers
