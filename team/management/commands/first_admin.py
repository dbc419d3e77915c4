"""`manage.py first_admin`: the first person on an empty installation; harmless on any other."""

import os
import secrets
import sys
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from team.audit import note
from team.models import Deed, User


class Command(BaseCommand):
    help = (
        "Make the first RevOps admin. Asks for what is missing, or takes FIRST_ADMIN_USERNAME, "
        "FIRST_ADMIN_EMAIL and FIRST_ADMIN_PASSWORD. Without a password it makes one and shows it "
        "once. Where there is an admin already it does nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username")
        parser.add_argument("--email")
        parser.add_argument("--no-input", action="store_true", help="never ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.admins().exists():
            self.stdout.write("There is an admin already, so nothing was done.")
            return
        asks = not options["no_input"] and sys.stdin.isatty()
        if asks:
            self.stdout.write("Who sets Handoff Desk up? They sign in with this name.")
        username = options["username"] or self._value("USERNAME", "User name: ", asks)
        email = options["email"] or self._value("EMAIL", "E-mail: ", asks)
        password = os.environ.get("FIRST_ADMIN_PASSWORD", "")
        if not password and asks:
            password = getpass("Password (empty: one is made): ")
        made = "" if password else secrets.token_urlsafe(18)
        user = User(username=username, email=email, is_revops=True)
        try:
            validate_password(password or made, user)
            user.set_password(password or made)
            user.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            user.save()
            note(Deed.ADDED, by=None, about=user, words="The first admin.")
        self.stdout.write(f"{username} can sign in and add people.")
        if made:
            self.stdout.write(f"Password, shown this once: {made}")

    def _value(self, name: str, question: str, asks: bool) -> str:
        value = os.environ.get(f"FIRST_ADMIN_{name}", "").strip()
        if not value and asks:
            value = input(question).strip()
        if not value:
            raise CommandError(f"Give --{name.lower()} or set FIRST_ADMIN_{name}.")
        return value
