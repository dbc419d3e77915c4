"""What reports keep of their own: facts read from the log, and the signed monthly reviews."""

from reports.models.facts import Chain, Fact, Reading

__all__ = ["Chain", "Fact", "Reading"]
