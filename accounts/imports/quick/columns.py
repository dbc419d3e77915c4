"""The cells of a contacts file as plain values; one that is not plain leaves its row to be read
with care.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from accounts.changes import LEFT_ON
from accounts.domains import FREE_MAIL
from accounts.imports import parsing
from accounts.imports.quick.phones import quick_phone
from accounts.imports.shared import FOREIGN_IDS
from accounts.matching import BY_ID
from team.sheets import cells
from team.sheets.reading import Row

PHONES = ("phone", "mobile")
_LOCAL = "local:"  # a number whose country is still to be found
# News of its own, or what others are found by: whoever is known is read with care
WITH_CARE = frozenset({LEFT_ON, "last_name"})

Given = tuple[Any, ...]  # the values of a row, in the order of `Columns`


def _phone(cell: str) -> str | None:
    cell = cell.strip().removeprefix("'")
    return quick_phone(cell) if cell.startswith("+") else cell and f"{_LOCAL}{cell}"


READERS: dict[str, cells.Reader] = {
    "id": cells.number,
    "first_name": cells.text(60),
    "last_name": cells.text(60),
    "title": cells.text(120),
    "email": cells.email,
    "phone": _phone,
    "phone_extension": cells.digits(11),
    "mobile": _phone,
    "profile_url": cells.web_address,
    "role": cells.few(parsing.CONTACT["role"]),
    "attitude": cells.few(parsing.CONTACT["attitude"]),
    "left_on": cells.few(parsing.CONTACT["left_on"]),
    "source": cells.text(60),
    # An exponent may be a number that a spreadsheet has spoilt
    **{field: cells.text(64, refused="+") for field in FOREIGN_IDS},
    "company": cells.text(120),
    "company_domain": cells.domain(FREE_MAIL),
    "company_country": cells.few(parsing.CONTACT["company_country"]),
    "owner": cells.text(200),
}
# Fields of the contact itself, in the order in which they are compared.
FIELDS = (
    "first_name", "last_name", "title", "email", "phone", "phone_extension", "mobile",
    "profile_url", "role", "attitude", "left_on", "source", *FOREIGN_IDS,
)  # fmt: skip


class Columns:
    """What the columns of one file are, and where each stands in the values of a row."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._readers = [(place, READERS[name]) for name, place in places.items()]
        self.place = {name: n for n, name in enumerate(places)}
        self.ids = [name for name in FOREIGN_IDS if name in places]
        self.fields = [name for name in FIELDS if name in places and name not in FOREIGN_IDS]
        self.keys = [name for name in BY_ID if name in places]

    def plain(self, rows: list[Row]) -> list[tuple[int, Given]]:
        """The rows of which every cell is plain, by their place among `rows`."""
        places = [place for place, row in enumerate(rows) if not row.problem]
        columns = [
            map(reader, [rows[place].cells[column] for place in places])
            for column, reader in self._readers
        ]
        return [
            (place, given)
            for place, given in zip(places, zip(*columns, strict=True), strict=True)
            if None not in given
        ]

    def value(self, given: Given, name: str) -> Any:
        """What the row says of `name`; empty where it or the file says nothing."""
        place = self.place.get(name)
        return "" if place is None else given[place]

    def of_the_contact(self, given: Given, region: str) -> dict[str, Any] | None:
        """The fields of the contact that the row has a word for.

        None where a number needs care. `region` is the country of numbers that name none.
        """
        values: dict[str, Any] = {}
        for name in chain(self.fields, self.ids):
            value = given[self.place[name]]
            if value == "":
                continue
            if name in PHONES and value.startswith(_LOCAL):
                value = quick_phone(value[len(_LOCAL) :], region)
                if value is None:
                    return None
            values[name] = value
        return values
