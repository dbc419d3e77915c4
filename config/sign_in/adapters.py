"""Who may come in by the extra ways: people whom RevOps has added, and nobody else."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from config.views import answer
from team.models import User
from team.sign_in import client_address

UNKNOWN = (
    "Nobody here has the address {email}. Ask a RevOps admin to add you with it, then sign in "
    "again."
)
UNPROVEN = "Your sign-in service gave no e-mail address that it has checked. Ask who runs it."


class AccountAdapter(DefaultAccountAdapter):
    """No sign-up, and addresses seen as everywhere else."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)


class SocialAdapter(DefaultSocialAccountAdapter):
    """Ties whoever comes from the identity provider to the person with their checked address."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def get_requests_session(self) -> Any:
        """One that is sent on nowhere: the provider’s own address was named by the operator."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.is_existing:
            return
        checked = [one.email for one in sociallogin.email_addresses if one.verified and one.email]
        if not checked:
            raise ImmediateHttpResponse(answer(request, 403, UNPROVEN))
        known = User.objects.active().filter(email__iexact=checked[0])[:2]
        if len(known) != 1:
            raise ImmediateHttpResponse(answer(request, 403, UNKNOWN.format(email=checked[0])))
        sociallogin.connect(request, known[0])
