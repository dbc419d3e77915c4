"""What a password may not be, beyond Django’s own rules; and one that we make for somebody."""

import secrets

from django.core.exceptions import ValidationError

from team.models import User

# Words that everybody here would try first
CONTEXT = ("handoff", "handoffdesk", "desk")
LONGEST = 1024
# No letter or digit that is taken for another when it is read aloud or copied by hand
CLEAR = "abcdefghjkmnpqrstuvwxyz23456789"


class NotTheOneGiven:
    """Refuses to keep the password that somebody else has set."""

    def validate(self, password: str, user: object = None) -> None:
        if isinstance(user, User) and user.password_given and user.check_password(password):
            raise ValidationError("This one was made for you: choose another.", code="given")

    def get_help_text(self) -> str:
        return "Your password can’t be the one that was made for you."


class ContextWords:
    """Refuses passwords made of the product’s own words, and texts that only cost time to hash."""

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(f"Use at most {LONGEST:,} characters.", code="too_long")
        rest = password.casefold()
        for word in sorted(CONTEXT, key=len, reverse=True):
            rest = rest.replace(word, "")
        if len([character for character in rest if character.isalpha()]) < 4 and rest != (
            password.casefold()
        ):
            raise ValidationError(
                "Use something that is not the name of this product.", code="context"
            )

    def get_help_text(self) -> str:
        return "Your password can’t be made of the name of this product."


def made() -> str:
    """A new password for somebody, four groups of seven (138 bits) without signs that look alike.

    >>> [len(group) for group in made().split("-")]
    [7, 7, 7, 7]
    """
    return "-".join("".join(secrets.choice(CLEAR) for _ in range(7)) for _ in range(4))
