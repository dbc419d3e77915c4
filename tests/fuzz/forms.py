"""Reads the forms and the links of a page, to send them back with other values."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Field:
    """One named box: what stands in it, what kind it is, what a select offers."""

    name: str
    kind: str
    values: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)


@dataclass
class Form:
    method: str
    action: str
    fields: dict[str, Field] = field(default_factory=dict)

    def filled(self) -> dict[str, list[str]]:
        """What the browser would send if nobody typed anything."""
        return {f.name: list(f.values) for f in self.fields.values() if f.values}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.asked: set[str] = set()
        self._form: Form | None = None
        self._field: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("method", "get").lower(), given.get("action", ""))
            self.forms.append(self._form)
        elif tag == "a":
            query = urlsplit(given.get("href", "")).query
            self.asked |= {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        elif tag == "option" and self._field is not None:
            self._field.offered.append(given.get("value", ""))
            if "selected" in given:
                self._field.values.append(given.get("value", ""))
        elif tag in ("input", "select", "textarea", "button") and self._form is not None:
            self._box(tag, given)

    def _box(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        name = given.get("name", "")
        if not name or "disabled" in given:
            return
        kind = given.get("type", "text") if tag == "input" else tag
        box = self._form.fields.setdefault(name, Field(name, kind))
        if tag == "input" and kind in ("checkbox", "radio"):
            box.offered.append(given.get("value", "on"))
            if "checked" in given:
                box.values.append(given.get("value", "on"))
        elif tag == "input":
            box.values.append(given.get("value", ""))
        elif tag == "button":
            box.offered.append(given.get("value", ""))
        self._field = box if tag in ("select", "textarea") else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag in ("select", "textarea"):
            self._field = None

    def handle_data(self, data: str) -> None:
        if self._field is not None and self._field.kind == "textarea":
            self._field.values = ["".join([*self._field.values, data])]


def read(html: str) -> tuple[list[Form], set[str]]:
    """The page's forms, and the names that its links put into addresses."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms, reader.asked
