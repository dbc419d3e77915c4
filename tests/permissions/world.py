"""A small world with one thing of every kind, in which everybody tries every address.

Each handoff has a prospect of its own with a name found nowhere else: where that name is in an
answer, the address has shown personal data.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.utils import timezone

from accounts.models import Contact, Departure, EnrichmentSource, InboundEvent, Merge, Proposal
from handoffs import lifecycle
from handoffs.models import CaseStudy, CompetitorNote, Handoff, Reason
from messaging.models import Channel, Endpoint, Message
from privacy import requests
from privacy.models import PersonRequest
from sla.models import Breach, Clock
from team.audit import note
from team.models import Absence, Coverage, Deed, Import, Territory, User, WorkCalendar, WorkInterval
from tests.factories import complete_package, make_account, make_contact, make_standard, make_user

MONDAY_AT_TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

# The letters under which the table says whose personal data an answer shows, and their surnames.
SURNAMES = {
    "d": "Quokkadraft",
    "w": "Quokkawait",
    "r": "Quokkareturn",
    "t": "Quokkataken",
    "x": "Wombatdraft",
    "y": "Wombatwait",
    "z": "Wombattaken",
}


@dataclass
class World:
    """Who tries, and what they try it on, by the names that the table uses."""

    actors: dict[str, User | None] = field(default_factory=dict)
    things: dict[str, models.Model] = field(default_factory=dict)

    def shown_in(self, body: bytes) -> str:
        """The letters of the prospects whose name, address or number is in an answer."""
        text = body.decode(errors="replace").lower()
        digits = re.sub(r"\D", "", text)
        return "".join(
            letter
            for number, (letter, surname) in enumerate(SURNAMES.items())
            if surname.lower() in text or phone_of(number)[3:] in digits
        )


def phone_of(number: int) -> str:
    return f"+493090183{number:03d}77"


def build() -> World:
    """The world; time must stand on MONDAY_AT_TEN."""
    world = World()
    people = _people(world)
    north, south = _territories(people)
    make_standard(people["manager"], people["other_manager"])
    for letter, name in zip("dwrt", ("draft", "waiting", "returned", "taken"), strict=True):
        world.things[name] = _handoff(letter, name, people["sdr"], north, people["ae"])
    for letter, name in zip("xyz", ("draft", "waiting", "taken"), strict=True):
        of_others = _handoff(letter, name, people["other_sdr"], south, people["other_ae"])
        world.things[f"other {name}"] = of_others
    _one_of_each(world, people)
    return world


def _people(world: World) -> dict[str, User]:
    director = make_user("director", "manager", name="Dora Quinn")
    people = {"director": director}
    for username, role, name, boss in (
        ("manager", "manager", "Mara Lindt", director),
        ("other_manager", "manager", "Otto Feld", director),
        ("revops", "revops", "Rita Vance", None),
    ):
        people[username] = make_user(username, role, name=name, reports_to=boss)
    for username, role, name in (
        ("sdr", "sdr", "Sam Ortiz"),
        ("ae", "ae", "Ana Silva"),
        ("backup", "ae", "Ben Okafor"),
        ("other_sdr", "sdr", "Uma Reyes"),
        ("other_ae", "ae", "Omar Haddad"),
    ):
        boss = people["other_manager" if username.startswith("other") else "manager"]
        people[username] = make_user(username, role, name=name, reports_to=boss)
    people["nobody"] = make_user("nobody", name="Nora Body")
    people["inactive"] = make_user("inactive", "ae", "manager", "revops", name="Ina Gone")
    world.actors = {"anonymous": None} | {
        column: people[username]
        for column, username in (
            ("no role", "nobody"),
            ("inactive", "inactive"),
            ("SDR", "sdr"),
            ("AE", "ae"),
            ("manager", "manager"),
            ("RevOps", "revops"),
        )
    }
    return people


def _territories(people: dict[str, User]) -> tuple[Territory, Territory]:
    calendar = WorkCalendar.objects.create(name="Office hours", time_zone="UTC")
    for day in ("mon", "tue", "wed", "thu", "fri"):
        WorkInterval.objects.create(calendar=calendar, weekday=day, opens="09:00", closes="17:00")
    north = Territory.objects.create(
        name="North",
        countries=["DE"],
        calendar=calendar,
        manager=people["manager"],
        primary=people["ae"],
    )
    north.team.set([people["ae"], people["backup"]])
    Coverage.objects.create(territory=north, backup=people["backup"], rank=1)
    south = Territory.objects.create(
        name="South",
        countries=["IT"],
        calendar=calendar,
        manager=people["other_manager"],
        primary=people["other_ae"],
    )
    south.team.set([people["other_ae"]])
    return north, south


def _handoff(letter: str, status: str, sdr: User, territory: Territory, ae: User) -> Handoff:
    number = list(SURNAMES).index(letter)
    surname = SURNAMES[letter]
    account = make_account(
        name=f"Company {letter.upper()}",
        domain=f"company-{letter}.example",
        territory=territory,
        country=territory.countries[0],
    )
    contact = make_contact(
        account,
        first_name="Priya",
        last_name=surname,
        email=f"{surname.lower()}@company-{letter}.example",
        phone=phone_of(number),
    )
    handoff = complete_package(sdr=sdr, account=account, contact=contact)
    handoff.quotes.update(speaker=f"Priya {surname}")
    handoff.answers.update(said_by=f"Priya {surname}")
    if status == "draft":
        return handoff
    handoff = lifecycle.submit(handoff, by=sdr)
    if status == "returned":
        reason = Reason.objects.filter(use=Reason.Use.RETURN, is_active=True).first()
        return lifecycle.return_for_information(
            handoff,
            by=ae,
            question="Who signs the contract on their side, and when?",
            reason=reason,
        )
    if status == "taken":
        return lifecycle.accept(handoff, by=ae)
    return handoff


def _one_of_each(world: World, people: dict[str, User]) -> None:
    """One row of every model that has pages in the admin, under its model's name."""
    things = world.things
    later = timezone.now() + timedelta(days=30)
    things["absence"] = Absence.objects.create(
        user=people["sdr"], starts_at=later, ends_at=later + timedelta(days=2)
    )
    things["other absence"] = Absence.objects.create(
        user=people["other_sdr"], starts_at=later, ends_at=later + timedelta(days=2)
    )
    things["channel"] = Channel.objects.create(
        name="#handoffs", webhook_url="https://hooks.slack.example/services/T0/B0/secret"
    )
    for name in ("waiting", "other waiting"):
        handoff = things[name]
        assert isinstance(handoff, Handoff)
        things[name.replace("waiting", "message")] = Message.objects.filter(
            recipient=getattr(handoff.owner, "email", "")
        )[0]
        clock = Clock.objects.filter(handoff=handoff)[0]
        things[name.replace("waiting", "breach")] = Breach.objects.create(
            clock=clock, fell_due_at=timezone.now(), holder=handoff.owner
        )
        things[name.replace("waiting", "account")] = handoff.account
        contact = handoff.contact
        assert isinstance(contact, Contact)
        things[name.replace("waiting", "contact")] = contact
    source = EnrichmentSource.objects.create(name="Clearfeed", slug="clearfeed", is_enabled=True)
    things["inboundevent"] = InboundEvent.objects.create(
        source=source, event_id="msg_1", kind="contact.updated", record_key="contact:c-1"
    )
    things["proposal"], things["other proposal"] = (
        Proposal.objects.create(
            contact_id=things[name].pk,
            field="title",
            value="CRO",
            source="Clearfeed",
            because="Sam Ortiz entered ours later.",
            at=timezone.now(),
        )
        for name in ("contact", "other contact")
    )
    things["departure"], things["other departure"] = (
        Departure.objects.create(
            contact_id=things[name].pk,
            account_id=things[name].account_id,
            company="Northwind",
            left_on=timezone.now().date(),
            source="Clearfeed",
        )
        for name in ("contact", "other contact")
        if isinstance(things[name], Contact)
    )
    things["merge"] = Merge.objects.create(
        contact_id=things["contact"].pk, gone_id=10**9, gone_name="Priya Twin", gone=""
    )
    things["endpoint"] = Endpoint.objects.create(name="CRM", url="https://hooks.example/x")
    things["competitornote"] = CompetitorNote.objects.create(
        competitor="PriceFox", note="Heavy to roll out: ask how long theirs took."
    )
    things["casestudy"] = CaseStudy.objects.create(title="Nine days to one", summary="Quoting.")
    things["personrequest"] = requests.file(
        PersonRequest(kind="export", email="somebody@else.example", identity="Answered our call."),
        by=people["director"],
        at=timezone.now(),
    )
    things["import"] = Import.objects.create(
        by=people["sdr"], kind="accounts.contact", name="people.csv", state=Import.State.DONE
    )
    things["auditentry"] = note(Deed.CHANGED, by=people["manager"], about=people["sdr"])
    things["handoff"] = things["waiting"]
    things["user"] = people["other_sdr"]
    for model in admin.site._registry:
        things.setdefault(str(model._meta.model_name), model._default_manager.first())


def label_of(name: str) -> str:
    """`policy` for the address name `admin:sla_policy_change`."""
    for app in apps.get_app_configs():
        for model in app.get_models():
            if name.startswith(f"admin:{app.label}_{model._meta.model_name}_"):
                return str(model._meta.model_name)
    return ""
