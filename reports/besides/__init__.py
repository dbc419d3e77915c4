"""What else the reports show: one function per table, with one query or two each."""

from collections.abc import Callable
from datetime import datetime

from reports.besides import data, packages, people, promises
from reports.periods import Period
from reports.scope import Scope
from reports.tables import Table

Asked = Callable[[Period, Scope, datetime], Table]

SECTIONS: tuple[tuple[str, tuple[Asked, ...]], ...] = (
    (
        "Promises",
        (promises.untouched, promises.attainment, promises.causes, promises.unconfirmed),
    ),
    (
        "Packages",
        (packages.reasons, packages.first_tries, packages.gate, packages.context_loss),
    ),
    ("Speed and preparation", (people.speed, people.unprepared, people.load)),
    ("Data", (data.freshness, data.decay)),
)
BY_KEY: dict[str, Asked] = {
    function.__name__: function for _, functions in SECTIONS for function in functions
}
