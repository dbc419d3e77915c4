"""The parts of a load run beside the crowds: each works at the desk and says how it held.

Log-ins, deliveries of a data source, a long import, a long export, a thousand due clocks at once,
and what is wrong afterwards.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from benchmarks.held import Held, p95
from benchmarks.served import Crowd, Home
from team import signing

SIGN_INS, SIGN_IN_WITHIN = 50, 2000  # in a minute; ms
HOOKS, HOOK_WITHIN, TO_READ = 50, 300, 90  # each second; ms; seconds for the worker to read them
ROWS, IMPORT_WITHIN, EXPORT_WITHIN, PAGES_MEANWHILE = 5_000, 60, 10, 1000  # s, s, ms
DUE, SWEPT_WITHIN, SWEPT_BESIDE = 1_000, 10, 60  # clocks; seconds alone, and beside 25 people
A_STEP_EACH, LEFT_WITHIN, LEFT_SHARE = 3, 90, 0.999  # s, s
PATIENCE = 30  # seconds for any answer
LONGEST = 180  # seconds for an import or a sweep, after which it has failed
TOKEN = "t" * 32


def sign_ins(home: Home, seconds: int) -> list[Held]:
    """Fifty people sign in within a minute, by password."""
    names = home.stage["names"]

    def sign_in(number: int) -> tuple[bool, float]:
        with httpx.Client(base_url=home.at, timeout=PATIENCE) as browser:
            page = browser.get("/admin/login/")
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
            fields = {"username": names[number % len(names)], "password": "demo"}
            began = time.monotonic()
            answer = browser.post(
                "/admin/login/?next=/",
                data=fields | {"csrfmiddlewaretoken": token[1] if token else ""},
            )
            took = time.monotonic() - began
            return answer.status_code == 302 and "sessionid" in browser.cookies, took

    count = max(1, SIGN_INS * seconds // 60)
    done = at_pace(count, SIGN_INS / 60, sign_in)
    return [
        _times(f"{count} log-ins in {seconds} s", done, SIGN_IN_WITHIN),
        _none_lost(f"{count} log-ins: all let in", done),
    ]


def deliveries(home: Home, seconds: int) -> list[Held]:
    """A data source posts fifty signed updates a second; the worker reads them."""
    secret = home.stage["secret"]

    def post(number: int) -> tuple[bool, float]:
        now = datetime.now(UTC)
        person = {
            "id": f"load-{number}",
            "first_name": "Kim",
            "last_name": f"Delivered{number}",
            "email": f"kim{number}@delivered.example",
            "title": "CRO",
            "company": {"domain": "delivered.example", "name": "Delivered"},
        }
        body = json.dumps(
            {"type": "contact.created", "occurred_at": now.isoformat(), "data": person}
        )
        headers = signing.sign([secret], message_id=f"load_{number}", body=body, now=now)
        began = time.monotonic()
        answer = browser.post(
            "/hooks/enrichment/load/",
            content=body,
            headers=headers | {"Content-Type": "application/json"},
        )
        return answer.status_code == 202, time.monotonic() - began

    count = HOOKS * seconds
    with httpx.Client(base_url=home.at, timeout=PATIENCE) as browser:
        done = at_pace(count, HOOKS, post)
    began = time.monotonic()
    state = home.ask("deliveries", PATIENCE)
    while state["open"] and time.monotonic() - began < TO_READ:
        time.sleep(1)
        state = home.ask("deliveries", PATIENCE)
    took = time.monotonic() - began
    return [
        _times(f"{HOOKS} deliveries/s for {seconds} s", done, HOOK_WITHIN),
        _none_lost(f"{count} deliveries: all answered 202", done),
        Held("deliveries lost: 0", f"{count - state['kept']}", state["kept"] == count, False),
        Held(f"all read by the worker ≤ {TO_READ} s", f"{state['done']} in {took:.0f} s",
             state["done"] == count),
    ]  # fmt: skip


def an_import(home: Home, people: int, rows: int, seconds: int) -> tuple[list[Held], Crowd]:
    """A file of new contacts is checked, confirmed and written by the worker; people work on."""
    with home.at_work(people, seconds) as met:
        time.sleep(min(5, seconds / 4))
        began = time.monotonic()
        run = home.ask(f"bring {rows}", PATIENCE)["run"]
        found = {"state": "", "words": ""}
        while found["state"] not in ("done", "failed", "refused", "cancelled"):
            if time.monotonic() - began > LONGEST:
                break
            time.sleep(0.5)
            found = home.ask(f"import_state {run}", PATIENCE)
        took = time.monotonic() - began
    held = [
        Held(f"import of {rows:,} rows ≤ {IMPORT_WITHIN} s", f"{took:.1f} s",
             took <= IMPORT_WITHIN),
        Held(f"import of {rows:,} rows: done", found["state"], found["state"] == "done", False),
        Held(f"{people} people beside it: p95 ≤ {PAGES_MEANWHILE} ms", f"{met[0].p95} ms",
             met[0].p95 <= PAGES_MEANWHILE),
    ]  # fmt: skip
    return held, met[0]


def an_export(home: Home, rows: int) -> list[Held]:
    """A RevOps admin takes the contacts along that were just imported."""
    with httpx.Client(base_url=home.at, timeout=PATIENCE * 4) as browser:
        browser.cookies.set("sessionid", home.stage["sessions"]["revops"][0]["key"])
        browser.cookies.set("csrftoken", TOKEN)
        address = "/admin/accounts/contact/export/?q=Imported"
        page = browser.get(address)
        names = re.findall(r'<input[^>]*type="checkbox"[^>]*name="(\w+)"', page.text)
        names += re.findall(r'<input[^>]*name="(\w+)"[^>]*type="checkbox"', page.text)
        fields = dict.fromkeys(names, "on") | {"format": "0", "csrfmiddlewaretoken": TOKEN}
        resource = re.search(r'name="resource"[^>]*value="(\w*)"', page.text)
        fields["resource"] = resource[1] if resource else "0"
        began = time.monotonic()
        answer = browser.post(address, data=fields, headers={"X-CSRFToken": TOKEN})
        took = time.monotonic() - began
    is_file = "attachment" in answer.headers.get("Content-Disposition", "")
    found = answer.text.strip().count("\n") if is_file else 0
    return [
        Held(f"export of {rows:,} rows ≤ {EXPORT_WITHIN} s", f"{took:.1f} s",
             took <= EXPORT_WITHIN),
        Held(f"export of {rows:,} rows: all there", f"{found:,}", found == rows, False),
    ]  # fmt: skip


def sweeps(home: Home, people: int, seconds: int) -> tuple[list[Held], Crowd]:
    """A thousand clocks fall due at one instant, first with nobody at work, then beside people."""
    alone = home.ask(f"sweep {DUE}", LONGEST)
    with home.at_work(people, seconds) as met:
        time.sleep(min(5, seconds / 4))
        beside = home.ask(f"sweep {DUE}", LONGEST)
    held = []
    for words, done, within in (
        ("", alone, SWEPT_WITHIN),
        (f" beside {people} people", beside, SWEPT_BESIDE),
    ):
        held += [
            Held(f"{DUE:,} due clocks{words} ≤ {within} s", f"{done['seconds']:.1f} s",
                 done["seconds"] <= within),
            Held(f"{DUE:,} due clocks{words}: each fired once", f"{done['fired']:,}",
                 done["fired"] == DUE, False),
        ]  # fmt: skip
    return held, met[0]


def escalations(home: Home, seconds: int) -> list[Held]:
    """A step falls due every few seconds for so long; how many messages left within 90 s of it."""
    began = time.monotonic()
    for number in range(max(1, (seconds - LEFT_WITHIN) // A_STEP_EACH)):
        time.sleep(max(0.0, began + number * A_STEP_EACH - time.monotonic()))
        home.ask("fall_due 1", PATIENCE)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    found = home.ask("told", LONGEST)
    share = found["in_time"] / found["due"]
    return [
        Held(f"{found['due']} escalations: left within {LEFT_WITHIN} s ≥ {LEFT_SHARE:.1%}",
             f"{share:.1%}", share >= LEFT_SHARE, False),
        Held("escalations that told nobody: 0", f"{found['due'] - found['told']}",
             found["due"] == found["told"], False),
    ]  # fmt: skip


def afterwards(home: Home) -> list[Held]:
    """What must never be, whatever the load was."""
    wrong = home.ask("invariants", LONGEST)
    troubles = home.troubles()
    for line in troubles[:5]:
        print(f"  log: {line[:160]}")
    wrong["errors in the logs"] = len(troubles)
    return [Held(f"{name}: 0", str(count), count == 0, False) for name, count in wrong.items()]


def at_pace(
    count: int, per_second: float, work: Callable[[int], tuple[bool, float]]
) -> list[tuple[bool, float]]:
    """Do `work` so many times, begun at an even pace however long each takes."""
    with _pool() as pool:
        began, asked = time.monotonic(), []
        for number in range(count):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            asked.append(pool.submit(_safely, work, number))
        return [one.result() for one in asked]


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def _safely(work: Callable[[int], tuple[bool, float]], number: int) -> tuple[bool, float]:
    began = time.monotonic()
    try:
        return work(number)
    except httpx.TransportError:
        return False, time.monotonic() - began


def _times(what: str, done: list[tuple[bool, float]], limit: int) -> Held:
    found = 1000 * p95([took for _, took in done])
    return Held(f"{what}: p95 ≤ {limit} ms", f"{found:.0f} ms", found <= limit)


def _none_lost(what: str, done: list[tuple[bool, float]]) -> Held:
    good = sum(is_good for is_good, _ in done)
    return Held(what, f"{good} of {len(done)}", good == len(done), False)
