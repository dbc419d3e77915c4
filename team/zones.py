"""Time zones by their stored names, which the machine's data may drop one day."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings


def zone_named(name: str) -> ZoneInfo:
    """The zone of this name; the site's where it no longer exists."""
    return ZoneInfo(name if exists(name) else settings.TIME_ZONE)


def exists(name: str) -> bool:
    """Whether this machine knows a zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
