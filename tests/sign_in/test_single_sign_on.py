"""Single sign-on against an identity provider that speaks OpenID Connect, faked on loopback."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount, SocialToken
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import Client
from django.urls import reverse
from jwt.algorithms import RSAAlgorithm
from pytest_httpserver import HTTPServer

from team.models import User

pytestmark = pytest.mark.django_db
ISSUER = settings.OIDC.issuer
START = "/account/oidc/desk/login/"
THEIR_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def provider_server() -> Iterator[HTTPServer]:
    address = urlsplit(ISSUER)
    with HTTPServer(host=str(address.hostname), port=int(address.port or 0)) as server:
        yield server


@pytest.fixture
def provider(provider_server: HTTPServer) -> HTTPServer:
    provider_server.clear()
    introduces_itself(provider_server)
    published = RSAAlgorithm.to_jwk(THEIR_KEY.public_key(), as_dict=True)
    provider_server.expect_request("/keys").respond_with_json(
        {"keys": [{**published, "kid": "of-today", "alg": "RS256", "use": "sig"}]}
    )
    return provider_server


def introduces_itself(server: HTTPServer, issuer: str = ISSUER) -> None:
    server.expect_request("/.well-known/openid-configuration").respond_with_json(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/keys",
        }
    )


def come_back(
    client: Client,
    provider: HTTPServer,
    *,
    signed_by: Any = THEIR_KEY,
    algorithm: str = "RS256",
    **claims: Any,
) -> Any:
    """Press the button, be sent to the provider, and come back with its word."""
    sent = client.post(START)
    assert sent.status_code == 302
    assert sent["Location"].startswith(f"{ISSUER}/authorize?")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(sent["Location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    word = {"iss": ISSUER, "aud": "desk", "iat": 1772445000, "exp": 1772449000}
    word |= {name: claims.pop(name) for name in ("iss", "aud", "exp", "nbf") if name in claims}
    person = {"sub": "u-1", "email_verified": True, **claims}
    kind = "none" if signed_by is None else algorithm
    token = jwt.encode({**person, **word}, signed_by, kind, headers={"kid": "of-today"})
    answered = {"access_token": "t", "token_type": "Bearer", "id_token": token}
    if algorithm == "left out":
        del answered["id_token"]
    provider.expect_request("/token", method="POST").respond_with_json(answered)
    provider.expect_request("/userinfo").respond_with_json(person)
    return client.get("/account/oidc/desk/login/callback/", {"code": "c", "state": asked["state"]})


def test_somebody_whom_revops_added_comes_in(
    client: Client, provider: HTTPServer, ae: User
) -> None:
    ae.give_password("which-they-never-need")
    ae.save()
    answer = come_back(client, provider, email=ae.email.upper())
    assert answer["Location"] == "/"
    assert client.get("/").status_code == 200
    assert SocialAccount.objects.get().user == ae
    assert not SocialToken.objects.exists()


def test_whoever_came_once_comes_again_with_another_address(
    client: Client, provider: HTTPServer, ae: User
) -> None:
    come_back(client, provider, email=ae.email)
    other = Client()
    assert come_back(other, provider, email="married@desk.example")["Location"] == "/"
    assert other.get("/").status_code == 200


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"email": "stranger@desk.example"}, "Nobody here has the address"),
        ({"email": "ae@desk.example", "email_verified": False}, "no e-mail address that it has"),
        ({}, "no e-mail address that it has"),
    ],
)
def test_nobody_else_does(
    client: Client, provider: HTTPServer, ae: User, claims: dict[str, Any], sentence: str
) -> None:
    answer = come_back(client, provider, **claims)
    assert answer.status_code == 403
    assert sentence in answer.content.decode()
    assert client.get("/").status_code == 302
    assert User.objects.count() == 3  # the cast: nobody was made


def test_somebody_deactivated_stays_out(client: Client, provider: HTTPServer, ae: User) -> None:
    come_back(client, provider, email=ae.email)
    User.objects.filter(pk=ae.pk).update(is_active=False)
    other = Client()
    come_back(other, provider, email=ae.email)
    assert other.get("/").status_code == 302


def test_a_forged_return_is_refused(client: Client, provider: HTTPServer, ae: User) -> None:
    client.post(START)
    answer = client.get("/account/oidc/desk/login/callback/", {"code": "c", "state": "forged"})
    assert "did not let you in" in answer.content.decode()
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (rsa.generate_private_key(65537, 2048), "RS256"),
        ("a secret that somebody made up for themselves", "HS256"),
        (None, "none"),
        (None, "left out"),
    ],
    ids=["another key", "a secret", "no key", "no word"],
)
def test_a_word_that_they_did_not_sign_is_refused(
    client: Client, provider: HTTPServer, ae: User, key: Any, algorithm: str
) -> None:
    come_back(client, provider, email=ae.email, signed_by=key, algorithm=algorithm)
    assert client.get("/").status_code == 302
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(
    "word",
    [
        {"aud": "another-client"},
        {"iss": "https://id.example"},
        {"exp": 1772445100},
        {"nbf": 1772448000},
    ],
)
def test_a_word_that_is_not_for_us_or_not_from_them_is_refused(
    client: Client, provider: HTTPServer, ae: User, word: dict[str, Any]
) -> None:
    come_back(client, provider, email=ae.email, **word)
    assert client.get("/").status_code == 302


def test_a_provider_that_calls_itself_something_else_is_not_believed(
    client: Client, provider_server: HTTPServer
) -> None:
    provider_server.clear()
    introduces_itself(provider_server, "https://id.example")
    assert client.post(START).status_code == 503


def test_a_second_step_is_asked_for_after_theirs(
    client: Client, provider: HTTPServer, ae: User
) -> None:
    TOTP.activate(ae, generate_totp_secret())
    assert come_back(client, provider, email=ae.email)["Location"] == reverse("mfa_authenticate")
    assert client.get("/").status_code == 302


def test_a_provider_that_is_away_is_said_as_such(
    client: Client, provider_server: HTTPServer
) -> None:
    provider_server.clear()
    provider_server.expect_request("/.well-known/openid-configuration").respond_with_data(
        "broken", status=500
    )
    answer = client.post(START)
    assert answer.status_code == 503
    assert "does not answer" in answer.content.decode()


def test_a_provider_that_sends_us_elsewhere_is_not_followed(
    client: Client, provider_server: HTTPServer
) -> None:
    provider_server.clear()
    provider_server.expect_request("/.well-known/openid-configuration").respond_with_data(
        "", status=302, headers={"Location": f"{ISSUER}/inside"}
    )
    assert client.post(START).status_code == 503
    assert [request.path for request, _ in provider_server.log][-1] != "/inside"


def test_the_policy_lets_the_button_lead_there(client: Client) -> None:
    policy = client.get("/account/login/")["Content-Security-Policy"]
    (action,) = [part for part in policy.split(";") if part.strip().startswith("form-action")]
    assert action.split() == ["form-action", "'self'", ISSUER]
