"""Counting days in advance changes no figure, whatever happens before, between and after it."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from handoffs import lifecycle
from handoffs.models import Handoff
from reports import facts, metrics, rollup
from reports.models import Day, Tally
from reports.periods import month_of
from reports.scope import Scope, scope_of
from team.models import User
from team.zones import zone_named
from tests.reports.stories import Desk, instant

pytestmark = pytest.mark.django_db

BERLIN = zone_named("Europe/Berlin")
APIA = zone_named("Pacific/Apia")  # its months begin half a day away from those of UTC


def scopes(desk: Desk) -> list[Scope]:
    """Everybody, one of each dimension, a team, and what is counted for nobody in advance."""
    taken = Handoff.objects.filter(territory__isnull=False)[0]
    return [
        Scope(),
        Scope(sdr=desk.sdr),
        Scope(ae=desk.ae),
        Scope(territory=taken.territory),
        Scope(lead_source=taken.lead_source),
        scope_of(desk.ae),
        Scope(team=frozenset((desk.sdr.pk,))),
        Scope(team=frozenset((0,))),
        Scope(ae=desk.ae, lead_source=taken.lead_source),
    ]


def figures(desk: Desk, now: datetime) -> list[object]:
    """Everything that the pages take from the days, for every scope."""
    found: list[object] = []
    asked = metrics.countings(now)
    for zone in (BERLIN, APIA):
        months = [month_of(instant("05-15 12:00"), zone)]
        while len(months) < 4:
            months.insert(0, months[0].before())
        for scope in scopes(desk):
            found.append(metrics.by_period(asked, months, scope))
            found.append(metrics.spans_by_period(months, scope, now))
            for since in ("accepted", "submitted"):
                found.append(metrics.span_of(months[1], scope, now, since))
            for dimension in ("sdr", "ae", "manager", "territory", "lead_source"):
                found.append(metrics.by_value(asked, dimension, months[:2], scope))
    return found


def without_days(desk: Desk, now: datetime) -> list[object]:
    """The same read from the facts alone."""
    Tally.objects.all().delete()
    Day.objects.update(rolled=0)
    return figures(desk, now)


def test_the_figures_are_those_of_the_facts(march: dict[str, Handoff], desk: Desk) -> None:
    now = timezone.now()
    facts.catch_up()
    assert rollup.roll(now) > 20
    assert Tally.objects.exists() and not Day.objects.stale(now).exists()
    assert figures(desk, now) == without_days(desk, now)


def test_a_late_correction_counts_its_days_again(
    march: dict[str, Handoff], desk: Desk, clock: time_machine.Traveller
) -> None:
    facts.catch_up()
    rollup.roll(timezone.now())
    clock.shift(timedelta(hours=3))
    late = desk.submit("03-09 10:00", slot="03-11 10:00")
    desk.contact(desk.accept(late, "03-09 11:00"), "03-09 12:00")
    facts.catch_up()
    now = timezone.now()
    assert Day.objects.stale(now).filter(day="2026-03-09").exists()
    before = figures(desk, now)  # partly from days, partly from facts
    rollup.roll(now)
    assert not Day.objects.stale(now).exists()
    assert figures(desk, now) == before == without_days(desk, now)


def test_time_alone_counts_a_day_again(
    march: dict[str, Handoff], desk: Desk, clock: time_machine.Traveller
) -> None:
    now = timezone.now()
    late = desk.taken("05-19 10:00", slot="05-21 10:00")  # a meeting still to come
    assert late.pk
    facts.catch_up()
    rollup.roll(now)
    assert figures(desk, now) == figures(desk, now)
    clock.shift(timedelta(days=3))
    later = timezone.now()
    assert Day.objects.stale(later).exists()
    seen = figures(desk, later)
    assert seen == without_days(desk, later)


def test_a_deleted_draft_takes_its_counts_along(
    march: dict[str, Handoff], desk: Desk, sdr: User
) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr)
    facts.catch_up()
    rollup.roll(timezone.now())
    lifecycle.delete_draft(draft, by=sdr)
    now = timezone.now()
    facts.catch_up()
    assert figures(desk, now) == without_days(desk, now)


def test_the_page_is_the_same_before_and_after(
    march: dict[str, Handoff], client: Client, manager: User
) -> None:
    client.force_login(manager)
    address = "/reports/?period=2026-03&by=ae"
    before = client.get(address).content
    rollup.roll(timezone.now())
    after = client.get(address).content
    assert _figures(before) == _figures(after)


def test_running_out_of_time_leaves_the_rest(march: dict[str, Handoff], desk: Desk) -> None:
    now = timezone.now()
    facts.catch_up()
    assert rollup.roll(now, seconds=0) == 0
    assert figures(desk, now) == without_days(desk, now)


def _figures(page: bytes) -> str:
    return page.decode().split('id="desk"')[1].split("</main>")[0]
