"""Which company a row of a new contact means, where that is beyond doubt; for the quick way.

What is found once is remembered over the batches of a file: many rows name the same company.
"""

from collections.abc import Iterable
from typing import NamedTuple

from accounts.domains import company_domain
from accounts.matching import (
    BY_DOMAIN,
    BY_MAIL_DOMAIN,
    BY_NAME,
    AccountBook,
    AccountKeys,
    equally_sure,
)
from accounts.models import Account
from accounts.names import name_key

MOST_KNOWN = 20_000


class NamedFirm(NamedTuple):
    """What a row says of a company: its name, its domain, and that of the person's e-mail."""

    name: str
    domain: str
    mail: str


class Firm(NamedTuple):
    """What has to be known of a company. `account` gets its number when it is written."""

    country: str
    owner_id: int | None
    sdr_id: int | None
    account: Account
    by_domain: bool


class Firms:
    """The companies that rows have meant so far; None where they mean none for sure."""

    def __init__(self, book: AccountBook) -> None:
        self.book = book
        self.known: dict[NamedFirm, Firm | None] = {}

    def forget(self) -> None:
        """To be called when companies were added: names may have become ambiguous."""
        self.known.clear()

    def load(self, wanted: Iterable[NamedFirm]) -> None:
        """Finds what these rows mean; whatever leaves a doubt is left out of `known`."""
        if len(self.known) > MOST_KNOWN:
            self.forget()
        asked = {
            named: AccountKeys(domain=named.domain, name=named.name, email=f"@{named.mail}")
            for named in set(wanted) - self.known.keys()
        }
        if not asked:
            return
        self.book.load(asked.values())
        for named, keys in asked.items():
            found = self.book.find(keys)
            if not found:
                if not named.name:
                    self.known[named] = None
                continue
            best = found[0]
            is_doubtful = best.reason == BY_NAME and len(equally_sure(found)) > 1
            has_remark = best.reason == BY_MAIL_DOMAIN and named.name
            if not is_doubtful and not has_remark:
                account = best.found
                by_domain = best.reason == BY_DOMAIN
                self.known[named] = Firm(
                    account.country, account.owner_id, account.sdr_id, account, by_domain
                )


class Coming:
    """The companies that other rows of the same batch may add before a row further down is read.

    They come in by name, in the order of the file, and are not there yet when the batch is looked
    up.
    """

    def __init__(self, others: Iterable[NamedFirm]) -> None:
        named = [other for other in others if other.name]
        self.names = {name_key(other.name) for other in named}
        self.domains = {word for other in named for word in (other.mail, other.domain) if word}

    def may_be(self, named: NamedFirm, firm: Firm | None) -> bool:
        """Whether one of them could be what `named` means instead of `firm`."""
        if firm is not None and firm.by_domain:
            return False
        if named.mail in self.domains or named.domain in self.domains:
            return True
        return bool(named.name) and name_key(named.name) in self.names


def named_by(name: str, domain: str, email: str) -> NamedFirm:
    return NamedFirm(name, domain, company_domain(email))
