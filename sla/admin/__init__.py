"""The admin pages of the promises: policies with their versions, and breaches with their causes."""

from sla.admin import breaches, policies

__all__ = ["breaches", "policies"]
