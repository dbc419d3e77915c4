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

__all__ = [
    "Account",
    "AccountTechnology",
    "Attitude",
    "CommitteeRole",
    "Contact",
    "ContactChange",
    "GrowthSignal",
    "Method",
    "SignalKind",
    "Verification",
    "VerifiedField",
]
