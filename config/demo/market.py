"""The demo's companies and the people at them."""

from datetime import datetime, timedelta
from random import Random

from accounts.models import (
    Account,
    AccountTechnology,
    Contact,
    GrowthSignal,
    Verification,
    VerifiedField,
)
from config.demo.words import (
    COMPANY_A,
    COMPANY_B,
    FIRST,
    LAST,
    SIGNALS,
    THEMES,
    TITLES,
    Theme,
)
from team.models import Territory, User

PHONE = {"DE": "+493090{:06d}", "US": "+1415555{:04d}", "GB": "+44207946{:04d}"}
LEADING = {"Central Europe": "DE", "Americas": "US", "UK and West": "GB"}


def theme_of(account: Account) -> Theme:
    """The problem that companies of this industry have."""
    return next(theme for theme in THEMES if account.industry in theme.industries)


def found_companies(
    random: Random,
    territories: dict[str, Territory],
    people: dict[str, User],
    now: datetime,
    count: int,
) -> list[Account]:
    """`count` accounts with technographics and growth signals, most of them well known."""
    industries = list(COMPANY_B)
    names = [f"{first} {{}}" for first in COMPANY_A]
    sdrs = [people[name] for name in ("sdr", "uma", "leo", "nia")]
    accounts: list[Account] = []
    for number in range(count):
        industry = industries[number % len(industries)]
        place = list(territories.values())[number % len(territories)]
        name = names[(number * 7) % len(names)].format(COMPANY_B[industry])
        if number >= len(names):
            name = f"{name} {('Group', 'International', 'Partners')[number // len(names) % 3]}"
        if any(account.name == name for account in accounts):
            name = f"{name} {number}"
        slug = name.lower().replace(" ", "-")
        accounts.append(
            Account(
                name=name,
                domain=f"{slug}.example",
                industry=industry,
                employees=random.choice([85, 140, 260, 420, 780, 1200, 2600, 5400]),
                annual_revenue=random.choice([12, 30, 55, 90, 210, 480]) * 1_000_000,
                country=LEADING[place.name],
                fit=random.choice(["strong", "strong", "good", "good", "weak", "unknown"]),
                fit_reason=next(t for t in THEMES if industry in t.industries).why,
                territory=place,
                owner=place.primary if random.random() < 0.15 else None,
                sdr=random.choice(sdrs),
                source=random.choice(["HubSpot", "Salesforce", "Vendor list"]),
                created_at=now - timedelta(days=200),
            )
        )
    Account.objects.bulk_create(accounts)
    technologies, signals = [], []
    for account in accounts:
        for name, category in theme_of(account).tech:
            technologies.append(AccountTechnology(account=account, name=name, category=category))
        for kind, detail in random.sample(SIGNALS, random.choice([1, 2, 2, 3])):
            text = detail.format(
                letter=random.choice("ABC"),
                amount=random.choice([8, 15, 30, 60]),
                title=random.choice(TITLES)[0],
                count=random.choice([4, 7, 12]),
            )
            day = now.date() - timedelta(days=random.randrange(5, 150))
            signals.append(GrowthSignal(account=account, kind=kind, happened_on=day, detail=text))
    AccountTechnology.objects.bulk_create(technologies)
    GrowthSignal.objects.bulk_create(signals)
    return accounts


def meet_people(
    random: Random, accounts: list[Account], people: dict[str, User], now: datetime, each: int
) -> dict[int, list[Contact]]:
    """`each` contacts at every account: most verified lately, some stale, some never."""
    contacts = []
    for index, account in enumerate(accounts):
        for seat in range(each):
            first = FIRST[(index * each + seat * 7) % len(FIRST)]
            last = LAST[(index * 3 + seat * 11) % len(LAST)]
            title, role = TITLES[(index + seat) % len(TITLES)] if seat else TITLES[index % 5]
            contacts.append(
                Contact(
                    account=account,
                    first_name=first,
                    last_name=last,
                    title=title,
                    role=role,
                    attitude=random.choice(["for", "neutral", "unknown"]),
                    email=f"{first}.{last}.{seat}@{account.domain}".lower(),
                    phone=PHONE[account.country].format((index * each + seat) % 10_000),
                    source=account.source,
                    created_at=now - timedelta(days=190),
                )
            )
    Contact.objects.bulk_create(contacts, batch_size=500)
    checks = []
    for contact in contacts:
        # One in eight was never looked at, one in six long ago: that is what lists are like.
        luck = random.random()
        if luck < 0.12:
            continue
        age = random.randrange(200, 400) if luck < 0.28 else random.randrange(2, 60)
        for field in VerifiedField:
            checks.append(
                Verification(
                    contact=contact,
                    field=field,
                    value=contact.verified_value(field),
                    method=random.choice(["spoke", "vendor", "vendor", "replied"]),
                    source=contact.source,
                    verified_at=now - timedelta(days=age),
                    verified_by=contact.account.sdr if contact.account else None,
                )
            )
    Verification.objects.bulk_create(checks, batch_size=500)
    found: dict[int, list[Contact]] = {}
    for contact in contacts:
        found.setdefault(contact.account_id or 0, []).append(contact)
    return found
