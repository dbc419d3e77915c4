"""Whatever anybody sends, no answer is a 5xx. `make fuzz` sends far more than the suite does.

FUZZ is how many requests are sent, FUZZ_SEED which ones, FUZZ_FIRST the number of the first: a
failure names both, so `FUZZ=1 FUZZ_SEED=… FUZZ_FIRST=…` sends the same request again.
"""

import logging
import os
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from tests.fuzz.tries import Maker, Try
from tests.permissions import world as worlds
from tests.permissions.matrix import lines

COUNT = int(os.environ.get("FUZZ", "250"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
FIRST = int(os.environ.get("FUZZ_FIRST", "0"))

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def hush() -> Iterator[None]:
    """Each refusal is logged; thousands of them would bury the one line that matters."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def maker(django_db_setup: None, django_db_blocker: Any) -> Iterator[Maker]:
    with (
        django_db_blocker.unblock(),
        time_machine.travel(worlds.MONDAY_AT_TEN, tick=False),
        transaction.atomic(),
    ):
        world = worlds.build()
        clients = {}
        for actor, user in world.actors.items():
            clients[actor] = Client(raise_request_exception=False)
            if user is not None:
                clients[actor].force_login(user)
        yield Maker(list(lines()), world, clients)
        transaction.set_rollback(True)


def test_no_answer_is_a_5xx(maker: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    broken: dict[str, list[str]] = {}
    answers: Counter[str] = Counter()
    slow: list[tuple[float, Try]] = []
    for one in maker.tries(SEED, COUNT, FIRST):
        began = time.perf_counter()
        response = _send(maker, one)
        slow.append((time.perf_counter() - began, one))
        answers[f"{one.method} {response.status_code}"] += 1
        if response.status_code >= 500:
            broken.setdefault(_where(response), []).append(str(one))
    if COUNT > 1000:
        with capsys.disabled():
            _table(answers, slow)
    told = "\n".join(
        f"{len(tries)} × {where}\n    {tries[0]}" for where, tries in sorted(broken.items())
    )
    assert not broken, f"seed {SEED}:\n{told}"
    if COUNT >= 200:  # else nothing got past the door, and this test would prove nothing
        assert sum(n for answer, n in answers.items() if answer == "post 302") > COUNT / 50
        assert sum(n for answer, n in answers.items() if answer == "get 200") > COUNT / 10


def _send(maker: Maker, one: Try) -> HttpResponse:
    client = maker.clients[one.actor]
    cookies = client.cookies.copy()
    with transaction.atomic():
        send = getattr(client, one.method)
        response: HttpResponse = send(one.url, one.data or None, **one.headers)
        if response.streaming:
            b"".join(response)  # type: ignore[arg-type]
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


def _where(response: Any) -> str:
    """The exception and the last lines of ours that it went through."""
    if not response.exc_info:
        return f"an answer of {response.status_code}"
    kind, error, trace = response.exc_info
    ours = [
        f"{frame.filename.rpartition('/site-packages/')[2][-60:]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]
    return f"{kind.__name__}: {str(error)[:200]}\n    " + "\n    ".join(ours[-4:])


def _table(answers: Counter[str], slow: list[tuple[float, Try]]) -> None:
    slow.sort(key=lambda pair: pair[0])
    print(f"\n\nseed {SEED}: {len(slow)} requests")
    for answer, number in sorted(answers.items()):
        print(f"  {answer:14} {number:6}")
    for share in (0.5, 0.95, 0.99):
        print(f"  p{share * 100:.0f} {slow[int(share * (len(slow) - 1))][0] * 1000:.0f} ms")
    for seconds, one in slow[-3:]:
        print(f"  {seconds * 1000:.0f} ms: {one}")
