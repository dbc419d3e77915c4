"""A real browser at a real server; skipped by name where no Chromium is installed."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from team.models import User
from tests.factories import PASSWORD
from tests.postgres import missing

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 15_000  # ms until an expectation fails

SignedIn = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        if chromium is None and not Path(playwright.chromium.executable_path).exists():
            missing("Chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said: violations of the policy and errors of scripts."""
    return []


@pytest.fixture
def signed_in(
    browser: Browser, live_server: LiveServer, complaints: list[str]
) -> Iterator[SignedIn]:
    """Opens a window of its own for somebody, signed in through the sign-in page."""
    contexts = []

    def open_for(user: User, *, phone: bool = False, password: str = PASSWORD) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport=PHONE if phone else WIDE, has_touch=phone
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: _note(complaints, page, message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.goto("/")
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")
        return page

    yield open_for
    for context in contexts:
        context.close()


def _note(complaints: list[str], page: Page, kind: str, text: str) -> None:
    # A refused form answers 409 or 422, which the browser reports as a failed resource.
    if kind == "error" and "status of 409" not in text and "status of 422" not in text:
        complaints.append(f"{page.url}: {text}")
