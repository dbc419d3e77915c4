"""Fills an empty database with the demo: hires the cast, then plays every story in time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from django.db import models, transaction
from django.utils import timezone

from config.demo.calibrating import calibrate
from config.demo.cast import go_away, hire, open_offices
from config.demo.data import age_the_data, ask_the_sources
from config.demo.library import fill_the_library
from config.demo.lists import bring_lists
from config.demo.market import found_companies, meet_people
from config.demo.stories import ENDINGS, Act, Story
from handoffs import no_show, waiting
from handoffs.lifecycle import TransitionRefused
from handoffs.models import Framework, HandoffEvent
from messaging.models import Message
from sla.breaches import explain
from sla.clocks import sweep
from sla.models import Breach, Clock
from team.business_time import BusinessHours
from team.models import Role, Territory, User

# How the latest ones stand, and how many working minutes ago they began
OPEN_ENDS = [
    ("draft", 40, 900),
    ("waiting", 30, 200),
    ("waiting", 30, 330),
    ("returned", 250, 500),
    ("accepted", 200, 420),
    ("accepted", 250, 600),
    ("contacted", 700, 1400),
    ("met", 2000, 2300),
    ("missed", 2050, 2500),
    ("gone", 4400, 4800),
    ("contested", 240, 700),
]
PACES = {"ae": 0.7, "backup": 1.0, "cleo": 1.1, "omar": 1.9, "ingrid": 0.9}


def play(
    *,
    handoffs: int,
    months: int,
    seed: int,
    now: datetime | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """`handoffs` handoffs over `months` months up to `now`; the same for the same seed and day.

    Through the same verbs that people use, one after the other in time, with the sweep between
    them as it would have run.
    """
    now = now or timezone.now()
    random = Random(seed)
    begin = now - timedelta(days=30 * months)
    with transaction.atomic():
        people = hire()
        years = list(range(begin.year, now.year + 3))
        territories = open_offices(people, years)
        go_away(people, now)
        sign_the_standard(people, begin)
        fill_the_library()
        accounts = found_companies(random, territories, people, begin, max(80, handoffs // 40))
        contacts = meet_people(random, accounts, people, now, each=5)
        age_the_data([one for staff in contacts.values() for one in staff], now)
        say(f"{len(people)} people, {len(accounts)} accounts, {5 * len(accounts)} contacts")
        acts: list[Act] = []
        for number in range(handoffs):
            story = tell(
                random, number, handoffs, begin, now, territories, people, accounts, contacts
            )
            acts += list(story.acts(number))
        perform(sorted(acts), now, say)
        calibrate(Random(len(acts)), people, now)
        bring_lists(accounts, people, now)
        leave_no_trace_of_playing(random, people, now)
        waiting.measure(now)
        no_show.measure(now)
        ask_the_sources(accounts, people["revops"], now)


def tell(
    random: Random,
    number: int,
    total: int,
    begin: datetime,
    now: datetime,
    territories: dict[str, Territory],
    people: dict[str, User],
    accounts: list,
    contacts: dict,
) -> Story:
    """The plan of one handoff; the last ones are still open, so that every screen has work."""
    account = random.choice(accounts)
    first = account.territory.primary or account.territory.team.order_by("pk").first()
    staff = contacts[account.pk]
    hours = account.territory.calendar.current_version().hours()
    lately = number >= total - max(35, total // 20)
    if lately:
        ending, least, most = OPEN_ENDS[number % len(OPEN_ENDS)]
        begins = working_ago(hours, now, random.randrange(least, most))
    else:
        begins = begin + (now - begin) * random.random() * 0.97
        ending = random.choices(*zip(*ENDINGS, strict=True))[0]
    return Story(
        random=random,
        sdr=account.sdr,
        account=account,
        contact=staff[0],
        others=staff[1:],
        hours=hours,
        begins=begins,
        ending=ending,
        pace=PACES.get(first.username, 1.0) if first else 1.0,
    )


def perform(acts: list[Act], now: datetime, say: Callable[[str], None]) -> None:
    """Every act in its turn, and the sweep whenever a clock is due between them."""
    done = 0
    for act in acts:
        if act.at >= now:
            break
        sweep_until(act.at)
        try:
            with transaction.atomic():
                act.run(act.at)
        except TransitionRefused:
            continue  # somebody else had it by then: such is life
        done += 1
        if done % 500 == 0:
            say(f"{done} moves, {act.at:%d %b %Y}")
    sweep_until(now)


def sweep_until(now: datetime) -> None:
    """What the worker would have done up to `now`: one sweep at each moment a clock is due."""
    due = running_clocks_due().filter(next_at__lte=now)
    last = None
    while (at := due.aggregate(first=models.Min("next_at"))["first"]) and at != last:
        sweep(at)
        last = at


def running_clocks_due() -> models.QuerySet[Clock]:
    return Clock.objects.filter(state=Clock.State.RUNNING, next_at__isnull=False)


def working_ago(hours: BusinessHours, now: datetime, minutes: int) -> datetime:
    """The instant from which so many working minutes have passed until `now`."""
    left = timedelta(minutes=minutes)
    for opens, closes in reversed(hours.segments(now - timedelta(days=21), now)):
        if closes - opens >= left:
            return closes - left
        left -= closes - opens
    return now - timedelta(days=21)


def sign_the_standard(people: dict[str, User], at: datetime) -> None:
    """BANT in force since before the first handoff, signed by both leaders."""
    version = Framework.objects.get(code="bant").versions.get(number=1)
    version.sign(by=people["theo"], side=Role.SDR)
    version.sign(by=people["manager"], side=Role.AE)
    version.activate()


def leave_no_trace_of_playing(random: Random, people: dict[str, User], now: datetime) -> None:
    """History was recorded when it happened, its messages have gone out, most causes are known."""
    # The events' own manager is append-only, for good reason; this is the making of a past.
    plain: models.QuerySet[HandoffEvent] = models.QuerySet(HandoffEvent)
    plain.update(recorded_at=models.F("occurred_at"), backfilled=False)
    Message.objects.update(
        state=Message.State.SENT, sent_at=models.F("created_at"), next_try_at=None, attempts=1
    )
    for breach in Breach.objects.filter(fell_due_at__lt=now - timedelta(days=4)):
        cause = random.choice(["absence", "overload", "overload", "routing", "package", "late"])
        explain(breach, cause=cause, note="", by=people["manager"])
