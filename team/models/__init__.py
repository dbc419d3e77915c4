"""People, roles, territories and working time; nothing about handoffs."""

from team.models.audit import AuditEntry, Deed
from team.models.calendars import CalendarVersion, Holiday, WorkCalendar, WorkInterval
from team.models.imports import ColumnMatch, Import
from team.models.people import Absence, Role, User
from team.models.territories import Coverage, Territory

__all__ = [
    "Absence",
    "AuditEntry",
    "CalendarVersion",
    "ColumnMatch",
    "Coverage",
    "Deed",
    "Holiday",
    "Import",
    "Role",
    "Territory",
    "User",
    "WorkCalendar",
    "WorkInterval",
]
