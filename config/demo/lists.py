"""The demo’s imports: files that people brought, checked and written as any other file is."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from random import Random

from accounts.models import Account, Contact
from team.models import Import, User
from team.sheets import runs

FAIR = ("Record ID", "First Name", "Last Name", "Email", "Job Title", "Company Name")
BOUGHT = ("Contact ID", "First Name", "Last Name", "Job Title", "Email Address", "Company Name")
OWN = ("first_name", "last_name", "title", "email", "account", "account_domain")
NEW = [
    ("Alba", "Reyes", "Head of Procurement"),
    ("Jonas", "Weber", "Director of Operations"),
    ("Mei", "Tanaka", "VP Supply Chain"),
    ("Tom", "Ashby", "IT Security Lead"),
    ("Carla", "Monti", "Chief Financial Officer"),
    ("Erik", "Sund", "Plant Manager"),
    ("Lucie", "Moreau", "Head of Data"),
    ("Piotr", "Nowak", "Operations Analyst"),
]
PROSPECTS = [  # a list as it is sold: two rows of it cannot be
    ("dana.frost@", "Dana", "Frost"),  # half an address
    ("lee.wong@{domain}", "Lee", "Wong"),
    ("LEE.WONG@{domain}", "Lee", "Wong-Hart"),  # the same address again
    ("sales@{domain}", "", ""),
    ("rosa.lima@{domain}", "Rosa", "Lima"),
]


def bring_lists(accounts: list[Account], people: dict[str, User], now: datetime) -> None:
    """One that was undone, one with rows that cannot be, one that is done: newest last."""
    quiet = [account for account in accounts if account.sdr == people["sdr"]]
    known = [
        one for one in Contact.objects.filter(handoffs=None, committees=None)[:12] if one.account
    ]
    dice = Random(len(accounts))
    bulk = [
        (first, last, title, _address(first, last, account), account.name, account.domain)
        for account, (first, last, title) in zip(quiet, NEW[:5], strict=False)
    ]
    old_list = _bring("old-newsletter-list.csv", OWN, bulk, by=people["sdr"], now=now)
    if runs.ask_to_undo(old_list, by=people["sdr"], at=now):
        runs.carry_on(old_list)
    bought = [
        (
            700 + number,
            first,
            last,
            "Buyer",
            address.format(domain=accounts[0].domain),
            accounts[0].name,
        )
        for number, (address, first, last) in enumerate(PROSPECTS)
    ]
    _bring("list-house-prospects.csv", BOUGHT, bought, by=people["revops"], now=now)
    fair: list[tuple[object, ...]] = [
        (9000 + number, first, last, _address(first, last, account), title, account.name)
        for number, (account, (first, last, title)) in enumerate(
            zip(dice.sample(accounts, len(NEW)), NEW, strict=True)
        )
    ]
    for number, one in enumerate(known):
        title = f"Senior {one.title}" if number % 3 == 0 else one.title
        fair.append(
            (9100 + number, one.first_name, one.last_name, one.email, title, str(one.account))
        )
    _bring("trade-fair-badges.csv", FAIR, fair, by=people["revops"], now=now)


def _bring(
    name: str,
    header: tuple[str, ...],
    rows: Sequence[tuple[object, ...]],
    *,
    by: User,
    now: datetime,
) -> Import:
    """Uploaded, checked, and confirmed where nothing is wrong with it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    run = runs.begin(
        io.BytesIO(text.getvalue().encode()),
        by=by,
        kind="accounts.contact",
        options={"name": name, "format": "auto"},
        state=Import.State.WAITING,
        at=now,
    )
    runs.carry_on(run)
    if runs.confirm(run, at=now):
        runs.carry_on(run)
    return run


def _address(first: str, last: str, account: Account) -> str:
    return f"{first}.{last}@{account.domain}".lower()
