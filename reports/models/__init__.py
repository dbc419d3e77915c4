"""What reports keep of their own: facts read from the log, and the signed monthly reviews."""

from reports.models.facts import Chain, Fact, Reading
from reports.models.review import Review, ReviewAction, ReviewRow

__all__ = ["Chain", "Fact", "Reading", "Review", "ReviewAction", "ReviewRow"]
