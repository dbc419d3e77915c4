"""The few of allauth’s addresses that this product has: no sign-up, no resets, no lists."""

from allauth.account import views as account
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
]
if settings.TWO_STEP != "off":
    urlpatterns.append(path("two-step/", include("allauth.mfa.urls")))
if settings.OIDC.issuer:
    from allauth.socialaccount import views as social

    from config.sign_in import views as sso

    urlpatterns += [
        path("cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
        path("error/", social.login_error, name="socialaccount_login_error"),
        path("no-signup/", social.signup, name="socialaccount_signup"),
        path("oidc/<provider_id>/login/", sso.login, name="openid_connect_login"),
        path("oidc/<provider_id>/login/callback/", sso.callback, name="openid_connect_callback"),
    ]
