"""The cast: a small team that every test may call by name, on a Monday at ten."""

import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection

from accounts.models import Account, Contact
from handoffs.models import FrameworkVersion
from team.models import Coverage, Territory, User, WorkCalendar, WorkInterval
from tests import template
from tests.factories import make_account, make_contact, make_standard, make_user

NEVER_IDLE = " -c idle_in_transaction_session_timeout=0"
MONDAY_AT_TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

# Playwright's loop runs in this process beside Django's synchronous test database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there before the first test stays until the end: the collector need not walk it.

    Walking it again and again was half of the time of the tests.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Before the test database is made: let it begin as the last run has left one."""
    template.use()
    if connection.vendor == "postgresql":
        # A test’s own transaction lasts as long as the test, whatever it does meanwhile
        connection.settings_dict["OPTIONS"]["options"] += NEVER_IDLE


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest) -> Iterator[time_machine.Traveller | None]:
    """Time stands still on Monday 2 March 2026, 10:00 UTC, until a test moves it."""
    if request.node.get_closest_marker("browser") or request.node.get_closest_marker("faults"):
        yield None
        return
    with time_machine.travel(MONDAY_AT_TEN, tick=False) as coordinates:
        yield coordinates


@pytest.fixture(autouse=True)
def quick_passwords(settings: object) -> None:
    """Hash passwords fast: no test is about how slow Argon2 is."""
    settings.PASSWORD_HASHERS = [  # type: ignore[attr-defined]
        "django.contrib.auth.hashers.MD5PasswordHasher"
    ]


@pytest.fixture
def calendar(db: None) -> WorkCalendar:
    calendar = WorkCalendar.objects.create(name="Office hours", time_zone="UTC")
    for day in ("mon", "tue", "wed", "thu", "fri"):
        WorkInterval.objects.create(calendar=calendar, weekday=day, opens="09:00", closes="17:00")
    return calendar


@pytest.fixture
def director(db: None) -> User:
    return make_user("director", "manager", name="Dora Quinn")


@pytest.fixture
def manager(director: User) -> User:
    return make_user("manager", "manager", name="Mara Lindt", reports_to=director)


@pytest.fixture
def other_manager(director: User) -> User:
    return make_user("other_manager", "manager", name="Otto Feld", reports_to=director)


@pytest.fixture
def revops(db: None) -> User:
    return make_user("revops", "revops", name="Rita Vance")


@pytest.fixture
def sdr(manager: User) -> User:
    return make_user("sdr", "sdr", name="Sam Ortiz", reports_to=manager)


@pytest.fixture
def other_sdr(other_manager: User) -> User:
    return make_user("other_sdr", "sdr", name="Uma Reyes", reports_to=other_manager)


@pytest.fixture
def ae(manager: User) -> User:
    return make_user("ae", "ae", name="Ana Silva", reports_to=manager)


@pytest.fixture
def backup(manager: User) -> User:
    return make_user("backup", "ae", name="Ben Okafor", reports_to=manager)


@pytest.fixture
def ae2(manager: User) -> User:
    return make_user("ae2", "ae", name="Cleo Marsh", reports_to=manager)


@pytest.fixture
def other_ae(other_manager: User) -> User:
    return make_user("other_ae", "ae", name="Omar Haddad", reports_to=other_manager)


@pytest.fixture
def north(calendar: WorkCalendar, manager: User, ae: User, backup: User, ae2: User) -> Territory:
    territory = Territory.objects.create(
        name="North", countries=["DE"], calendar=calendar, manager=manager, primary=ae
    )
    territory.team.set([ae, backup, ae2])
    Coverage.objects.create(territory=territory, backup=backup, rank=1)
    return territory


@pytest.fixture
def south(calendar: WorkCalendar, other_manager: User, other_ae: User) -> Territory:
    territory = Territory.objects.create(
        name="South", countries=["IT"], calendar=calendar, manager=other_manager, primary=other_ae
    )
    territory.team.set([other_ae])
    return territory


@pytest.fixture
def standard(manager: User, other_manager: User, sdr: User, other_ae: User) -> FrameworkVersion:
    """BANT in force: signed by Mara for the SDRs and by Otto for the AEs."""
    return make_standard(manager, other_manager)


@pytest.fixture
def account(north: Territory, standard: FrameworkVersion) -> Account:
    return make_account(name="Acme Robotics", domain="acme-robotics.example", territory=north)


@pytest.fixture
def contact(account: Account) -> Contact:
    return make_contact(
        account,
        first_name="Priya",
        last_name="Nair",
        email="priya.nair@acme-robotics.example",
        phone="+493090182010",
    )
