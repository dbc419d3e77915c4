"""Customer companies and the people at them - not logins, which live in `team`."""

from accounts.models.account import Account, AccountTechnology, GrowthSignal, SignalKind
from accounts.models.contact import (
    Attitude,
    CommitteeRole,
    Contact,
    ContactChange,
    Method,
    Verification,
    VerifiedField,
)
from accounts.models.decay import DecayRate
from accounts.models.departure import Departure
from accounts.models.erased import ErasedAddress
from accounts.models.lookup import FileRow, Lookup
from accounts.models.merge import Merge
from accounts.models.origin import Proposal, ValueOrigin
from accounts.models.source import EnrichmentSource, InboundEvent, SourceRecord

__all__ = [
    "Account",
    "AccountTechnology",
    "Attitude",
    "CommitteeRole",
    "Contact",
    "ContactChange",
    "DecayRate",
    "Departure",
    "EnrichmentSource",
    "ErasedAddress",
    "FileRow",
    "GrowthSignal",
    "InboundEvent",
    "Lookup",
    "Merge",
    "Method",
    "Proposal",
    "SignalKind",
    "SourceRecord",
    "ValueOrigin",
    "Verification",
    "VerifiedField",
]
