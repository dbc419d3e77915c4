"""How heavy our own pages are: requests and compressed bytes, the first time and once cached.

The budget stands in docs/promises.md: 350 kB cold, 40 kB warm, 20 requests. Warm is the page
itself: in production everything else has a hash in its name and is kept for good.
"""

from urllib.parse import urlsplit

import brotli
import pytest
from playwright.sync_api import Page, Response

from tests.browser.conftest import WIDE, SignedIn
from tests.permissions import world as worlds

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_COLD, MOST_WARM, MOST_REQUESTS = 350_000, 40_000, 20
SQUEEZED = ("text/", "application/javascript", "application/json", "image/svg")


def test_our_own_pages_are_light(signed_in: SignedIn) -> None:
    world = worlds.build()
    ae, manager = world.actors["AE"], world.actors["manager"]
    assert ae is not None and manager is not None
    mine = world.things["taken"].pk
    weights = {
        "my work": weigh(signed_in(ae), "/"),
        "queue": weigh(signed_in(ae), "/queue/"),
        "brief": weigh(signed_in(ae), f"/handoffs/{mine}/"),
        "reports": weigh(signed_in(manager), "/reports/"),
    }
    for name, (requests, cold, warm) in weights.items():
        print(f"{name}: {requests} requests, {cold / 1000:.0f} kB cold, {warm / 1000:.1f} kB warm")
    assert {n: w for n, w in weights.items() if w[0] > MOST_REQUESTS} == {}
    assert {n: w for n, w in weights.items() if w[1] > MOST_COLD} == {}
    assert {n: w for n, w in weights.items() if w[2] > MOST_WARM} == {}


def weigh(signed: Page, address: str) -> tuple[int, int, int]:
    """Requests, compressed bytes of all of them, and of the page alone."""
    browser = signed.context.browser
    assert browser is not None
    home = "{0.scheme}://{0.netloc}".format(urlsplit(signed.url))
    fresh = browser.new_context(storage_state=signed.context.storage_state(), viewport=WIDE)  # type: ignore[arg-type]
    page = fresh.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(home + address, wait_until="networkidle")
    sizes = {answer.url: _size(answer) for answer in answers if answer.status == 200}
    fresh.close()
    return len(answers), sum(sizes.values()), sizes[home + address]


def _size(answer: Response) -> int:
    body = answer.body()
    kind = answer.headers.get("content-type", "")
    return len(brotli.compress(body, quality=5)) if kind.startswith(SQUEEZED) else len(body)
