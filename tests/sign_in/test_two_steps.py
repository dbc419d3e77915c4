"""Log-in with password and code; admins cannot do without where TWO_STEP=admins."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from axes.models import AccessFailureLog
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from team.models import AuditEntry, User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"


def log_in(client: Client, user: User, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": user.username, "password": password})


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def set_up(client: Client) -> str:
    """Activate an app for whoever is in, who says their password once more; returns its key."""
    asked = client.get(reverse("mfa_activate_totp"))["Location"]
    assert asked.startswith(reverse("account_reauthenticate"))
    assert client.post(asked, {"password": PASSWORD})["Location"] == reverse("mfa_activate_totp")
    page = client.get(reverse("mfa_activate_totp"))
    secret = re.search(r"<code>(\w+)</code>", page.content.decode())
    assert secret is not None, (page.status_code, page.headers)
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(secret[1])})
    assert answer.status_code == 302, answer.content.decode()
    return secret[1]


def test_the_admins_login_page_leads_to_the_one_with_two_steps(client: Client) -> None:
    answer = client.get("/admin/login/?next=/queue/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert "Log in with Acme ID" in page.content.decode()


def test_a_password_alone_lets_somebody_in_who_has_no_second_step(client: Client, ae: User) -> None:
    assert log_in(client, ae)["Location"] == "/"
    assert client.get("/").status_code == 200


def test_with_an_app_the_code_is_asked_for_and_used_once(
    client: Client, ae: User, clock: time_machine.Traveller
) -> None:
    log_in(client, ae)
    secret = set_up(client)
    client.logout()
    clock.shift(timedelta(minutes=5))

    assert log_in(client, ae)["Location"] == reverse("mfa_authenticate")
    assert client.get("/").status_code == 302
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    right = code(secret)
    assert client.post(reverse("mfa_authenticate"), {"code": right}).status_code == 302
    assert client.get("/").status_code == 200

    again = Client()
    log_in(again, ae)
    assert again.post(reverse("mfa_authenticate"), {"code": right}).status_code == 200
    assert again.get("/").status_code == 302


def test_a_recovery_code_lets_in_once(
    client: Client, ae: User, clock: time_machine.Traveller
) -> None:
    log_in(client, ae)
    set_up(client)
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap()
    spare = codes.get_unused_codes()[0]
    shown = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert spare in shown
    for status in (302, 200):
        clock.shift(timedelta(minutes=6))
        other = Client()
        log_in(other, ae)
        assert other.post(reverse("mfa_authenticate"), {"code": spare}).status_code == status


def test_an_admin_sets_it_up_before_anything_else(client: Client, revops: User) -> None:
    log_in(client, revops)
    for address in ("/", "/admin/team/user/", "/reports/"):
        assert client.get(address)["Location"] == reverse("mfa_activate_totp"), address
    assert client.post("/admin/team/user/add/", {})["Location"] == reverse("mfa_activate_totp")
    set_up(client)
    assert client.get("/admin/team/user/").status_code == 200


def test_everyone_sets_it_up_where_that_is_asked(client: Client, ae: User, settings: Any) -> None:
    log_in(client, ae)
    assert client.get("/").status_code == 200
    settings.TWO_STEP = "everyone"
    assert client.get("/")["Location"] == reverse("mfa_activate_totp")
    assert "Everybody signs in" in client.get(reverse("mfa_index")).content.decode()
    set_up(client)
    assert client.get("/").status_code == 200


def test_whoever_was_given_a_password_sets_up_both_one_after_the_other(
    client: Client, ae: User, settings: Any
) -> None:
    ae.give_password(PASSWORD)
    ae.save()
    settings.TWO_STEP = "everyone"
    log_in(client, ae)
    assert client.get("/")["Location"] == reverse("mfa_activate_totp")
    set_up(client)
    assert client.get("/")["Location"] == reverse("admin:password_change")
    assert client.get(reverse("admin:password_change")).status_code == 200


def test_a_new_second_step_ends_their_other_sessions(
    client: Client, ae: User, django_capture_on_commit_callbacks: Any
) -> None:
    phone = Client()
    log_in(phone, ae)
    log_in(client, ae)
    with django_capture_on_commit_callbacks(execute=True):
        set_up(client)
    assert phone.get("/").status_code == 302
    assert client.get("/").status_code == 200


def test_the_log_says_by_what_somebody_came_in(
    client: Client,
    ae: User,
    clock: time_machine.Traveller,
    caplog: pytest.LogCaptureFixture,
) -> None:
    log_in(client, ae)
    secret = set_up(client)
    client.post(reverse("account_logout"))
    clock.shift(timedelta(minutes=5))
    caplog.clear()
    with caplog.at_level("INFO", "handoffdesk.sign_in"):
        log_in(client, ae)
        client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert f"Signed in: user {ae.pk}, by password, totp." in caplog.messages


def test_leaving_here_clears_what_the_browser_kept(client: Client, ae: User) -> None:
    log_in(client, ae)
    answer = client.post(reverse("account_logout"))
    assert answer["Clear-Site-Data"] == '"cache", "cookies", "storage"'


def test_wrong_passwords_make_the_account_wait_here_too(client: Client, ae: User) -> None:
    for number in range(5):
        client.post(LOGIN, {"login": "ae", "password": "wrong"}, REMOTE_ADDR=f"10.0.0.{number}")
    answer = client.post(LOGIN, {"login": "ae", "password": PASSWORD}, REMOTE_ADDR="10.0.1.1")
    assert "Too many failed login attempts" in answer.content.decode()
    assert client.get("/").status_code == 302
    assert AccessFailureLog.objects.filter(username="ae").count() == 5


def test_nobody_signs_up(client: Client) -> None:
    page = client.post("/account/signup/", {"username": "new", "password1": "sunlit meadow kettle"})
    assert "RevOps admin" in page.content.decode()
    assert not User.objects.exists()
    assert client.get("/account/password/reset/").status_code == 404
    assert client.get("/account/email/").status_code == 404


def test_the_pages_keep_the_strict_policy(client: Client, ae: User) -> None:
    log_in(client, ae)
    for name in ("mfa_index", "account_reauthenticate"):
        page = client.get(reverse(name))
        assert page.status_code == 200
        html = page.content.decode()
        assert not re.search(r"<script(?![^>]*(src=|application/json))", html), name
        assert "script-src 'self'" in page["Content-Security-Policy"]


def test_nothing_of_it_stands_in_the_admin(client: Client) -> None:
    labels = {model._meta.app_label for model in admin.site._registry}
    assert not labels & {"account", "mfa", "socialaccount"}


def test_a_lost_phone_is_helped_from_the_server(
    client: Client, ae: User, clock: time_machine.Traveller
) -> None:
    log_in(client, ae)
    set_up(client)
    out = StringIO()
    call_command("reset_two_step", "ae", stdout=out)
    assert out.getvalue() == "Ana Silva can set up a new second step.\n"
    assert client.get("/").status_code == 302
    assert log_in(client, ae)["Location"] == "/"
    assert AuditEntry.objects.of(ae).get().note == "The second step was taken away."
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("reset_two_step", "nobody")


def test_the_menu_leads_to_it(client: Client, ae: User) -> None:
    log_in(client, ae)
    assert reverse("mfa_index") in client.get("/").content.decode()
