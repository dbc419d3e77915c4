"""Who is there hour by hour, what an absence leaves, what to expect, and the nightly try."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from handoffs.models import Handoff, HandoffEvent
from messaging.models import Message
from sla import health, nightly
from sla.arrivals import arrivals
from sla.coverage_map import Map, maps
from sla.foreseen import foresee
from sla.intervals import common, length, union, without
from sla.models import Heartbeat
from team.models import Absence, Territory, User, WorkCalendar, WorkInterval

pytestmark = pytest.mark.django_db

HOUR, ZERO = timedelta(hours=1), timedelta(0)
MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
SPANS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 20)).map(
        lambda pair: (START + pair[0] * HOUR, START + (pair[0] + pair[1]) * HOUR)
    ),
    max_size=6,
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def hours(name: str, days: str, opens: str, closes: str) -> WorkCalendar:
    calendar = WorkCalendar.objects.create(name=name, time_zone="UTC")
    for day in days.split():
        WorkInterval.objects.create(calendar=calendar, weekday=day, opens=opens, closes=closes)
    return calendar


def alone(territory: Territory, *people: User) -> None:
    """Only these stand in the line: the first as its primary, the others in its team."""
    territory.coverage.all().delete()
    territory.primary = people[0]
    territory.save()
    territory.team.set(people)


def the_map(monday: date = MONDAY) -> Map:
    (found,) = maps(monday, NOW)
    return found


def states(found: Map) -> dict[str, list[str]]:
    return {row.hour: [cell.state for cell in row.cells] for row in found.rows}


def came(territory: Territory, sdr: User, *instants: datetime) -> None:
    """Handoffs that were submitted then, as far as the log goes."""
    for instant in instants:
        handoff = Handoff.objects.create(sdr=sdr, lead_source="mql")
        Handoff.objects.filter(pk=handoff.pk).update(territory=territory)
        HandoffEvent.objects.create(handoff=handoff, kind="submitted", occurred_at=instant)


@given(some=SPANS, others=SPANS)
def test_common_and_without_divide_what_there_is(some, others):  # type: ignore[no-untyped-def]
    both, rest = common(some, others), without(some, others)
    assert length(both) + length(rest) == length(union(some))
    assert common(both, rest) == []
    assert common(rest, others) == []


def test_a_week_with_its_primary_at_work_has_no_holes(north: Territory) -> None:
    found = the_map()
    assert states(found) == {
        f"{hour:02}:00": ["works"] * 5 + ["closed"] * 2 for hour in range(9, 17)
    }
    assert (found.holes, found.uncovered) == ([], ZERO)
    assert found.rows[0].cells[0].short == "AS"
    assert found.rows[0].cells[0].words == "Ana Silva works"


def test_an_absence_is_covered_by_its_cover_then_the_backup(
    north: Territory, ae: User, backup: User, other_ae: User
) -> None:
    Absence.objects.create(user=ae, cover=other_ae, starts_at=at(3, 0), ends_at=at(4, 0))
    Absence.objects.create(user=ae, starts_at=at(5, 0), ends_at=at(6, 0))
    row = the_map().rows[0]
    assert [cell.state for cell in row.cells[:5]] == [
        "works",
        "covered",
        "works",
        "covered",
        "works",
    ]
    assert row.cells[1].words == "Omar Haddad (covers for Ana Silva)"
    assert row.cells[3].words == "Ben Okafor (backup 1)"


def test_a_cover_who_is_away_is_covered_in_turn(
    north: Territory, ae: User, other_ae: User, backup: User
) -> None:
    alone(north, ae)
    Absence.objects.create(user=ae, cover=other_ae, starts_at=at(3, 0), ends_at=at(4, 0))
    Absence.objects.create(user=other_ae, cover=backup, starts_at=at(3, 0), ends_at=at(3, 12))
    cells = {row.hour: row.cells[1].words for row in the_map().rows}
    assert cells["09:00"] == "Ben Okafor (covers for Omar Haddad)"
    assert cells["13:00"] == "Omar Haddad (covers for Ana Silva)"


def test_open_hours_outside_of_everybodys_own_hours_are_red(north: Territory, ae: User) -> None:
    alone(north, ae)
    ae.calendar = hours("Mornings", "mon tue wed thu", "09:00", "12:30")
    ae.save()
    found = the_map()
    assert states(found)["12:00"] == ["nobody"] * 5 + ["closed"] * 2
    assert found.rows[3].cells[0].short == "AS –30′"
    assert found.rows[3].cells[0].words == "Ana Silva, but nobody for 30 minutes of it"
    assert states(found)["14:00"][0] == "nobody"
    assert found.uncovered == 4 * 4.5 * HOUR + 8 * HOUR
    assert (found.holes[0].start, found.holes[0].end) == (at(2, 12, 30), at(2, 17))


def test_a_deactivated_primary_is_not_there(north: Territory, ae: User) -> None:
    alone(north, ae)
    ae.is_active = False
    ae.save()
    assert the_map().uncovered == 40 * HOUR


def test_a_holiday_is_closed_and_no_hole(
    north: Territory, calendar: WorkCalendar, ae: User
) -> None:
    calendar.holidays.create(day=date(2026, 3, 4), name="Fair")
    assert {row.cells[2].state for row in the_map().rows} == {"closed"}


def test_an_hour_the_clock_repeats_counts_twice(north: Territory, ae: User) -> None:
    """On 25 October 2026 Berlin lives the hour from two to three twice."""
    alone(north, ae)
    night = WorkCalendar.objects.create(name="Nights", time_zone="Europe/Berlin")
    WorkInterval.objects.create(calendar=night, weekday="sun", opens="01:00", closes="04:00")
    north.calendar = night
    north.save()
    Absence.objects.create(
        user=ae,
        starts_at=datetime(2026, 10, 24, tzinfo=UTC),
        ends_at=datetime(2026, 10, 27, tzinfo=UTC),
    )
    found = the_map(date(2026, 10, 19))
    assert found.uncovered == 4 * HOUR
    assert [row.cells[6].state for row in found.rows] == ["nobody"] * 3


# --- What is expected ----------------------------------------------------------------------------


def test_expected_is_the_average_week_hour_by_hour(north: Territory, sdr: User) -> None:
    """16 on Mondays at nine and 8 on Tuesdays at ten in eight weeks: two and one an hour."""
    mondays = [at(2, 9, 30) - week * timedelta(weeks=1) for week in range(8)]
    came(north, sdr, *mondays, *mondays)
    came(north, sdr, *[at(3, 10, 15) - week * timedelta(weeks=1) for week in range(1, 9)])
    came(north, sdr, at(1, 0) - timedelta(weeks=30))
    told = arrivals({north.pk: ZoneInfo("UTC")}, NOW)[north.pk]
    assert (told.total, told.weeks) == (24, 8)
    assert told.expected([(at(9, 9), at(9, 10))]) == pytest.approx(2)
    assert told.expected([(at(9, 9, 30), at(9, 10))]) == pytest.approx(1)
    assert told.expected([(at(9, 0), at(11, 0))]) == pytest.approx(3)
    assert told.expected([(at(9, 0), at(23, 0))]) == pytest.approx(6)


def test_too_few_say_nothing(north: Territory, sdr: User) -> None:
    came(north, sdr, *[NOW - timedelta(weeks=6)] * 19)
    told = arrivals({north.pk: ZoneInfo("UTC")}, NOW)[north.pk]
    assert told.expected([(at(9, 9), at(9, 10))]) is None


def test_three_weeks_say_nothing_however_many_came(north: Territory, sdr: User) -> None:
    came(north, sdr, *[NOW - timedelta(weeks=3)] * 40)
    told = arrivals({north.pk: ZoneInfo("UTC")}, NOW)[north.pk]
    assert told.weeks == 3
    assert told.expected([(at(9, 9), at(9, 10))]) is None


# --- Before an absence is saved ------------------------------------------------------------------


def test_an_absence_says_what_it_leaves_and_what_is_expected(
    north: Territory, ae: User, backup: User, sdr: User
) -> None:
    alone(north, ae, backup)
    backup.calendar = hours("Mornings", "mon tue wed thu fri", "09:00", "13:00")
    backup.save()
    came(north, sdr, *[at(5, 14) - week * timedelta(weeks=1) for week in range(1, 9)] * 3)
    came(north, sdr, NOW - timedelta(weeks=20))
    absence = Absence(user=ae, starts_at=at(5, 0), ends_at=at(6, 0))
    (told,) = foresee(absence, NOW)
    assert told.holes == [(at(5, 13), at(5, 17))]
    assert told.sentence == (
        "In North nobody would be there for 4 open hours: Thu 5 Mar 13:00 to 17:00 (UTC). "
        "About 3.0 handoffs are expected then."
    )


def test_an_absence_that_leaves_nothing_says_who_much_is_passed_on(
    north: Territory, ae: User
) -> None:
    (told,) = foresee(Absence(user=ae, starts_at=at(5, 0), ends_at=at(6, 0)), NOW)
    assert told.holes == []
    assert told.sentence == "In North somebody else is there in every open hour."


def test_what_was_uncovered_before_is_not_blamed_on_it(
    north: Territory, ae: User, backup: User
) -> None:
    alone(north, ae, backup)
    for person in (ae, backup):
        person.calendar = hours(f"{person} mornings", "mon tue wed thu fri", "09:00", "13:00")
        person.save()
    Absence.objects.create(user=backup, starts_at=at(5, 0), ends_at=at(6, 0))
    (told,) = foresee(Absence(user=ae, starts_at=at(5, 0), ends_at=at(6, 0)), NOW)
    assert told.holes == [(at(5, 9), at(5, 13))]
    assert "cannot be said" in told.sentence


def test_an_absence_that_is_over_says_nothing(north: Territory, ae: User) -> None:
    assert foresee(Absence(user=ae, starts_at=at(1, 0), ends_at=at(2, 9)), NOW) == []


def absence_page(user: User, **typed: str):  # type: ignore[no-untyped-def]
    client = Client()
    client.force_login(user)
    data = {
        "starts_at_0": "2026-03-05",
        "starts_at_1": "",
        "ends_at_0": "2026-03-05",
        "ends_at_1": "",
        "cover": "",
        "note": "",
    }
    return client.post(reverse("admin:team_absence_add"), data | typed)


def test_the_form_warns_once_and_saves_when_it_is_sent_again(north: Territory, ae: User) -> None:
    alone(north, ae)
    answer = absence_page(ae)
    page = answer.content.decode()
    assert not Absence.objects.exists()
    assert "nobody would be there for 8 open hours" in page
    assert "save again to enter it all the same" in page
    assert "Please correct" not in page, "nothing below is wrong"
    warned = answer.context["adminform"].form.data["warned"]
    assert f'value="{warned}"' in page

    changed = absence_page(ae, warned=warned, ends_at_0="2026-03-06")
    assert "nobody would be there for 16 open hours" in changed.content.decode()
    assert absence_page(ae, warned=warned).status_code == 302
    assert Absence.objects.get().user == ae


def test_a_wrong_day_is_still_marked_and_said_above(north: Territory, ae: User) -> None:
    page = absence_page(ae, ends_at_0="").content.decode()
    assert "Please correct the error below." in page and "Enter a date." in page


def test_the_form_saves_at_once_where_somebody_is_there(north: Territory, ae: User) -> None:
    assert absence_page(ae).status_code == 302
    assert Absence.objects.count() == 1


def test_a_new_note_on_a_warned_absence_does_not_warn_again(north: Territory, ae: User) -> None:
    alone(north, ae)
    absence = Absence.objects.create(user=ae, starts_at=at(5, 0), ends_at=at(6, 0))
    client = Client()
    client.force_login(ae)
    answer = client.post(
        reverse("admin:team_absence_change", args=[absence.pk]),
        {
            "starts_at_0": "2026-03-05",
            "starts_at_1": "00:00",
            "ends_at_0": "2026-03-05",
            "ends_at_1": "",
            "note": "At the fair",
        },
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    absence.refresh_from_db()
    assert absence.note == "At the fair"


# --- The page ------------------------------------------------------------------------------------


def open_map(user: User, **query: str):  # type: ignore[no-untyped-def]
    client = Client()
    client.force_login(user)
    return client.get(reverse("coverage_map"), query)


def test_the_page_names_the_holes_and_says_when_it_cannot_foretell(
    north: Territory, ae: User, manager: User
) -> None:
    alone(north, ae)
    Absence.objects.create(user=ae, starts_at=at(5, 0), ends_at=at(6, 0))
    page = open_map(manager).content.decode()
    assert "Thu 09:00 to Thu 17:00" in page
    assert "8:00 h with nobody" in page
    assert "How many handoffs to expect is not said yet" in page


@pytest.mark.parametrize("week", ["", "never", "9999-12-31", "0001-01-01", "2026-W99"])
def test_a_week_that_makes_no_sense_is_this_week(
    north: Territory, manager: User, week: str
) -> None:
    assert open_map(manager, week=week).context["monday"] == MONDAY


def test_without_a_territory_it_teaches(manager: User) -> None:
    assert "No territory yet" in open_map(manager).content.decode()


def test_its_queries_do_not_grow_with_territories(
    north: Territory, south: Territory, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(25):
        assert len(maps(MONDAY, NOW)) == 2


# --- The nightly try -----------------------------------------------------------------------------


def told() -> list[Message]:
    return list(Message.objects.filter(kind="coverage_hole").order_by("pk"))


def test_a_hole_is_told_once_as_long_as_it_lasts(
    north: Territory, ae: User, manager: User, director: User, revops: User
) -> None:
    assert nightly.check_reach(NOW) == []
    for person in (manager, director):
        person.is_active = False
        person.save()
    ae.reports_to = None
    ae.save()
    fresh = nightly.check_reach(NOW + timedelta(days=1))
    assert fresh == []  # the reminder still reaches the AE
    alone(north, ae)
    ae.email = ""
    ae.save()
    fresh = nightly.check_reach(NOW + timedelta(days=2))
    assert "North, Inbound demo request: Only the admins would be told." in fresh
    (message,) = told()
    assert message.recipient == revops.email
    assert "Only the admins would be told" in message.body
    assert nightly.check_reach(NOW + timedelta(days=3)) == []
    assert len(told()) == 1

    ae.email = "ana@desk.example"
    ae.save()
    assert nightly.check_reach(NOW + timedelta(days=4)) == []
    ae.email = ""
    ae.save()
    assert nightly.check_reach(NOW + timedelta(days=5)) == fresh
    assert len(told()) == 2


def test_health_shows_what_the_last_try_found(north: Territory, revops: User) -> None:
    nightly.check_reach(NOW)
    health.beat(NOW + timedelta(days=3))
    assert Heartbeat.objects.filter(name=health.COVERAGE).exists()
    last = next(one for one in health.findings(NOW) if one.name == "Who is told")
    assert last.light == health.Light.GREEN
    Heartbeat.objects.filter(name=health.COVERAGE).update(
        detail={"holes": ["North, Inbound demo request: Nobody would be told."]}
    )
    last = next(one for one in health.findings(NOW) if one.name == "Who is told")
    assert last.light == health.Light.AMBER
