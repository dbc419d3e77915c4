"""Takes the pictures of README and docs from a demo of its own: `make screenshots`.

With an address, such as http://127.0.0.1:8000, from the demo that is served there.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

# picture, who, address, the links to follow from it (“one or another”), viewport, dark
A_PACKAGE = " or ".join(
    f"[aria-labelledby='block-{block}'] a[href^='/handoffs/']" for block in ("drafts", "returned")
)
TO_PREPARE = "[aria-labelledby='block-prepare'] a[href^='/handoffs/']"
LEDGER = "a[href*='/minutes/']"
Shot = tuple[str, str, str, list[str], dict[str, int], bool]
SHOTS: list[Shot] = [
    ("queue", "ae", "/queue/", [], WIDE, False),
    ("queue-phone", "ae", "/queue/", [], PHONE, True),
    ("brief", "ae", "/queue/", ["#queue-rows [data-open]"], WIDE, False),
    ("form", "sdr", "/", [A_PACKAGE, "a[href$='/edit/']"], WIDE, False),
    ("prepare", "ae", "/", [TO_PREPARE, ".step a[href$='/prepare/']"], WIDE, False),
    ("attention", "manager", "/sla/attention/", [], WIDE, False),
    ("minutes", "manager", "/sla/attention/", [LEDGER], WIDE, False),
    ("map", "manager", "/sla/map/", [], WIDE, False),
    ("reports", "manager", "/reports/", [], WIDE, False),
    ("coverage", "revops", "/sla/coverage/", [], WIDE, True),
    ("review", "manager", "/reports/review/", [], WIDE, False),
]
EMPTY_SHOTS: list[Shot] = [("start", "rita", "/start/", [], WIDE, False)]
DEMO_PASSWORD, OWN_PASSWORD = "demo", secrets.token_urlsafe()


def main() -> None:
    if len(sys.argv) > 1:
        take_all(sys.argv[1].rstrip("/"), SHOTS, DEMO_PASSWORD)
        return
    with served("--prepare") as site:
        take_all(site, SHOTS, DEMO_PASSWORD)
    with served("--prepare", first_admin=True) as site:
        take_all(site, EMPTY_SHOTS, OWN_PASSWORD)


@contextmanager
def served(*options: str, first_admin: bool = False) -> Iterator[str]:
    """The address of a desk of its own: with the demo, or empty but for its first admin."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        environment = {
            **os.environ,
            "VAR_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/desk.sqlite3",
            "EMAIL_URL": "dummy://",
            "FIRST_ADMIN_PASSWORD": OWN_PASSWORD,
        }
        manage = [sys.executable, "manage.py"]
        if first_admin:
            admin = ["first_admin", "--username=rita", "--email=rita@example.com"]
            for command in (["migrate", "--verbosity=0"], admin):
                subprocess.run([*manage, *command], cwd=ROOT, env=environment, check=True)
        serve = [*manage, "serve", *options, address]
        server = subprocess.Popen(serve, cwd=ROOT, env=environment)
        try:
            wait_for(f"http://{address}/admin/login/", server)
            yield f"http://{address}"
        finally:
            server.terminate()
            server.wait(60)


def take_all(site: str, shots: list[Shot], password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for shot in shots:
            take(browser, site, password, *shot)


def take(
    browser: Browser,
    site: str,
    password: str,
    name: str,
    who: str,
    address: str,
    follow: list[str],
    viewport: dict[str, int],
    dark: bool,
) -> None:
    """One picture of one page, as that person sees it."""
    context = browser.new_context(
        base_url=site, viewport=viewport, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
    page.goto(address)
    page.wait_for_load_state("networkidle")
    for link in follow:
        there = [page.locator(one) for one in link.split(" or ")]
        next((one for one in there if one.count()), there[0]).first.click()
        page.wait_for_load_state("networkidle")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
    print(f"docs/pictures/{name}.png")
    context.close()


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Until the server answers; the demo is being made meanwhile."""
    while server.poll() is None:
        try:
            urlopen(address, timeout=5).close()  # noqa: S310  our own server
        except (URLError, OSError):
            try:
                server.wait(1)
            except subprocess.TimeoutExpired:
                continue
        else:
            return
    raise SystemExit("The server did not start.")


if __name__ == "__main__":
    main()
