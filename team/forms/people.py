"""Forms of people: who they are, and a password that is set for them."""

from typing import Any

from django.contrib.auth.forms import ReadOnlyPasswordHashWidget
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from team.forms.shared import ZoneField
from team.models import User


class GivesPassword:
    """For forms in which an admin sets a password for somebody, who then chooses their own."""

    def set_password_and_save(self, user: User, commit: bool = True, **kwargs: Any) -> User:
        user = super().set_password_and_save(user, commit=False, **kwargs)  # type: ignore[misc]
        user.password_given = user.has_usable_password()
        if commit:
            user.save()
        return user


class PasswordForSomebodyForm(GivesPassword, AdminPasswordChangeForm):
    """Another person’s password."""


class PasswordState(ReadOnlyPasswordHashWidget):
    """Whether there is a password; how it is kept says nothing to whoever reads the page."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        is_set = bool(value) and not str(value).startswith(UNUSABLE_PASSWORD_PREFIX)
        return format_html('<div class="readonly">{}</div>', "Set" if is_set else "Not set")


class PersonForm(UserChangeForm):
    """A person as an admin edits them."""

    time_zone = ZoneField(help_text="Times are shown to them in this zone.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            self.fields["password"].widget = PasswordState()
            self.fields["password"].help_text = format_html(
                'Nobody can read it. <a href="{}">Set another one</a> if they cannot sign in.',
                "../password/",
            )

    class Meta:
        model = User
        fields = ("username",)
        labels = {"slack_member_id": "Slack member ID"}


class NewPersonForm(GivesPassword, UserCreationForm):
    """A new person: their sign-in first, with what they do."""

    time_zone = ZoneField(initial="UTC", help_text="Times are shown to them in this zone.")

    class Meta:
        model = User
        fields = ("username",)
