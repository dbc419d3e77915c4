"""`manage.py first_admin`: the first person on an empty installation; harmless on any other."""

import os
import sys
from collections.abc import Callable
from functools import partial
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from team import passwords
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
        user = User(is_revops=True)
        try:
            made = self._fill_in(user, options, asks)
            user.password_given = bool(made)
        except (EOFError, KeyboardInterrupt):
            raise CommandError("Stopped. Nobody was made.") from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            user.save()
            note(Deed.ADDED, by=None, about=user, words="The first admin.")
        self.stdout.write(f"{user.username} can sign in and add people.")
        if made:
            self.stdout.write(f"Password, shown this once: {made}")

    def _fill_in(self, user: User, options: dict[str, Any], asks: bool) -> str:
        """Name, address and password from wherever they come; the password that was made, or ""."""
        if asks:
            self.stdout.write("Who sets Handoff Desk up? They sign in with this name.")
        for name, question in (("username", "User name: "), ("email", "E-mail: ")):
            given = options[name] or os.environ.get(f"FIRST_ADMIN_{name.upper()}", "").strip()
            if given or not asks:
                if not given:
                    raise CommandError(f"Give --{name} or set FIRST_ADMIN_{name.upper()}.")
                self._take(user, name, given)
            else:
                self._until_it_fits(partial(self._ask, user, name, question))
        password = os.environ.get("FIRST_ADMIN_PASSWORD", "")
        if not password and asks:
            return self._until_it_fits(partial(self._ask_password, user))
        made = "" if password else passwords.made()
        validate_password(password or made, user)
        user.set_password(password or made)
        user.full_clean()
        return made

    def _take(self, user: User, name: str, given: str) -> str:
        """Put what was given into the field. Raises ValidationError where it does not fit."""
        if not given.strip():
            raise ValidationError("It cannot stay empty.")
        field: Any = User._meta.get_field(name)
        value: str = field.clean(given.strip(), user)
        setattr(user, name, value)
        return value

    def _ask(self, user: User, name: str, question: str) -> str:
        return self._take(user, name, input(question))

    def _ask_password(self, user: User) -> str:
        """Nobody sees what is typed, so it is asked for twice. The one that was made, or ""."""
        typed = getpass("Password (empty: one is made): ")
        made = "" if typed else passwords.made()
        validate_password(typed or made, user)
        if typed and getpass("The same again: ") != typed:
            raise ValidationError("The two are not the same.")
        user.set_password(typed or made)
        user.full_clean()
        return made

    def _until_it_fits(self, ask: Callable[[], str]) -> str:
        while True:
            try:
                return ask()
            except ValidationError as error:
                self.stderr.write(" ".join(error.messages))
