"""Requests that make no sense, at doors that belong to no app: a clear 4xx, never an error page.

What single pages do with bad fields is tested beside them; docs/promises.md says where.
"""

from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path, reverse

from config import views
from config.urls import urlpatterns as real_patterns
from handoffs.models import Handoff
from team.models import Territory, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

SENTENCE = "A sentence that must not be lost."


# --- Pages of our own, which keep what was typed -----------------------------------------------


def breaks(request: HttpRequest) -> HttpResponse:
    raise KeyError("a secret of the machine room")


def is_away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("the server is away")


def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("no good")


urlpatterns = [
    path("breaks/", breaks),
    path("is-away/", is_away),
    path("suspicious/", suspicious),
    *real_patterns,
]
handler400, handler403 = "config.views.bad_request", "config.views.forbidden"
handler404, handler500 = "config.views.not_found", "config.views.broken"


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/suspicious/", 400),
        ("/admin/team/user/add/", 403),
        ("/handoffs/999999/edit/", 404),
        ("/no/such/page/", 404),
        ("/breaks/", 500),
        ("/is-away/", 503),
    ],
)
def test_every_page_of_ours_gives_back_what_was_typed(
    address: str, status: int, ae: User, client: Client
) -> None:
    client.force_login(ae)
    client.raise_request_exception = False
    answer = client.post(address, {"note": SENTENCE, "password": "sunlit meadow kettle"})
    page = answer.content.decode()
    assert answer.status_code == status
    assert SENTENCE in page
    assert "sunlit meadow kettle" not in page
    assert views.WORDS[status][0] in page or status == 403
    assert "Traceback" not in page and "machine room" not in page
    assert f"Reference {answer['X-Request-ID']}" in page


@pytest.mark.parametrize("status", sorted(views.WORDS))
def test_every_status_has_a_page_in_plain_words(status: int) -> None:
    request = RequestFactory().post("/", {"note": SENTENCE, "new_password1": "x", "api_key": "k"})
    answer = views.answer(request, status)
    page = answer.content.decode()
    assert (answer.status_code, SENTENCE in page) == (status, True)
    assert "new_password1" not in page and "api_key" not in page
    assert "Back to my work" in page


def test_a_form_that_cannot_be_read_still_gets_its_page(client: Client, sdr: User) -> None:
    client.force_login(sdr)
    cut = client.post(
        reverse("handoff_new"), b"--x\r\nContent-Disp", content_type="multipart/form-data"
    )
    assert cut.status_code == 400
    strange = client.generic(
        "POST",
        reverse("handoff_new"),
        b"a=1",
        content_type="application/x-www-form-urlencoded; charset=nope",
    )
    assert strange.status_code < 500  # read as UTF-8


def test_three_megabytes_are_too_much(client: Client, sdr: User) -> None:
    client.force_login(sdr)
    body = "note=" + "x" * 3_000_000
    answer = client.post(
        reverse("handoff_new"), body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    assert "2.5 MB" in answer.content.decode()


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", ""])
def test_thousands_of_fields_are_too_much(content_type: str, client: Client, sdr: User) -> None:
    client.force_login(sdr)
    if content_type:
        body = "&".join(f"f{number}=1" for number in range(2_001))
        answer = client.post(reverse("handoff_new"), body, content_type=content_type)
    else:
        answer = client.post(reverse("handoff_new"), {f"f{n}": "1" for n in range(2_001)})
    assert answer.status_code == 413
    assert "2,000 fields" in answer.content.decode()


def test_somebody_who_waits_reads_for_what(client: Client, ae: User) -> None:
    for number in range(6):
        answer = client.post(
            "/admin/login/",
            {"username": "ae", "password": "wrong-wrong-1"},
            REMOTE_ADDR=f"10.0.0.{number}",
        )
    page = answer.content.decode()
    assert answer.status_code == 429
    assert "Too many tries" in page and "wrong-wrong-1" not in page
    assert "Back to the sign-in page" in page and "What you typed" not in page


# --- Lists, search, addresses -------------------------------------------------------------------


@pytest.mark.parametrize("lookup", ["password__startswith", "owner__password__startswith"])
@pytest.mark.parametrize("page", ["team/user", "accounts/account", "handoffs/handoff"])
def test_nobody_feels_their_way_through_a_hidden_field(
    page: str, lookup: str, client: Client, revops: User
) -> None:
    client.force_login(revops)
    answer = client.get(f"/admin/{page}/?{lookup}=a")
    assert answer.status_code in (302, 400)
    if answer.status_code == 302:  # back to the list without it
        assert answer["Location"].endswith("?e=1")


@pytest.mark.parametrize(
    "query",
    [
        "p=abc",
        "p=-1",
        "p=" + "9" * 20,
        "o=999.abc",
        "q=%00",
        "q=%ED%A0%80",
        "roles__exact=%00",
        "is_active__exact=" + "9" * 31,
        "is_active__exact=abc",
        "id__in=1,x",
        "date_joined__year=99999",
        "date_joined__month=13",
        "date_joined__date=2026-02-31",
        "nothing__like=this",
    ],
)
def test_an_address_that_makes_no_sense_gets_the_list_or_a_400(
    query: str, client: Client, revops: User
) -> None:
    client.force_login(revops)
    answer = client.get(f"/admin/team/user/?{query}", follow=True)
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("query", ["nothing=1", "q=%00", "id__in=x", "created_at__year=99999"])
@pytest.mark.parametrize("page", ["team/user", "accounts/account", "accounts/contact"])
def test_an_export_of_rows_that_cannot_be_named_leads_back_to_the_list(
    page: str, query: str, client: Client, revops: User
) -> None:
    client.force_login(revops)
    for ask in (client.get, client.post):
        answer = ask(f"/admin/{page}/export/?{query}")
        assert answer.status_code in (200, 302)
        if answer.status_code == 302:
            assert answer["Location"] == f"/admin/{page}/"


@pytest.mark.parametrize(
    "chosen",
    [
        {"action": "no_such_action", "_selected_action": "1"},
        {"action": "export_admin_action", "_selected_action": "x"},
        {"action": "export_admin_action", "_selected_action": "1" + "0" * 30},
        {"action": "", "_selected_action": "\x00"},
        {"action": "delete_selected", "_selected_action": "1", "select_across": "x"},
        {"action": "delete_selected", "index": "abc"},
    ],
)
@pytest.mark.parametrize("page", ["team/user", "accounts/account", "messaging/message"])
def test_a_selection_that_cannot_be_does_nothing(
    page: str, chosen: dict[str, str], client: Client, revops: User
) -> None:
    client.force_login(revops)
    people = User.objects.count()
    answer = client.post(f"/admin/{page}/", chosen)
    assert answer.status_code in (200, 302, 403)
    assert User.objects.count() == people


@pytest.mark.parametrize(
    "away",
    [
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https://evil.example",
        "/%0d%0aSet-Cookie:a=b",
        "\r\n//evil.example",
        "http:///evil.example",
    ],
)
def test_signing_in_never_leads_to_somebody_elses_site(away: str, client: Client, ae: User) -> None:
    ae.set_password("sunlit meadow kettle")
    ae.save()
    answer = client.post(
        "/admin/login/", {"username": "ae", "password": "sunlit meadow kettle", "next": away}
    )
    assert answer.status_code == 302
    assert "evil" not in answer["Location"] and "javascript" not in answer["Location"]
    assert "\r" not in answer["Location"] and "\n" not in answer["Location"]


@pytest.mark.parametrize("host", ["a b<>", "evil.example", "testserver, evil.example", "[::1"])
def test_a_host_that_is_not_ours_is_refused(host: str, client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "could not be read" in answer.content.decode()


def test_a_forwarded_host_is_not_believed(client: Client) -> None:
    answer = client.get("/", headers={"x-forwarded-host": "evil.example"})
    assert "evil" not in answer["Location"]


@pytest.mark.parametrize(
    "cookie",
    [
        "sessionid=" + "x" * 8000,
        "sessionid=\x01\xff; csrftoken=\x00",
        "; ".join(f"c{number}=1" for number in range(100)),
        "messages=W1siX19qc29uX21lc3NhZ2UiLD",
        '=;;;="',
    ],
)
def test_cookies_that_are_junk_are_nobodys(cookie: str, client: Client) -> None:
    answer = client.get("/", headers={"cookie": cookie})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "BREW"])
def test_a_method_that_a_page_has_not_is_refused(
    method: str, client: Client, ae: User, north: Territory
) -> None:
    client.force_login(ae)
    for address in ("home", "queue", "reports", "handoff_accounts"):
        assert client.generic(method, reverse(address)).status_code == 405, address


def test_no_header_turns_a_get_into_something_else(client: Client, sdr: User) -> None:
    draft = Handoff.objects.create(sdr=sdr)
    client.force_login(sdr)
    address = reverse("handoff_delete", args=[draft.pk])
    client.get(address, headers={"x-http-method-override": "POST"})
    client.get(address + "?_method=DELETE")
    assert Handoff.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize(
    "address",
    [
        "/static/../config/settings.py",
        "/static/%2e%2e/config/settings.py",
        "/static/..%2fconfig%2fsettings.py",
        "/static//etc/passwd",
        "/static/desk/%00.css",
    ],
)
def test_files_beside_the_static_ones_are_not_there(address: str, client: Client) -> None:
    assert client.get(address).status_code in (400, 404)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"app_label": "team", "model_name": "user", "field_name": "password"},
        {"app_label": "sessions", "model_name": "session", "field_name": "session_key"},
        {"app_label": "auth", "model_name": "permission", "field_name": "content_type"},
        {"app_label": "x", "model_name": "y", "field_name": "z"},
        {"app_label": "\x00", "model_name": "y", "field_name": "z"},
    ],
)
def test_a_search_box_offers_only_what_its_form_asks_for(
    asked: dict[str, str], client: Client, revops: User
) -> None:
    client.force_login(revops)
    assert client.get("/admin/autocomplete/", {"term": "a", **asked}).status_code in (403, 404)


# --- Signing in ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("a\x00e", "sunlit meadow kettle"),
        ("x" * 10_000, "sunlit meadow kettle"),
        ("аe", "sunlit meadow kettle"),  # its first letter is Cyrillic
        ("ae", "p" * 1_000_000),
        ("ae", "\x00"),
        ("", ""),
        ("ae\r\nSet-Cookie: a=b", "x"),
        ("' OR 1=1 --", "x"),
    ],
)
def test_names_and_passwords_that_cannot_be_let_nobody_in(
    username: str, password: str, client: Client
) -> None:
    user = make_user("ae", "ae")
    user.set_password("sunlit meadow kettle")
    user.save()
    answer = client.post("/admin/login/", {"username": username, "password": password})
    assert answer.status_code == 200
    assert client.get("/").status_code == 302


def test_whoever_does_not_exist_reads_the_same_as_who_mistypes(client: Client, ae: User) -> None:
    pages = [
        client.post("/admin/login/", {"username": name, "password": "wrong-wrong-1"})
        for name in ("ae", "xx")
    ]
    texts = [page.content.decode().split("errornote")[-1][:400] for page in pages]
    assert texts[0].replace("ae", "xx") == texts[1]
