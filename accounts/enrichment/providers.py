"""What every way of asking a data source looks like; the ways themselves are in files and web."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from accounts.models import Account, Contact, SourceRecord

Record = Account | Contact


class Question(NamedTuple):
    """What is known of a record: enough for somebody else to say more. Empty where unknown."""

    about: str  # "contact" or "account"
    key: str  # what this source calls the record
    # For people: first_name, last_name, email, phone, company, domain; for companies: name, domain
    known: Mapping[str, str]


class Finding(NamedTuple):
    """What a source says, in our names of the fields (docs/enrichment.md, `data`).

    `at` is the instant as of which it was so; None where the source does not say how old it is.
    """

    data: Mapping[str, Any]
    at: datetime | None = None


class NotNow(Exception):
    """Nothing usable came back, but it may later. The text is a sentence."""

    def __init__(self, sentence: str, *, seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.seconds = seconds  # how long they want us to wait


class NoUse(Exception):
    """Asking again as it is will not help. The text is a sentence that says what would."""


class Provider(Protocol):
    """One way of asking one data source."""

    def covers(self, about: str) -> bool:
        """Whether it can be asked about "contact" or "account" at all."""

    def look_up(self, question: Question) -> Finding | None:
        """What it says; None where it knows nothing. NotNow, NoUse."""


def question_about(record: Record, source_id: int) -> Question:
    """What we tell a source to ask about `record`."""
    mine: dict[str, Record]
    if isinstance(record, Account):
        kind, mine = SourceRecord.Kind.ACCOUNT, {"account": record}
        known = {"name": record.name, "domain": record.domain}
    else:
        kind, mine = SourceRecord.Kind.CONTACT, {"contact": record}
        known = {
            "first_name": record.first_name,
            "last_name": record.last_name,
            "email": record.email,
            "phone": str(record.phone or record.mobile or ""),
            "company": record.account.name if record.account else "",
            "domain": record.account.domain if record.account else "",
        }
    keys = SourceRecord.objects.filter(source=source_id, kind=kind, **mine)
    key = keys.order_by("-pk").values_list("key", flat=True).first() or ""
    return Question(kind.value, key, known)
