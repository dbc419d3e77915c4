"""Data sources as RevOps sets them up, and the button on contacts and accounts."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tasks
from accounts.models import Account, Contact, EnrichmentSource, FileRow, Lookup
from team.models import AuditEntry, User
from tests.accounts.vendors import CSV, take_file
from tests.factories import make_contact

PRESS = {"_form_submitted": "True"}


@pytest.fixture
def of_file(of_file: EnrichmentSource) -> EnrichmentSource:
    take_file(of_file, CSV)
    return of_file


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fields_of(source: EnrichmentSource | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Clearfeed",
        "slug": "clearfeed",
        "per_minute": 6000,
        "asked": "",
        "person_url": "",
        "company_url": "",
        "key_header": "Authorization",
        "api_key": "",
        "their_names": "",
        "per_day": 500,
    } | fields


def save(user: User, source: EnrichmentSource | None = None, **fields: Any) -> Any:
    name = "change" if source else "add"
    url = reverse(f"admin:accounts_enrichmentsource_{name}", args=[source.pk] if source else [])
    return signed_in(user).post(url, fields_of(source, **fields), follow=True)


def errors_of(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def test_an_uploaded_file_is_read_and_asked_from_then_on(revops: User) -> None:
    response = save(revops, file=SimpleUploadedFile("theirs.csv", CSV.encode()))
    assert "1 person and 0 companies read from the file." in response.content.decode()
    source = EnrichmentSource.objects.get()
    assert source.asked == "file"
    assert FileRow.objects.get().source == source


def test_a_column_that_is_not_read_is_said(revops: User) -> None:
    text = b"email,Job Title\na@b.example,CRO\n"
    response = save(revops, file=SimpleUploadedFile("theirs.csv", text))
    shown = response.content.decode()
    assert "Columns left out, as we do not know their names: job_title." in shown
    assert "1 row" in shown and "1 rows" not in shown


def test_a_wrong_row_of_the_file_stands_at_the_file(revops: User) -> None:
    response = save(revops, file=SimpleUploadedFile("theirs.csv", b"email\nnobody\n"))
    assert errors_of(response) == {"file": ["Row 2, email: Enter a valid email address."]}
    assert not EnrichmentSource.objects.exists()

    response = save(revops, file=SimpleUploadedFile("theirs.pdf", b"%PDF"))
    assert "Only .csv and .xlsx" in errors_of(response)["file"][0]


def test_an_address_is_checked_when_it_is_saved(revops: User, settings: Any) -> None:
    settings.OUTGOING_HOSTS = ["api.vendor.example"]
    url = "https://api.vendor.example/p?email={email}"
    save(revops, asked="web", person_url=url)
    assert EnrichmentSource.objects.get().person_url == url

    for address, words in (
        ("https://elsewhere.example/p", "OUTGOING_HOSTS"),
        ("https://api.vendor.example/{shoe}", "{shoe} is not known here"),
        ("http://api.vendor.example/p", "OUTGOING_HOSTS"),
        ("https://{domain}/p", "OUTGOING_HOSTS"),
    ):
        response = save(revops, name="B", slug="b", asked="web", person_url=address)
        assert words in errors_of(response)["person_url"][0]
    response = save(revops, name="B", slug="b", asked="web")
    assert errors_of(response)["person_url"] == ["Enter an address for people or for companies."]
    response = save(revops, name="B", slug="b", their_names="shoe = size")
    assert errors_of(response)["their_names"][0].startswith("Line 1: write ours = theirs")


def test_the_key_is_never_shown_and_stays_when_left_empty(revops: User, settings: Any) -> None:
    settings.OUTGOING_HOSTS = ["api.vendor.example"]
    url = "https://api.vendor.example/p?email={email}"
    save(revops, asked="web", person_url=url, api_key="Bearer topsecret-4711")
    source = EnrichmentSource.objects.get()
    page = reverse("admin:accounts_enrichmentsource_change", args=[source.pk])
    shown = signed_in(revops).get(page).content.decode()
    assert "topsecret" not in shown and "ends in …4711" in shown

    save(revops, source, asked="web", person_url=url, per_day=9)

    source.refresh_from_db()
    assert (source.api_key, source.per_day) == ("Bearer topsecret-4711", 9)
    assert "topsecret" not in str(list(AuditEntry.objects.values_list("changes", "note")))


def test_a_secret_is_shown_once_and_then_only_its_end(revops: User) -> None:
    desk = signed_in(revops)
    add = {"name": "Clearfeed", "slug": "clearfeed", "is_enabled": "on", "per_minute": "6000"}
    add |= {"key_header": "Authorization", "per_day": "500"}
    answer = desk.post("/admin/accounts/enrichmentsource/add/", add)
    made = EnrichmentSource.objects.get()
    page = desk.get(answer["Location"]).content.decode()
    assert made.secret in page
    again = desk.get(answer["Location"]).content.decode()
    assert made.secret not in again and f"…{made.secret[-4:]}" in again

    desk.post(reverse("admin:accounts_enrichmentsource_renew_secret", args=[made.pk]), PRESS)
    renewed = EnrichmentSource.objects.get()
    assert renewed.secret != made.secret and renewed.old_secret == made.secret
    assert renewed.secret in desk.get(answer["Location"]).content.decode()

    answer = desk.post(
        reverse("admin:accounts_enrichmentsource_renew_secret", args=[made.pk]),
        PRESS,
        follow=True,
    )
    assert "made a moment ago" in answer.content.decode()
    assert made.secret == EnrichmentSource.objects.get().old_secret, "a second click ends nothing"


def test_enrich_now_asks_and_the_page_shows_what_came_of_it(
    of_file: EnrichmentSource, contact: Contact, sdr: User
) -> None:
    desk = signed_in(sdr)
    page = reverse("admin:accounts_contact_change", args=[contact.pk])
    assert "Enrich now" in desk.get(page).content.decode()

    desk.post(reverse("admin:accounts_contact_enrich_now", args=[contact.pk]), PRESS)
    shown = desk.get(page).content.decode()
    assert "1 question asked. The answers appear within a minute." in shown
    assert "List house" in shown and "Waiting" in shown

    tasks.ask_sources()

    shown = desk.get(page).content.decode()
    assert "Changed: title." in shown and "Chief Revenue Officer" in shown
    assert Lookup.objects.get().asked_by == sdr


def test_an_account_may_bring_its_people(
    of_file: EnrichmentSource, account: Account, contact: Contact, sdr: User
) -> None:
    make_contact(account, left_on=timezone.now().date() - timedelta(days=9))
    url = reverse("admin:accounts_account_enrich_now", args=[account.pk])

    desk = signed_in(sdr)
    desk.post(url, PRESS | {"people": "on"})

    # The file has nobody's company, so only the person who is still there is asked about
    assert [row.contact for row in Lookup.objects.all()] == [contact]


def test_the_button_is_there_only_where_somebody_can_be_asked(contact: Contact, sdr: User) -> None:
    desk = signed_in(sdr)
    page = reverse("admin:accounts_contact_change", args=[contact.pk])
    assert "Enrich now" not in desk.get(page).content.decode()
    url = reverse("admin:accounts_contact_enrich_now", args=[contact.pk])
    assert "A RevOps admin sets one up" in desk.post(url, PRESS, follow=True).content.decode()


def test_somebody_elses_contact_cannot_be_asked_about(
    of_file: EnrichmentSource, contact: Contact, other_sdr: User
) -> None:
    url = reverse("admin:accounts_contact_enrich_now", args=[contact.pk])
    assert signed_in(other_sdr).post(url, PRESS).status_code == 404
    assert not Lookup.objects.exists()
