"""The two addresses of single sign-on, with an answer for a provider that does not answer."""

import logging
from typing import Any

import jwt
from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from requests import RequestException

from config.views import answer

AWAY = "The sign-in service does not answer. Try again in a few minutes, or log in with a password."
# With a public key: a shared secret would be one that they had published, too
SIGNED_BY = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"})
log = logging.getLogger("handoffdesk.sign_in")


class NotThatOne(Exception):
    """A provider calls itself something else than OIDC_ISSUER says."""


class Provider(OpenIDConnectOAuth2Adapter):
    """The provider that was set, and none that answers in its place under another name."""

    def insist(self) -> None:
        """Raise NotThatOne unless it says the name that was set (Discovery 1.0, section 4.3)."""
        if str(self.openid_config["issuer"]).rstrip("/") != settings.OIDC.issuer.rstrip("/"):
            raise NotThatOne

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("They said nothing that they have signed.")
        return super().complete_login(request, app, token, **kwargs)

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """Judged by a key that they publish, though it came straight from them."""
        try:
            algorithm = jwt.get_unverified_header(id_token).get("alg")
        except jwt.PyJWTError as error:
            raise OAuth2Error("Their word cannot be read.") from error
        if algorithm not in SIGNED_BY:
            raise OAuth2Error("Their word is not signed with a key that they publish.")
        word: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        return word


def _asked(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        provider = Provider(request, provider_id)
        provider.insist()
        done: HttpResponse = view.adapter_view(provider)(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    # Away, or not what a provider says, or somebody else
    except (RequestException, KeyError, NotThatOne) as error:
        log.error("single sign-on: %s", type(error).__name__)
        return answer(request, 503, AWAY)
    return done


@login_not_required
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send somebody to the provider."""
    return _asked(OAuth2LoginView, request, provider_id)


@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take what the provider says about whoever comes back."""
    return _asked(OAuth2CallbackView, request, provider_id)
