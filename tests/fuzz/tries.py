"""Makes up requests nobody would send on purpose; the same number makes the same request again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.fuzz import words
from tests.fuzz.forms import Field, Form, read
from tests.permissions.matrix import ACTORS, Line
from tests.permissions.test_matrix import arguments
from tests.permissions.world import World

# Signed out, nobody tries anything any more; the health checks say 503 where no worker runs
LEFT_ALONE = {"admin:logout", "healthz", "admin:jsi18n"}


@dataclass
class Try:
    """One request: enough to send it, and to send it again."""

    number: int
    line: Line
    actor: str
    method: str = "get"
    url: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        sent = {name: str(value)[:60] for name, value in self.data.items()}
        return f"{self.number}: {self.actor} {self.method} {self.url[:150]!r} {sent}"


class Maker:
    """Takes turns through the addresses; reads each page's forms once for each actor."""

    def __init__(self, lines: list[Line], world: World, clients: dict[str, Client]) -> None:
        self.lines = [line for line in lines if line.name not in LEFT_ALONE]
        Random(5).shuffle(self.lines)
        self.world = world
        self.clients = clients
        self._pages: dict[tuple[str, str], tuple[list[Form], set[str]]] = {}

    def tries(self, seed: int, count: int, first: int = 0) -> Iterator[Try]:
        for number in range(first, first + count):
            yield self._one(number, Random(f"{seed}-{number}"))

    def _one(self, number: int, dice: Random) -> Try:
        line = self.lines[number % len(self.lines)]
        actor = self._actor(line, dice)
        url = reverse(line.name, kwargs=arguments(line, self.world))
        one = Try(number, line, actor, url=url)
        if dice.random() < 0.06:
            one.url = re.sub(r"(?<=/)\d+(?=/|$)", dice.choice(words.STRANGE_IDS), url)
        if dice.random() < 0.15:
            one.headers = {"HTTP_HX_REQUEST": "true"}
        posts = [form for form in self._page(actor, url)[0] if form.method == "post"]
        if posts and dice.random() < 0.7:
            self._post(one, dice.choice(posts), dice)
        elif dice.random() < 0.2:
            one.method = dice.choice(["post", "put", "delete", "patch", "head", "options"])
            one.data = {dice.choice(words.ASKED): dice.choice(words.EVERYTHING)}
        else:
            self._get(one, self._page(actor, url), dice)
        one.data = {name: _sendable(value) for name, value in one.data.items()}
        return one

    def _actor(self, line: Line, dice: Random) -> str:
        """Mostly somebody who gets through: most of what there is to break lies behind the door."""
        through = [
            actor
            for actor, answer in zip(ACTORS, line.answers, strict=True)
            if re.search(r"\b(200|302|400|409|422)\b", answer)
        ]
        return dice.choice(through) if through and dice.random() < 0.9 else dice.choice(ACTORS)

    def _page(self, actor: str, url: str) -> tuple[list[Form], set[str]]:
        if (actor, url) not in self._pages:
            cookies = self.clients[actor].cookies.copy()
            response = self.clients[actor].get(url)
            self.clients[actor].cookies = cookies
            html = "text/html" in response.headers.get("Content-Type", "")
            body = b"" if response.streaming else response.content
            found = read(body.decode(errors="replace")) if html else ([], set())
            self._pages[actor, url] = found
        return self._pages[actor, url]

    def _post(self, one: Try, form: Form, dice: Random) -> None:
        one.method = "post"
        if form.action.startswith("/") and "logout" not in form.action:
            one.url = form.action
        one.data = dict(form.filled())
        boxes = [box for name, box in form.fields.items() if name != "csrfmiddlewaretoken"]
        for box in dice.sample(boxes, min(len(boxes), dice.choice([0, 1, 1, 2, 3, 8]))):
            self._change(one.data, box, dice)
        if dice.random() < 0.1:
            one.data[dice.choice(["status", "owner", "is_superuser", "version", "_save"])] = [
                dice.choice(words.ANYWHERE)
            ]

    def _change(self, data: dict[str, Any], box: Field, dice: Random) -> None:
        if box.kind == "file":
            name, content = dice.choice(words.files())
            data[box.name] = SimpleUploadedFile(name, content)
            return
        likely = words.KINDS.get(box.kind, words.ANYWHERE)
        if re.search(r"(_at|date|_on|starts|ends|until|when)", box.name):
            likely = words.MOMENTS
        what = dice.random()
        if what < 0.1:
            data.pop(box.name, None)
        elif what < 0.4 and box.offered:
            data[box.name] = dice.sample(box.offered, min(len(box.offered), dice.choice([1, 1, 3])))
        elif what < 0.7:
            data[box.name] = [dice.choice(likely)]
        elif what < 0.95:
            data[box.name] = [dice.choice(words.EVERYTHING)]
        else:
            data[box.name] = dice.sample(words.EVERYTHING, 2)

    def _get(self, one: Try, page: tuple[list[Form], set[str]], dice: Random) -> None:
        forms, linked = page
        own = {name for form in forms if form.method == "get" for name in form.fields} | linked
        names = sorted(own) if own and dice.random() < 0.7 else words.ASKED
        query = [
            (dice.choice(names), dice.choice(words.EVERYTHING)) for _ in range(dice.choice([1, 2]))
        ]
        one.url += "?" + urlencode(
            [(name, value[:4000]) for name, value in query], errors="surrogatepass", safe=quote("")
        )


def _sendable(value: Any) -> Any:
    """Half a character goes over the line as the bytes that it would be."""
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    return value.encode(errors="surrogatepass") if isinstance(value, str) else value
