"""What reports keep of their own: facts read from the log, counts by day, the signed reviews."""

from reports.models.facts import Chain, Fact, Reading
from reports.models.review import Review, ReviewAction, ReviewRow
from reports.models.rollup import Day, Tally

__all__ = ["Chain", "Day", "Fact", "Reading", "Review", "ReviewAction", "ReviewRow", "Tally"]
