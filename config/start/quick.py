"""The quick start: one form that makes the hours, the territory and the first people together."""

import re
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from team import passwords
from team.audit import note
from team.business_time import weekly_problems
from team.forms.calendars import as_clock
from team.forms.shared import ZoneField
from team.holidays import fill
from team.models import Coverage, Deed, Role, Territory, User, WorkCalendar, WorkInterval

_NOT_IN_A_USERNAME = re.compile(r"[^\w.+-]")
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
YEARS = 2  # of public holidays: this one and the next


class Seat(NamedTuple):
    """One of the first people: who they are in the process."""

    key: str
    label: str
    role: Role
    leader: str  # the key of whom they report to
    required: bool = True


SEATS = (
    Seat("ae_leader", "Leader of the AEs", Role.MANAGER, ""),
    Seat("ae", "An AE", Role.AE, "ae_leader"),
    Seat("backup", "A second AE, who stands in", Role.AE, "ae_leader", required=False),
    Seat("sdr_leader", "Leader of the SDRs", Role.MANAGER, ""),
    Seat("sdr", "An SDR", Role.SDR, "sdr_leader"),
)


class Made(NamedTuple):
    """Somebody who can sign in now. The password is nowhere else but here."""

    person: User
    does: str
    password: str


def is_open() -> bool:
    """Whether it is still the quick way: neither a territory nor anybody to work in it."""
    return not (
        Territory.objects.exists()
        or User.objects.with_role(Role.SDR).exists()
        or User.objects.with_role(Role.AE).exists()
    )


class QuickStart(forms.Form):
    """Five people, their hours and their territory. Nothing is made unless all of it is sound."""

    time_zone = ZoneField(widget=forms.Select, help_text="Where the office is.")
    country = forms.CharField(
        max_length=2, help_text="Two-letter code, such as DE. Its public holidays are filled in."
    )
    opens = forms.CharField(initial="09:00", max_length=5, label="Opens, Monday to Friday")
    closes = forms.CharField(initial="17:00", max_length=5, label="Closes")
    territory = forms.CharField(
        max_length=80,
        initial="Everywhere",
        help_text="One is enough to begin with: it takes every account that no other does.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for seat in SEATS:
            self.fields[f"{seat.key}_name"] = forms.CharField(
                max_length=150, required=seat.required, label="Name"
            )
            self.fields[f"{seat.key}_email"] = forms.EmailField(
                max_length=254, required=seat.required, label="E-mail"
            )

    def seats(self) -> list[tuple[Seat, Any, Any]]:
        """Each seat with its two bound fields, for the page."""
        return [(seat, self[f"{seat.key}_name"], self[f"{seat.key}_email"]) for seat in SEATS]

    def office(self) -> list[Any]:
        return [self[name] for name in ("time_zone", "country", "opens", "closes", "territory")]

    def clean_country(self) -> str:
        code = str(self.cleaned_data["country"]).upper()
        if code not in phonenumbers.SUPPORTED_REGIONS:
            hint = " The United Kingdom is GB." if code == "UK" else ""
            raise ValidationError(f"“{code}” is not a country code, such as DE or US.{hint}")
        return code

    def clean_opens(self) -> str:
        return as_clock(self.cleaned_data["opens"])

    def clean_closes(self) -> str:
        return as_clock(self.cleaned_data["closes"])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "opens" in found and "closes" in found:
            week = {day: [(found["opens"], found["closes"])] for day in WORKDAYS}
            if problems := weekly_problems(week):
                self.add_error("closes", problems[0])  # Monday's stands for all five
            elif found["closes"] < found["opens"]:
                self.add_error("closes", "Closes before it opens; night shifts go to Calendars.")
        self._check_people(found)
        return found

    def _check_people(self, found: dict[str, Any]) -> None:
        seen: dict[str, str] = {}
        for seat in SEATS:
            name, email = found.get(f"{seat.key}_name"), found.get(f"{seat.key}_email")
            if bool(name) != bool(email) and not self.has_error(f"{seat.key}_email"):
                part = "email" if name else "name"
                self.add_error(f"{seat.key}_{part}", "Fill in both, or leave both empty.")
            if not email:
                continue
            if email.lower() in seen:
                why = f"This is also the address of: {seen[email.lower()]}."
                if seat.key == "sdr_leader":
                    why += " The standard has to be signed by two different people."
                self.add_error(f"{seat.key}_email", why)
            elif User.objects.filter(email__iexact=email).exists():
                self.add_error(f"{seat.key}_email", "Somebody with this address can sign in.")
            seen.setdefault(email.lower(), seat.label)


class TooLate(Exception):
    """Somebody else, or a second click, was faster: it is not the quick way any more."""


@transaction.atomic
def make(found: dict[str, Any], *, by: User, now: datetime) -> list[Made]:
    """Make what the cleaned form asks for. The passwords stand in what it returns, nowhere else.

    One at a time: raises TooLate where there are people or a territory by now.
    """
    list(User.objects.admins().select_for_update())  # a second one waits here
    if not is_open():
        raise TooLate
    calendar = _calendar(found, by=by, now=now)
    people: dict[str, Made] = {}
    for seat in SEATS:
        if found[f"{seat.key}_email"]:
            leader = people[seat.leader].person if seat.leader else None
            people[seat.key] = _person(seat, found, leader, by=by)
    territory = Territory.objects.create(
        name=found["territory"],
        calendar=calendar,
        manager=people["ae_leader"].person,
        primary=people["ae"].person,
    )
    territory.team.add(*(made.person for made in people.values() if made.person.is_ae))
    if "backup" in people:
        Coverage.objects.create(territory=territory, backup=people["backup"].person, rank=1)
    note(Deed.ADDED, by=by, about=territory, words="By the quick start.")
    return list(people.values())


def _calendar(found: dict[str, Any], *, by: User, now: datetime) -> WorkCalendar:
    name, number = "Office hours", 1
    while WorkCalendar.objects.filter(name=name).exists():
        number += 1
        name = f"Office hours {number}"
    calendar = WorkCalendar.objects.create(
        name=name, time_zone=found["time_zone"], country=found["country"]
    )
    WorkInterval.objects.bulk_create(
        WorkInterval(calendar=calendar, weekday=day, opens=found["opens"], closes=found["closes"])
        for day in WORKDAYS
    )
    year = now.year
    with suppress(ValidationError):  # where no holidays are known they are entered by hand
        fill(calendar, found["country"], "", year, year + YEARS - 1)
    calendar.current_version()
    note(Deed.ADDED, by=by, about=calendar, words="By the quick start.")
    return calendar


def _person(seat: Seat, found: dict[str, Any], leader: User | None, *, by: User) -> Made:
    name, email = found[f"{seat.key}_name"], found[f"{seat.key}_email"]
    first, _, last = name.strip().partition(" ")
    password = passwords.made()
    person = User(
        username=_username(email),
        first_name=first[:150],
        last_name=last[:150],
        email=email,
        time_zone=found["time_zone"],
        reports_to=leader,
    )
    setattr(person, f"is_{seat.role.value}", True)
    person.give_password(password)
    person.full_clean()
    person.save()
    note(Deed.ADDED, by=by, about=person, words="By the quick start.")
    return Made(person, seat.label, password)


def _username(email: str) -> str:
    """The part before the @ as a user name can hold it, numbered where somebody has it already."""
    base = _NOT_IN_A_USERNAME.sub("", email.rpartition("@")[0].lower())[:140] or "person"
    name, number = base, 1
    while User.objects.filter(username__iexact=name).exists():
        number += 1
        name = f"{base}{number}"
    return name
