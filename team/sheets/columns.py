"""What the columns of a file mean where no format says it: asked once, then remembered."""

import difflib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Case, IntegerField, Value, When

from team.models import ColumnMatch, User
from team.sheets.formats import Format, choose, plain

SAMPLES = 3  # rows that are shown beside the question
LEFT_OUT = ("", "Leave it out")


def digest_of(headers: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(map(plain, headers)).encode()).hexdigest()


def remembered(kind: str, headers: Sequence[str], user: User) -> ColumnMatch | None:
    """What these headers mean: to this person, else to whoever said it last."""
    mine = Case(When(by=user, then=Value(0)), default=Value(1), output_field=IntegerField())
    known = ColumnMatch.objects.filter(kind=kind, headers=digest_of(headers))
    found = known.select_related("by").order_by(mine, "-at").first()
    # The same header in another spelling is the same header
    if found is not None:
        names = {plain(header): header for header in headers}
        found.columns = {names[plain(h)]: f for h, f in found.columns.items() if plain(h) in names}
    return found


def remember(
    kind: str, headers: Sequence[str], columns: dict[str, str], *, by: User, at: datetime
) -> None:
    """Keep what this person said the columns mean, for the next file with the same header."""
    ColumnMatch.objects.update_or_create(
        kind=kind, headers=digest_of(headers), by=by, defaults={"columns": columns, "at": at}
    )


class ColumnsForm(forms.Form):
    """For each column of the file a choice of our fields, guessed as well as may be."""

    def __init__(
        self,
        formats: Sequence[Format],
        headers: list[str],
        samples: Sequence[Sequence[str]],
        known: Mapping[str, str],
        data: Any = None,
    ) -> None:
        super().__init__(data)
        self.headers = headers
        own = formats[0]
        named = {
            column.field: column.header for item in reversed(formats) for column in item.columns
        }
        named |= {column.field: column.header for column in own.columns}
        named.pop("", None)
        self.needed = {column.field: column.header for column in own.columns if column.required}
        choices = [LEFT_OUT, *((field, _words(header)) for field, header in named.items())]
        guessed = guesses(formats, headers) if not known else dict(known)
        for place, header in enumerate(headers):
            cells = [row[place][:40] for row in samples if row[place].strip()]
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=header,
                required=False,
                choices=choices,
                initial=guessed.get(header, ""),
                help_text=f"Such as {', '.join(cells)}" if cells else "Empty in the first rows",
            )

    def clean(self) -> dict[str, Any]:
        """Adds `columns`: header → field, of the columns that are to be read."""
        columns: dict[str, str] = {}
        for place, header in enumerate(self.headers):
            field = self.cleaned_data.get(f"column-{place}")
            if not field:
                continue
            if field in columns.values():
                self.add_error(f"column-{place}", "Another column means this already.")
            columns[header] = field
        if not self.errors and not set(self.needed) & set(columns.values()):
            wanted = " or ".join(f"“{_words(header)}”" for header in self.needed.values())
            raise forms.ValidationError(f"Say which column is {wanted}.")
        return {**self.cleaned_data, "columns": columns}


def doubtful(formats: Sequence[Format], headers: Sequence[str]) -> list[str]:
    """The headers of a sheet of one's own that we can guess and would all the same leave out.

    A file of a known system is taken as it is: its further columns are known to be of no use.
    Raises UnknownColumns as `choose` does.
    """
    mapping = choose(formats, headers)
    if mapping.format != formats[0]:
        return []
    guessed = guesses(formats, headers)
    return [h for h in mapping.unknown if guessed.get(h, "") not in {"", *mapping.places}]


def guesses(formats: Sequence[Format], headers: Iterable[str]) -> dict[str, str]:
    """For each header the field that any format calls so, or nearly so; each field once."""
    known = {
        plain(column.header): column.field
        for item in reversed(formats)
        for column in item.columns
        if column.field
    }
    found: dict[str, str] = {}
    for cutoff in (1.0, 0.8):
        for header in headers:
            near = difflib.get_close_matches(plain(header), known, n=1, cutoff=cutoff)
            if header not in found and near and known[near[0]] not in found.values():
                found[header] = known[near[0]]
    return found


def _words(header: str) -> str:
    return header.replace("_", " ").capitalize()
