"""The tables of a policy, a calendar or backups tried on the past; the replay is sla’s."""

from collections import Counter

from reports.figures import rate
from reports.tables import COUNT, RATE, TEXT, Column, Row, Table
from sla.simulation import Trial
from team.models import User

SIDES = (Column("As it was", COUNT), Column("As tried", COUNT))


def side_by_side(trial: Trial) -> Table:
    """What would have been missed, promise by promise."""
    before, after = trial.before, trial.after
    rows = tuple(
        Row(
            (
                str(kind.label),
                rate(before.missed[kind], before.clocks[kind]),
                rate(after.missed[kind], after.clocks[kind]),
            )
        )
        for kind in trial.kinds()
    )
    columns = (
        Column("Promise", TEXT),
        Column("Missed as it was", RATE),
        Column("Missed as tried", RATE),
    )
    return Table("sides", "Missed promises, side by side", columns, rows)


def steps(trial: Trial) -> Table:
    """Which alerts would have gone out."""
    before, after = trial.before, trial.after
    rows = tuple(
        Row((str(one.label), before.steps[one], after.steps[one])) for one in trial.actions()
    )
    return Table("alerts", "Alerts", (Column("Alert", TEXT), *SIDES), rows, "", "None.")


def people(trial: Trial) -> Table:
    """What each would have held when it was missed, by name."""
    sides = (trial.before.people, trial.after.people)
    return _by_person(
        "people",
        "Who would have held what was missed",
        sides,
        "A missed promise is a failure of the process, not of a person.",
    )


def woken(trial: Trial) -> Table:
    """Whom the alerts would have reached, and how often at night, by name."""
    counters = (trial.before.woken, trial.after.woken, trial.before.nights, trial.after.nights)
    columns = (
        Column("Person", TEXT),
        *SIDES,
        Column("At night, as it was", COUNT),
        Column("At night, as tried", COUNT),
    )
    note = (
        "Whom reminders, alerts and hand-overs would have reached: managers and backups as they "
        "are today, absences as they were. Night is from 22:00 to 7:00 of their own zone."
    )
    return Table("woken", "Who would have been woken", columns, _named(counters), note, "Nobody.")


def _by_person(key: str, title: str, sides: tuple[Counter[int | None], ...], note: str) -> Table:
    columns = (Column("Person", TEXT), *SIDES)
    return Table(key, title, columns, _named(sides), note, "Nobody.")


def _named(counters: tuple[Counter[int | None], ...]) -> tuple[Row, ...]:
    keys = {pk for counter in counters for pk in counter if any(each[pk] for each in counters)}
    names = User.objects.in_bulk([pk for pk in keys if pk])
    rows = [
        Row((str(names[pk]) if pk else "Nobody", *(counter[pk] for counter in counters)))
        for pk in keys
    ]
    return tuple(sorted(rows, key=lambda row: row.cells[0]))
