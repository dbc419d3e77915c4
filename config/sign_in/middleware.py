"""Sends people to set up their second step before anything else, where that is asked of them."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

ASKED = {
    "admins": "Admins sign in with a second step here: set it up first.",
    "everyone": "Everybody signs in with a second step here: set it up first.",
}


class TakesTwoSteps:
    """Nobody of whom TWO_STEP asks it works without an authenticator app: admins, or everyone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._lacks_it(request):
            messages.info(request, ASKED[settings.TWO_STEP])
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return self.get_response(request)

    def _lacks_it(self, request: HttpRequest) -> bool:
        user = request.user
        if settings.TWO_STEP not in ASKED or not user.is_authenticated:
            return False
        if settings.TWO_STEP == "admins" and not (user.is_superuser or user.is_revops):
            return False
        if request.path.startswith("/account/") or request.path == reverse("admin:logout"):
            return False
        from allauth.mfa.models import Authenticator  # an app that is there only when asked for

        return not Authenticator.objects.filter(
            user_id=user.pk, type=Authenticator.Type.TOTP
        ).exists()
