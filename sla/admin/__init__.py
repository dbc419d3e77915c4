"""The admin pages of the promises: policies, breaches, and absences with what they leave."""

from sla.admin import absences, breaches, policies

__all__ = ["absences", "breaches", "policies"]
