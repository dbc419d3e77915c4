"""Many updates about many people, in any order: what they say, and what is left in the end."""

import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from accounts.models import Account, EnrichmentSource, InboundEvent, Verification
from tests.accounts.hooks import event

TITLES = ["CRO", "COO", "Head of Sales", "VP Revenue", "Sales Director"]


class Delivery(NamedTuple):
    event_id: str
    body: str


def story(count: int, people: int, start: datetime, seed: int = 7) -> list[Delivery]:
    """`count` updates in the order in which they happened: people come, change, move, bounce."""
    dice = random.Random(seed)
    told: list[Delivery] = []
    for number in range(people):
        told.append(_event(len(told), "contact.created", start, number, **_person(number)))
    at = start
    while len(told) < count:
        at += timedelta(seconds=dice.randrange(3))  # several at one instant, too
        number = dice.randrange(people)
        kind = dice.choices(["title", "phone", "both", "move", "back", "left", "bounce"],
                            [30, 20, 20, 8, 8, 4, 10])[0]  # fmt: skip
        data: dict[str, Any] = {}
        if kind in {"title", "both"}:
            data["title"] = dice.choice(TITLES)
        if kind in {"phone", "both"}:
            data["phone"] = _phone(number, dice.randrange(5))
        if kind == "move":
            data["company"] = {"name": f"Elsewhere {dice.randrange(5)} Ltd"}
        if kind == "back":
            data["company"] = {"domain": _domain(number), "name": f"Company {number % 50}"}
        if kind == "bounce":
            told.append(_event(len(told), "contact.bounced", at, number,
                               phone=_phone(number, dice.randrange(5))))  # fmt: skip
            continue
        verb = "contact.left" if kind == "left" else "contact.updated"
        told.append(_event(len(told), verb, at, number, **data))
    return told


def shuffled_with_doubles(told: list[Delivery], seed: int = 3) -> list[Delivery]:
    """Each delivery twice, in no order."""
    twice = [*told, *told]
    random.Random(seed).shuffle(twice)
    return twice


def companies() -> None:
    for number in range(50):
        Account.objects.create(name=f"Company {number}", domain=_domain(number))


def state_of(source: EnrichmentSource) -> dict[str, Any]:
    """Everything that the updates may decide about each person, by their id at the source."""
    found = {}
    for record in source.records.select_related("contact__account"):
        contact = record.contact
        assert contact is not None
        checks = Verification.objects.filter(contact=contact).order_by("verified_at", "pk")
        found[record.key] = {
            "title": contact.title,
            "phone": str(contact.phone),
            "email": contact.email,
            "company": contact.account and contact.account.name,
            "left_on": contact.left_on,
            "origins": sorted(contact.origins.values_list("field", "value", "at", "rank")),
            "checks": sorted(checks.values_list("field", "value", "method", "verified_at")),
        }
    return found


def effects() -> int:
    return InboundEvent.objects.filter(state="done").count()


def _event(index: int, kind: str, at: datetime, number: int, **data: Any) -> Delivery:
    return Delivery(f"evt_{index:06d}", event(kind, at, id=f"c-{number}", **data))


def _person(number: int) -> dict[str, Any]:
    return {
        "first_name": "Kim",
        "last_name": f"Person {number}",
        "email": f"kim{number}@{_domain(number)}",
        "phone": _phone(number, 0),
        "title": TITLES[0],
        "company": {"domain": _domain(number), "name": f"Company {number % 50}"},
    }


def _domain(number: int) -> str:
    return f"company-{number % 50}.example"


def _phone(number: int, variant: int) -> str:
    return f"+4930{9000 + number:05d}{variant}0"
