"""`manage.py reset_two_step USERNAME`: for somebody who lost both phone and recovery codes."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from team.audit import note
from team.models import Deed, User
from team.sessions import end_sessions

SECOND_STEP: str = "mfa.Authenticator"  # a model that is there only when asked for


class Command(BaseCommand):
    help = "Take somebody’s second step away, so that they set up a new one; ends their sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        if not apps.is_installed("allauth.mfa"):
            raise CommandError("TWO_STEP is off, so nobody has a second step.")
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"Nobody signs in as “{options['username']}”.")
        with transaction.atomic():
            found, _ = apps.get_model(SECOND_STEP)._default_manager.filter(user=user).delete()
            end_sessions(user, now=timezone.now())
            if found:
                note(Deed.CHANGED, by=None, about=user, words="The second step was taken away.")
        words = "set up a new second step" if found else "sign in; there was no second step"
        self.stdout.write(f"{user} can {words}.")
