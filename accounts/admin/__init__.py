"""The admin pages of companies and people: a module for each kind of thing."""

from accounts.admin import accounts, contacts, departures, inbox, lookups, merges, sources

__all__ = ["accounts", "contacts", "departures", "inbox", "lookups", "merges", "sources"]
