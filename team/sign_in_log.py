"""Writes a line for everybody who comes in, goes, or fails to; numbers only, never a name.

Who tried which name from which address stands in django-axes’ record of failures, for as long as
RETENTION_SIGN_IN_DAYS says; a log is kept by others, for as long as they like.
"""

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from team.sessions import ways_in

log = logging.getLogger("handoffdesk.sign_in")


def connect() -> None:
    """Called once, when the apps are loaded."""
    for signal, receiver in (
        (user_logged_in, came_in),
        (user_logged_out, went),
        (user_login_failed, failed),
    ):
        signal.connect(receiver, dispatch_uid=f"team.sign_in_log.{receiver.__name__}")


def came_in(sender: object, request: HttpRequest, user: Any, **kwargs: object) -> None:
    log.info("Signed in: user %s, by %s.", user.pk, ", ".join(ways_in(request)))


def went(sender: object, user: Any, **kwargs: object) -> None:
    if user is not None:
        log.info("Signed out: user %s.", user.pk)


def failed(sender: object, **kwargs: object) -> None:
    log.warning("A sign-in failed.")
