"""What nobody should send to the form: each is refused in words or kept as typed."""

import pytest
from django.test import Client

from handoffs.models import Handoff
from tests.factories import (
    make_account,
    make_contact,
)
from tests.handoffs.form.page import autosave, page_of, send

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("version", [None, "", "abc", "-1", "1e3", "9" * 30, "١"])
def test_a_post_that_does_not_say_its_version_is_refused(
    desk: Client, complete: Handoff, version: str | None
) -> None:
    fields = page_of(desk, complete)
    del fields["version"]
    if version is not None:
        fields["version"] = version

    assert send(desk, complete, fields).status_code == 400


@pytest.mark.parametrize("pk", ["abc", str(10**30), "-1", "1.5", "9" * 5000, "١٢"])
def test_a_row_id_that_is_none_is_refused(desk: Client, complete: Handoff, pk: str) -> None:
    fields = page_of(desk, complete) | {"quotes-x-id": pk, "quotes-x-text": "Nice try."}

    assert send(desk, complete, fields).status_code == 400
    assert complete.quotes.count() == 1


def test_a_contact_of_another_account_is_refused(desk: Client, complete: Handoff) -> None:
    stranger = make_contact(make_account(name="Other"))
    for typed in (str(stranger.pk), "abc", str(10**30), "-1"):
        response = send(desk, complete, page_of(desk, complete) | {"contact": typed})
        assert response.status_code == 422
        assert "Choose a contact of this account." in response.content.decode()

    fields = page_of(desk, complete)
    member = complete.committee.get()
    fields[f"committee-{member.pk}-contact_id"] = str(stranger.pk)
    assert send(desk, complete, fields).status_code == 422
    member.refresh_from_db()
    assert member.contact is None


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("call_notes", "n" * 20_001, "At most 20000 characters; this has 20001."),
        ("next_step_who", "w" * 501, "At most 500 characters; this has 501."),
        ("next_step_at", "soon", "Enter a valid date/time."),
        ("next_step_at", "9999-12-31T23:59", "Enter a date between 2000 and 2099."),
        ("next_step_at", "0001-01-01T00:00", "Enter a date between 2000 and 2099."),
        ("lead_source", "telepathy", "not one of the available choices"),
        ("contact-email", "a@b", "valid email"),
        ("contact-email", "a@@b.co", "valid email"),
        ("contact-email", "a@b.co, evil@x.io", "valid email"),
        ("contact-email", "a@b.co\nBcc: x@y.io", "valid email"),
        ("contact-phone", "call me", "with its country code"),
        ("contact-phone", "+", "with its country code"),
        ("contact-title", "T" * 121, "At most 120 characters; this has 121."),
        ("contact-title", "A\x00", "cannot be stored"),
        ("answers-budget-value", "v" * 501, "At most 500 characters; this has 501."),
        ("answers-budget-status", "maybe", "not one of the available choices"),
        ("answers-budget-said_on", "31 February", "Enter a valid date."),
        ("answers-budget-said_by", "A\nB", "one line"),
        ("quotes-n1-text", "q" * 2001, "At most 2000 characters; this has 2001."),
        ("quotes-n1-speaker", "\x07", "cannot be stored"),
        ("triggers-n1-source_url", "javascript:alert(1)", "Enter a web address"),
        ("triggers-n1-source_url", "data:text/html,x", "Enter a web address"),
        ("triggers-n1-source_url", "http://[::1", "Enter a web address"),
        ("triggers-n1-source_url", "http://user:pw@host.example", "Enter a web address"),
        ("triggers-n1-source_url", "ftp://host.example", "Enter a web address"),
        ("triggers-n1-source_url", "https://x.example/" + "a" * 500, "At most 500 characters"),
        ("triggers-n1-happened_on", "1999-12-31", "between 2000 and 2099"),
        ("triggers-n1-kind", "rumour", "not one of the available choices"),
        ("committee-n1-name", "N" * 121, "At most 120 characters; this has 121."),
        ("objections-n1-category", "whim", "not one of the available choices"),
    ],
)
def test_what_cannot_be_stored_says_why_at_its_field(
    desk: Client, complete: Handoff, field: str, value: str, sentence: str
) -> None:
    fields = page_of(desk, complete) | {field: value}
    if "-n1-" in field:
        fields[f"{field.split('-')[0]}-n1-id"] = ""

    response = send(desk, complete, fields)

    assert response.status_code == 422, response.content.decode()[-3000:]
    assert sentence in response.content.decode()
    answer = autosave(desk, complete, fields | {"version": Handoff.objects.get().version})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧 and Пример and مثال",
        "a" + "\u0301" * 300,
        "<script>alert(1)</script> {{ 7*7 }} {% load x %}",
        "=cmd|' /C calc'!A0",
        "\u202egnp.exe",
    ],
)
def test_any_text_that_can_be_stored_is_kept_as_typed(
    desk: Client, complete: Handoff, text: str
) -> None:
    send(desk, complete, page_of(desk, complete) | {"call_notes": text})

    complete.refresh_from_db()
    assert complete.call_notes == text
    page = desk.get(f"/handoffs/{complete.pk}/edit/").content.decode()
    assert "<script>alert(1)" not in page


def test_at_most_fifty_rows_of_a_list(desk: Client, complete: Handoff) -> None:
    fields = page_of(desk, complete)
    for number in range(51):
        fields |= {f"quotes-r{number}-id": "", f"quotes-r{number}-text": f"Quote {number}."}

    response = send(desk, complete, fields)

    assert response.status_code == 422
    assert "At most 50 of these" in response.content.decode()
    assert complete.quotes.count() == 1


def test_unknown_buttons_and_fields_do_no_harm(desk: Client, complete: Handoff) -> None:
    fields = page_of(desk, complete) | {"x": "y", "quotes-../..-id": "1", "keep-": "x"}
    for do in ("launch", "verify:soul", "verify", "remove", "remove:", "add", "add:x", "account"):
        response = send(desk, complete, fields, do)
        assert response.status_code in (302, 422), do


def test_line_breaks_count_once(desk: Client, complete: Handoff) -> None:
    text = ("line\r\n" * 4000)[:-2]
    fields = page_of(desk, complete) | {"call_notes": text}

    assert send(desk, complete, fields).status_code == 302
    complete.refresh_from_db()
    assert complete.call_notes == text.replace("\r\n", "\n")


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(desk: Client, complete: Handoff, method: str) -> None:
    assert getattr(desk, method)(f"/handoffs/{complete.pk}/edit/").status_code == 405


@pytest.mark.parametrize("pk", ["0", str(2**63), str(10**30)])
def test_a_handoff_that_is_not_there_is_not_found(desk: Client, pk: str) -> None:
    assert desk.get(f"/handoffs/{pk}/edit/").status_code == 404
    assert desk.get(f"/handoffs/{pk}/gaps/").status_code == 404
