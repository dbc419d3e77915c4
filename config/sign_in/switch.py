"""Turns the extra ways to sign in on: what settings.py adds for them, and nothing when off."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.urls import reverse_lazy

from config.environment import split

TWO_STEP = ("off", "optional", "admins", "everyone")
MENU_ENTRY = {"title": "Log-in in two steps", "link": reverse_lazy("mfa_index")}


class Oidc(NamedTuple):
    """One identity provider that speaks OpenID Connect. Empty: there is none."""

    issuer: str = ""
    client_id: str = ""
    secret: str = ""
    name: str = ""


def problem(two_step: str, oidc: Oidc) -> tuple[str, str] | None:
    """The variable that is wrong, and why."""
    if two_step not in TWO_STEP:
        return "TWO_STEP", f"takes one of {', '.join(TWO_STEP)}."
    if not oidc.issuer:
        return None
    address = split(oidc.issuer)
    at_home = address is not None and address.hostname in {"localhost", "127.0.0.1"}
    schemes = {"https", "http"} if at_home else {"https"}
    if address is None or not address.hostname or address.scheme not in schemes:
        return "OIDC_ISSUER", "is not an address such as https://login.example.com."
    if not oidc.client_id:
        return "OIDC_CLIENT_ID", "is needed where OIDC_ISSUER is set."
    if not oidc.secret:
        return "OIDC_CLIENT_SECRET", "is needed where OIDC_ISSUER is set."
    return None


def turn_on(settings: dict[str, Any], two_step: str, oidc: Oidc, base_url: str) -> None:
    """Add apps, middleware, backend and allauth’s own settings to `settings`."""
    apps = ["allauth", "allauth.account"]
    if two_step != "off":
        apps.append("allauth.mfa")
    if oidc.issuer:
        apps += ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
        policy = settings["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
        address = urlsplit(oidc.issuer)
        # The button is a form of ours, and a browser judges where it is sent on to
        policy["form-action"] = [*policy["form-action"], f"{address.scheme}://{address.netloc}"]
    settings["INSTALLED_APPS"] += apps
    where = settings["MIDDLEWARE"].index("config.middleware.PersonsTimeZone")
    settings["MIDDLEWARE"][where:where] = [
        "allauth.account.middleware.AccountMiddleware",
        "config.sign_in.middleware.TakesTwoSteps",
    ]
    settings["AUTHENTICATION_BACKENDS"].append("config.sign_in.backends.SignedIn")
    settings["TEMPLATES"][0]["OPTIONS"]["context_processors"].append("config.sign_in.context.frame")
    settings.update(
        LOGIN_URL="account_login",
        ACCOUNT_ADAPTER="config.sign_in.adapters.AccountAdapter",
        ACCOUNT_LOGIN_METHODS={"username"},
        ACCOUNT_SIGNUP_FIELDS=["username*", "password1*"],
        ACCOUNT_EMAIL_VERIFICATION="none",
        ACCOUNT_EMAIL_NOTIFICATIONS=False,
        ACCOUNT_SESSION_REMEMBER=True,  # how long is a matter of SESSION_COOKIE_AGE alone
        ACCOUNT_DEFAULT_HTTP_PROTOCOL=urlsplit(base_url).scheme,
        MFA_SUPPORTED_TYPES=["totp", "recovery_codes"],
        MFA_TOTP_ISSUER="Handoff Desk",
        SOCIALACCOUNT_ADAPTER="config.sign_in.adapters.SocialAdapter",
        SOCIALACCOUNT_STORE_TOKENS=False,
        SOCIALACCOUNT_PROVIDERS=_providers(oidc),
    )


def _providers(oidc: Oidc) -> dict[str, Any]:
    if not oidc.issuer:
        return {}
    app = {
        "provider_id": "desk",
        "name": oidc.name or "single sign-on",
        "client_id": oidc.client_id,
        "secret": oidc.secret,
        "settings": {"server_url": oidc.issuer.rstrip("/")},
    }
    return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
