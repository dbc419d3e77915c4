"""The backend that allauth signs people in with once it knows who they are."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest


class SignedIn(AuthenticationBackend):
    """Never asks for a password itself: Django’s backend does, behind the guard of axes."""

    def authenticate(
        self, request: HttpRequest | None, **credentials: object
    ) -> AbstractBaseUser | None:
        return None
