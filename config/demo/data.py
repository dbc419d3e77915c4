"""The demo’s data sources: what they vouched for, what went wrong, and what they were asked."""

import json
from datetime import datetime, timedelta
from random import Random

from accounts import decay
from accounts.enrichment import asking
from accounts.models import (
    Account,
    Contact,
    EnrichmentSource,
    FileRow,
    Method,
    Verification,
    VerifiedField,
)
from accounts.names import name_key
from team.models import User

# Each source, and the share of its values that are found wrong within a year
VENDORS = {"Clearfeed": 0.16, "List house": 0.42}
YEARS_AGO = (500, 320)  # days: when they vouched, and when somebody looked again at the latest
ASKED = 4


def age_the_data(contacts: list[Contact], now: datetime) -> None:
    """Vendors vouched long ago; since then some bounced and some were found right."""
    dice = Random(len(contacts))
    checks = []
    for contact in contacts:
        vendor = dice.choice(list(VENDORS))
        at = now - timedelta(days=dice.randrange(YEARS_AGO[1], YEARS_AGO[0]))
        looked = at + timedelta(days=dice.randrange(60, 300))
        is_wrong = dice.random() < VENDORS[vendor] * (looked - at).days / 365
        field = dice.choice([VerifiedField.EMAIL, VerifiedField.DIAL])
        value = contact.verified_value(field)
        if is_wrong:  # what they had then; ours was entered since
            value = f"old.{value}" if field == VerifiedField.EMAIL else f"{value[:-1]}0"
        checks += [
            Verification(
                contact=contact, field=field, value=value, method=Method.VENDOR,
                source=vendor, verified_at=at,
            ),
            Verification(
                contact=contact, field=field, value=value,
                method=Method.BOUNCE if is_wrong else Method.REPLIED,
                result="invalid" if is_wrong else "valid",
                verified_at=looked, verified_by=contact.account.sdr if contact.account else None,
            ),
        ]  # fmt: skip
    Verification.objects.bulk_create(checks, batch_size=500)


def ask_the_sources(accounts: list[Account], by: User, now: datetime) -> None:
    """One source gave us its file of companies; some were asked about, and answered."""
    source = EnrichmentSource.objects.create(
        name="List house", slug="list-house", asked=EnrichmentSource.Asked.FILE
    )
    EnrichmentSource.objects.create(name="Clearfeed", slug="clearfeed", is_enabled=True)
    cities = {"DE": "Stuttgart", "US": "Denver", "GB": "Leeds"}
    FileRow.objects.bulk_create(
        FileRow(
            source=source,
            about=FileRow.About.ACCOUNT,
            domain=account.domain,
            company_key=name_key(account.name),
            said_at=now - timedelta(days=20),
            data=json.dumps({"domain": account.domain, "city": cities.get(account.country, "")}),
        )
        for account in accounts[:40]
    )
    asking.ask(accounts[:ASKED], by=by, now=now)
    asking.answer_due(now)
    decay.measure(now)
