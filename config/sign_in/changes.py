"""A change of somebody’s second step ends their sessions everywhere but where they changed it."""

from typing import Any

from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.http import HttpRequest
from django.utils import timezone

from team.sessions import end_sessions


def connect() -> None:
    """Called once, when the apps are loaded and a second step is switched on."""
    for signal in (authenticator_added, authenticator_removed, authenticator_reset):
        signal.connect(_ended, dispatch_uid="config.sign_in.changes")


def _ended(sender: object, request: HttpRequest, user: Any, **kwargs: object) -> None:
    end_sessions(user, now=timezone.now(), keep=request.session.session_key)
