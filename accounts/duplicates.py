"""Records that may be one and the same, each with the reason; joining them is merging’s."""

from accounts.domains import company_domain
from accounts.matching import (
    BY_NAME,
    AccountKeys,
    Match,
    find_contacts,
    once,
    told_apart,
)
from accounts.models import Account, Contact

BY_COLLEAGUES = "its people write from this company’s domain"
MOST = 50


def of_account(account: Account) -> list[Match[Account]]:
    """Other accounts that may be this company, surest first."""
    others = Account.objects.exclude(pk=account.pk)
    keys = _keys(account)
    found = [
        Match(other, BY_NAME)
        for other in others.filter(name_key=account.name_key).exclude(name_key="")[:MOST]
        if not told_apart(keys, other)
    ]
    emails = account.contacts.exclude(email="").values_list("email", flat=True)[:200]
    domains = {company_domain(email) for email in emails} - {"", account.domain}
    found += [Match(other, BY_COLLEAGUES) for other in others.with_any("domain", domains)[:MOST]]
    return once(found)


def of_contact(contact: Contact) -> list[Match[Contact]]:
    """Other contacts that may be this person, surest first."""
    phones = tuple(str(phone) for phone in (contact.phone, contact.mobile) if phone)
    found = find_contacts(
        phones=phones,
        first_name=contact.first_name,
        last_name=contact.last_name,
        account_id=contact.account_id,
    )
    return [match for match in found if match.found.pk != contact.pk]


def _keys(account: Account) -> AccountKeys:
    return AccountKeys(
        domain=account.domain,
        name=account.name,
        external_id=account.external_id,
        hubspot_id=account.hubspot_id,
        salesforce_id=account.salesforce_id,
    )
