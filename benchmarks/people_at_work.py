"""What people do all day, for locust: SDRs write, AEs work their queue, managers look.

Started by load.py, which makes the sessions. A save only counts when it is answered by the next
version of the package.
"""

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from locust import HttpUser, between, task

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fuzz.forms import read

TOKEN = "t" * 32
STAGE: dict[str, Any] = json.loads(Path(os.environ["STAGE"]).read_text())


class Person(HttpUser):
    abstract = True
    wait_time = between(1, 5)
    role = ""

    def on_start(self) -> None:
        mine = random.choice(STAGE["sessions"][self.role])
        self.client.cookies.set("sessionid", mine["key"])
        self.client.cookies.set("csrftoken", TOKEN)
        self.client.headers["X-CSRFToken"] = TOKEN
        self.briefs = mine["briefs"]

    def look(self, path: str, name: str) -> None:
        with self.client.get(path, name=name, catch_response=True) as answer:
            if answer.url.rstrip("/").endswith("login"):
                answer.failure("signed out")

    def brief(self) -> None:
        if self.briefs:
            self.look(f"/handoffs/{random.choice(self.briefs)}/", "detail")


class Sdr(Person):
    weight, role = 5, "sdr"

    def on_start(self) -> None:
        super().on_start()
        mine = STAGE["drafts"].pop()
        self.client.cookies.set("sessionid", mine["key"])
        self.draft = f"/handoffs/{mine['draft']}/edit/"

    @task(3)
    def home(self) -> None:
        self.look("/", "home")

    @task(2)
    def queue(self) -> None:
        self.look("/queue/", "queue")

    @task(1)
    def search(self) -> None:
        self.look(f"/admin/accounts/account/?q={random.choice('abcdefgh')}", "search")

    @task(3)
    def write(self) -> None:
        page = self.client.get(self.draft, name="form")
        forms = [form for form in read(page.text)[0] if "version" in form.fields]
        if not forms:
            return
        fields: dict[str, Any] = forms[0].filled()
        fields |= {"do": ["autosave"], "why_targeted": [f"They hire {random.random()} people."]}
        with self.client.post(
            self.draft,
            data=fields,
            name="save",
            headers={"Accept": "application/json"},
            catch_response=True,
        ) as answer:
            saved = answer.json().get("version") if answer.status_code == 200 else 0
            if saved != int(fields["version"][0]) + 1:
                answer.failure(f"{answer.status_code}, not the next version")


class Ae(Person):
    weight, role = 4, "ae"

    @task(4)
    def queue(self) -> None:
        self.look("/queue/", "queue")

    @task(4)
    def read(self) -> None:
        self.brief()

    @task(1)
    def home(self) -> None:
        self.look("/", "home")


class Manager(Person):
    weight, role = 1, "manager"

    @task(2)
    def home(self) -> None:
        self.look("/", "home")

    @task(1)
    def report(self) -> None:
        self.look("/reports/", "report")

    @task(1)
    def attention(self) -> None:
        self.look("/sla/attention/", "attention")

    @task(1)
    def search(self) -> None:
        self.look("/admin/handoffs/handoff/?q=acme", "search")
