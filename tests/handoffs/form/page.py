"""The SDR’s form as a browser reads and sends it."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

from handoffs.models import Handoff


class FormReader(HTMLParser):
    """What a browser would send from the page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select = self._textarea = ""
        self._first: str | None = None
        self._inert = 0
        self._off = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "template":
            self._inert += 1
        if self._inert:
            return
        name = found.get("name", "")
        if tag == "input" and name:
            kind = found.get("type", "text")
            if kind not in ("checkbox", "radio") or "checked" in found:
                on = "on" if kind == "checkbox" else ""
                self.fields[name] = found.get("value", on)
        elif tag == "select":
            self._select, self._first = name, None
        elif tag == "option" and self._select:
            value = found.get("value", "")
            if self._first is None:
                self._first = value
                self.fields[self._select] = value
            if "selected" in found:
                self.fields[self._select] = value
        elif tag == "textarea":
            self._textarea = name
            self.fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._inert -= 1
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea and not self._inert:
            self.fields[self._textarea] += data


def fields_of(response: HttpResponse) -> dict[str, str]:
    reader = FormReader()
    text = response.content.decode()
    start = (
        text.index('<form id="package"')
        if '<form id="package"' in text
        else text.index("<form class")
    )
    reader.feed(text[start:])
    fields = {name: value.removeprefix("\n") for name, value in reader.fields.items()}
    return {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}


def page_of(desk: Client, handoff: Handoff) -> dict[str, str]:
    response = desk.get(f"/handoffs/{handoff.pk}/edit/")
    assert response.status_code == 200
    return fields_of(response)


def send(desk: Client, handoff: Handoff, fields: dict[str, Any], do: str = "save") -> Any:
    return desk.post(f"/handoffs/{handoff.pk}/edit/", {**fields, "do": do})


def autosave(desk: Client, handoff: Handoff, fields: dict[str, Any], do: str = "autosave") -> Any:
    return desk.post(
        f"/handoffs/{handoff.pk}/edit/",
        {**fields, "do": do},
        headers={"accept": "application/json"},
    )
