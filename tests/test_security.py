"""The settings that keep a session, a page and the sign-in safe, seen from outside."""

import io
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import get_hasher, identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.templatetags.static import static
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.middleware import PERMISSIONS_POLICY
from team.models import AuditEntry, User
from team.sign_in import client_address
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
Traveller = time_machine.Traveller
LOGIN = "/admin/login/"


def sign_in(client: Client, username: str, password: str, address: str = "10.0.0.1") -> int:
    return client.post(
        LOGIN, {"username": username, "password": password}, REMOTE_ADDR=address
    ).status_code


# --- Every response ------------------------------------------------------------------------------


def addresses(patterns: list[Any] | None = None, before: str = "/") -> Iterator[str]:
    """Every address that the resolver knows, with 1 in the place of each argument."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        text = re.sub(r"<[^>]+>", "1", str(entry.pattern)).replace("^", "").replace("\\Z", "")
        text = re.sub(r"\(\?P1.*?\)|\(\?P.*?\)|[$?]", "1" if "(?P" in text else "", text)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, before + text)
        elif isinstance(entry, URLPattern):
            yield before + text


@pytest.mark.parametrize("who", ["anonymous", "superuser"])
def test_every_answer_carries_the_headers(who: str) -> None:
    client = Client(raise_request_exception=False)
    if who == "superuser":
        client.force_login(make_user("root", is_superuser=True))
    tried = list(addresses())
    assert len(tried) > 150
    for address in (*tried, "/nothing/here/"):
        if who == "superuser" and "logout" in address:
            continue
        answer = client.get(address)
        assert answer["X-Content-Type-Options"] == "nosniff", address
        assert answer["X-Frame-Options"] == "DENY", address
        assert answer["Referrer-Policy"] == "same-origin", address
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin", address
        assert answer["Permissions-Policy"] == PERMISSIONS_POLICY, address
        policy = [part.strip() for part in answer["Content-Security-Policy"].split(";")]
        assert {"default-src 'none'", "script-src 'self'"} <= set(policy), address
        assert not {"Server", "X-Powered-By"} & set(answer.headers), address
        kind = answer.headers.get("Content-Type", "")
        assert not kind.startswith("text/") or re.search('charset="?utf-8', kind), address
        if who == "superuser":
            assert "no-store" in answer["Cache-Control"], address
            if answer.status_code == 200 and b"</html>" in answer.content:
                assert reverse("admin:logout").encode() in answer.content, address


def test_files_of_the_pages_carry_them_too(client: Client) -> None:
    answer = client.get(static("desk/favicon.svg"))
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_what_a_page_says_next_stays_on_the_server(client: Client, revops: User) -> None:
    client.force_login(revops)
    answer = client.post(reverse("admin:team_user_sign_out", args=[revops.pk]), follow=True)
    client.force_login(revops)
    answer = client.post(
        reverse("admin:team_user_sign_out", args=[make_user("leaver").pk]),
        {"_form_submitted": "true"},
    )
    assert answer.status_code == 302
    assert "messages" not in answer.cookies
    assert "_messages" in client.session


def test_signing_out_clears_what_the_browser_kept(client: Client, ae: User) -> None:
    client.force_login(ae)
    answer = client.post(reverse("admin:logout"))
    assert answer["Clear-Site-Data"] == '"cache", "cookies", "storage"'


# --- Sessions ------------------------------------------------------------------------------------


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_a_session_that_is_used_ends_after_twelve_hours(
    client: Client, ae: User, clock: Traveller
) -> None:
    client.force_login(ae)
    for _ in range(3):
        assert is_in(client)
        clock.shift(timedelta(hours=3, minutes=59))
    assert is_in(client)
    clock.shift(timedelta(minutes=4))
    assert not is_in(client)


def test_a_session_that_is_not_used_ends_after_eight_hours(
    client: Client, ae: User, clock: Traveller
) -> None:
    client.force_login(ae)
    assert is_in(client)
    clock.shift(timedelta(hours=8, minutes=1))
    assert not is_in(client)


def test_signing_in_gives_the_session_a_new_key(client: Client, ae: User) -> None:
    client.get(LOGIN)
    client.session["before"] = 1
    client.session.save()
    before = client.session.session_key
    assert sign_in(client, "ae", PASSWORD) == 302
    assert client.session.session_key != before


def test_a_new_password_ends_every_other_session(client: Client, ae: User) -> None:
    client.force_login(ae)
    assert is_in(client)
    ae.set_password("another long one 9")
    ae.save()
    assert not is_in(client)


def test_somebody_deactivated_is_out_at_the_next_request(client: Client, ae: User) -> None:
    client.force_login(ae)
    User.objects.filter(pk=ae.pk).update(is_active=False)
    assert not is_in(client)


def test_an_admin_signs_somebody_out_everywhere(client: Client, ae: User, revops: User) -> None:
    phone, laptop = Client(), Client()
    phone.force_login(ae)
    laptop.force_login(ae)
    client.force_login(revops)
    address = reverse("admin:team_user_sign_out", args=[ae.pk])
    client.get(address)
    assert is_in(phone)
    client.post(address, {"_form_submitted": "true"})
    assert not is_in(phone)
    assert not is_in(laptop)
    assert is_in(client)


# --- Signing in ----------------------------------------------------------------------------------


def test_an_account_waits_one_minute_then_twice_as_long(
    client: Client, ae: User, clock: Traveller
) -> None:
    for _ in range(5):
        sign_in(client, "ae", "wrong")
    assert sign_in(client, "ae", PASSWORD) == 429
    clock.shift(timedelta(seconds=61))
    sign_in(client, "ae", "wrong")
    clock.shift(timedelta(seconds=61))
    assert sign_in(client, "ae", PASSWORD) == 429
    clock.shift(timedelta(seconds=61))
    assert sign_in(client, "ae", PASSWORD) == 302


def test_the_wait_grows_to_fifteen_minutes_and_no_further(
    client: Client, ae: User, clock: Traveller
) -> None:
    for _ in range(11):
        sign_in(client, "ae", "wrong")
        clock.shift(timedelta(minutes=4))
    clock.shift(timedelta(minutes=16))
    assert sign_in(client, "ae", PASSWORD) == 302


def test_other_addresses_do_not_get_around_the_wait(client: Client, ae: User) -> None:
    for number in range(5):
        sign_in(client, "ae", "wrong", f"10.0.0.{number}")
    assert sign_in(client, "ae", PASSWORD, "10.0.0.99") == 429


def test_others_are_not_held_up(client: Client, ae: User, sdr: User) -> None:
    for _ in range(5):
        sign_in(client, "ae", "wrong")
    assert sign_in(client, "sdr", PASSWORD) == 302


def test_the_count_starts_anew_after_a_right_password(client: Client, ae: User) -> None:
    for _ in range(2):
        for _ in range(4):
            sign_in(client, "ae", "wrong")
        assert sign_in(client, "ae", PASSWORD) == 302
        client.logout()


def test_an_address_that_tries_many_accounts_waits(
    client: Client, ae: User, clock: Traveller
) -> None:
    for number in range(20):
        sign_in(client, f"guess{number}", "wrong")
    assert sign_in(client, "ae", PASSWORD) == 429
    assert sign_in(client, "ae", PASSWORD, "10.0.0.2") == 302
    client.logout()
    clock.shift(timedelta(minutes=61))
    assert sign_in(client, "ae", PASSWORD) == 302


@pytest.mark.parametrize(
    ("trusts", "forwarded", "address"),
    [
        (False, "6.6.6.6", "10.1.1.1"),
        (True, "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (True, "nonsense", "0.0.0.0"),
        (True, "", "0.0.0.0"),
    ],
)
def test_only_the_trusted_proxy_says_whose_address_it_is(
    trusts: bool, forwarded: str, address: str, settings: Any
) -> None:
    settings.TRUST_PROXY = trusts
    request = RequestFactory().get("/", REMOTE_ADDR="10.1.1.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address


def test_passwords_are_kept_as_argon2id(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "team.hashers.Argon2id",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    kept = make_password("a good long password")
    assert identify_hasher(kept).algorithm == "argon2"
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert not get_hasher("argon2").must_update(kept)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password1234",
        "123456789012",
        "Handoff-Desk-2026",
        "ana.silva.1990@desk.example",
        "x" * 1025,
    ],
)
def test_weak_passwords_are_refused(password: str, ae: User) -> None:
    ae.email = "ana.silva.1990@desk.example"
    with pytest.raises(ValidationError):
        validate_password(password, ae)


def test_long_sentences_are_good_passwords(ae: User) -> None:
    validate_password("our handoff works better with good notes", ae)


def test_a_password_is_changed_with_the_present_one_only(client: Client, ae: User) -> None:
    client.force_login(ae)
    address = reverse("admin:password_change")
    fields = re.findall(r"<input[^>]*password[^>]*>", client.get(address).content.decode())
    assert len(fields) == 3
    for field in fields:
        assert 'type="password"' in field and "autocomplete=" in field and "onpaste" not in field
    new = "sunlit meadow kettle"
    for present, status in (("wrong", 200), (PASSWORD, 302)):
        given = {"old_password": present, "new_password1": new, "new_password2": new}
        assert client.post(address, given).status_code == status
        ae.refresh_from_db()
        assert ae.check_password(new) == (status == 302)


# --- The first admin -----------------------------------------------------------------------------


def first_admin(*options: str) -> str:
    out = io.StringIO()
    call_command("first_admin", "--no-input", *options, stdout=out)
    return out.getvalue()


def test_the_first_admin_gets_a_password_shown_once(client: Client) -> None:
    said = first_admin("--username", "rita", "--email", "rita@desk.example")
    password = said.strip().rpartition(" ")[2]
    assert sign_in(client, "rita", password) == 302
    assert client.get("/")["Location"] == reverse("admin:password_change")
    user = User.objects.get()
    assert user.is_revops
    assert not user.is_superuser
    assert AuditEntry.objects.get().note == "The first admin."


def test_it_does_nothing_where_there_is_an_admin(revops: User) -> None:
    assert "nothing was done" in first_admin("--username", "rita", "--email", "r@desk.example")
    assert User.objects.count() == 1


def test_it_takes_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("USERNAME", "rita"),
        ("EMAIL", "rita@desk.example"),
        ("PASSWORD", "sunlit meadow kettle"),
    ):
        monkeypatch.setitem(os.environ, f"FIRST_ADMIN_{name}", value)
    assert "sunlit" not in first_admin()
    user = User.objects.get()
    assert user.check_password("sunlit meadow kettle") and not user.password_given


def test_it_says_what_is_missing_or_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="FIRST_ADMIN_USERNAME"):
        first_admin()
    monkeypatch.setitem(os.environ, "FIRST_ADMIN_PASSWORD", "short")
    with pytest.raises(CommandError, match="too short"):
        first_admin("--username", "rita", "--email", "rita@desk.example")
    assert not User.objects.exists()


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, *lines: str, typed: tuple[str, ...]) -> str:
    """What it says where somebody answers with `lines`, and types `typed` without seeing it."""
    out, wrong, seen, blind = io.StringIO(), io.StringIO(), iter(lines), iter(typed)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: next(seen))
    module = "team.management.commands.first_admin.getpass"
    monkeypatch.setattr(module, lambda question: next(blind))
    call_command("first_admin", stdout=out, stderr=wrong)
    return wrong.getvalue()


def test_at_a_terminal_each_answer_is_asked_for_until_it_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = at_a_terminal(
        monkeypatch,
        "",
        "rita",
        "rita at desk",
        "rita@desk.example",
        typed=(
            "short",
            "sunlit meadow kettle",
            "sunlit meadow kettel",
            *["sunlit meadow kettle"] * 2,
        ),
    )
    for sentence in ("cannot stay empty", "valid email", "too short", "not the same"):
        assert sentence in wrong
    user = User.objects.get()
    assert (user.username, user.email) == ("rita", "rita@desk.example")
    assert user.check_password("sunlit meadow kettle")


def test_who_stops_it_at_the_questions_leaves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(question: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", interrupted)
    with pytest.raises(CommandError, match="Nobody was made"):
        call_command("first_admin")
    assert not User.objects.exists()


def test_a_fresh_installation_has_nobody() -> None:
    assert not User.objects.exists()
