"""How often somebody may mistype: waits per account, a ceiling per network address.

After five wrong passwords in a row an account waits one minute, doubling to fifteen. An address
that fails twenty times in an hour waits until fewer are in that hour.
"""

import ipaddress
from datetime import datetime, timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessFailureLog
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from team.models import User

WINDOW = timedelta(hours=1)
FREE_TRIES = 5
LONGEST_WAIT = 15  # minutes
LONGEST_NAME = 255  # characters; PostgreSQL refuses the record of a longer one


def client_address(request: HttpRequest) -> str:
    """Whose address a request comes from: behind the one trusted proxy, what that proxy says."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUST_PROXY:
        address = request.META.get("HTTP_X_FORWARDED_FOR", address).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return "0.0.0.0"  # noqa: S104  an address nobody has, not one to listen on


def name_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """The user name that somebody tries, as far as a record of it can hold."""
    given = (credentials or {}).get("username") or request.POST.get("username")
    return str(given).replace("\0", "")[:LONGEST_NAME] if given else None


class SignInGuard(AxesDatabaseHandler):
    """django-axes’ record of failures, judged by the two rules above."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        now = timezone.now()
        username = get_client_username(request, credentials) or ""
        return account_waits(username, now) or address_waits(client_address(request), now)


def account_waits(username: str, now: datetime) -> bool:
    """Whether this account still waits, whatever the password; counted since it last got in."""
    since = now - WINDOW
    last_login = User.objects.filter(username=username).values_list("last_login", flat=True).first()
    if last_login is not None:
        since = max(since, last_login)
    failed = AccessFailureLog.objects.filter(username=username[:255], attempt_time__gt=since)
    times = list(failed.order_by("-attempt_time").values_list("attempt_time", flat=True)[:20])
    if len(times) < FREE_TRIES:
        return False
    wait = min(LONGEST_WAIT, 2 ** (len(times) - FREE_TRIES))
    return bool(now < times[0] + timedelta(minutes=wait))


def address_waits(address: str, now: datetime) -> bool:
    """Whether too much has failed from this address in the last hour."""
    failed = AccessFailureLog.objects.filter(ip_address=address, attempt_time__gt=now - WINDOW)
    return failed[: settings.SIGN_IN_FAILURES_PER_ADDRESS].count() >= (
        settings.SIGN_IN_FAILURES_PER_ADDRESS
    )
