"""What the trail keeps of the admin’s pages: who, when, before and after; and who may read it."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Contact
from handoffs import editing, lifecycle
from handoffs.models import Framework, FrameworkVersion, Handoff
from messaging.models import Channel, MessageTemplate
from sla.models import PolicyVersion
from team.admin_trail import Trail
from team.models import AuditEntry, Territory, User, WorkCalendar
from tests.factories import complete_package, make_contact, submitted

CONFIRM = {"_form_submitted": "true"}


@pytest.fixture
def as_revops(client: Client, revops: User) -> Client:
    client.force_login(revops)
    return client


def page(row: Any, name: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


def filled(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What a browser would post: the page’s own values, with `changes`."""
    shown = client.get(address)
    forms = [shown.context["adminform"].form]
    for inline in shown.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    data: dict[str, Any] = {}
    for form in forms:
        for name, box in form.fields.items():
            value = form[name].value()
            if hasattr(box, "queryset") and isinstance(value, list):
                value = [getattr(item, "pk", item) for item in value]
            if value not in (None, "") and value is not False:
                data[form.add_prefix(name)] = value
    return {name: value for name, value in (data | changes).items() if value is not None}


def save(client: Client, row: Any, **changes: Any) -> AuditEntry:
    answer = client.post(page(row), filled(client, page(row), **changes))
    assert answer.status_code == 302, [answer.context["errors"]]
    return AuditEntry.objects.of(row)[0]


def changes_of(entry: AuditEntry) -> dict[str, tuple[str, str]]:
    return {one["field"]: (one["before"], one["after"]) for one in entry.changes}


def test_every_page_of_the_admin_writes_to_the_trail() -> None:
    for registered in admin.site._registry.values():
        assert isinstance(registered, Trail)


def test_a_territorys_new_primary_is_kept_with_both_names(
    as_revops: Client, revops: User, north: Territory, ae2: User
) -> None:
    entry = save(as_revops, north, primary=ae2.pk)
    assert (entry.by, entry.deed, entry.name) == (revops, "changed", "North")
    assert changes_of(entry) == {"primary": ("Ana Silva", "Cleo Marsh")}


def test_somebodys_new_role_is_kept(as_revops: Client, ae: User) -> None:
    entry = save(as_revops, ae, is_manager="on")
    assert changes_of(entry) == {"manager": ("no", "yes")}


def test_a_password_is_kept_as_a_fact_only(as_revops: Client, ae: User) -> None:
    new = "an entirely new sentence 7"
    as_revops.post(
        reverse("admin:auth_user_password_change", args=[ae.pk]),
        {"password1": new, "password2": new, "usable_password": "true"},
    )
    entry = AuditEntry.objects.of(ae)[0]
    assert changes_of(entry) == {"password": ("", "(secret)")}


def test_a_calendars_hours_are_kept_row_by_row(as_revops: Client, calendar: WorkCalendar) -> None:
    added = {
        "holidays-TOTAL_FORMS": 1,
        "holidays-0-day": "2026-05-01",
        "holidays-0-name": "May Day",
    }
    entry = save(as_revops, calendar, name="Office hours 2026", **added)
    kept = changes_of(entry)
    assert kept["name"] == ("Office hours", "Office hours 2026")
    (line,) = [after for field, (_, after) in kept.items() if field.startswith("holiday")]
    assert "May Day" in line
    assert f"{date(2026, 5, 1):%-d %b %Y}" in line


def test_a_webhook_address_never_gets_into_the_trail(as_revops: Client) -> None:
    channel = Channel.objects.create(name="#a", webhook_url="https://hooks.slack.com/services/OLD")
    entry = save(as_revops, channel, webhook_url="https://hooks.slack.com/services/T1/B1/NEW")
    assert "hooks.slack.com" not in str(entry.changes)
    assert ("(secret)" in str(entry.changes)) is True


def test_a_message_text_is_kept_before_and_after(as_revops: Client, db: None) -> None:
    text = MessageTemplate.objects.all()[0]
    before = text.subject
    entry = save(as_revops, text, subject="Something else")
    assert changes_of(entry)["subject"] == (before, "Something else")


def test_signing_and_activating_the_standard_are_kept(
    client: Client, manager: User, other_manager: User, revops: User, sdr: User, other_ae: User
) -> None:
    version = Framework.objects.get(code="bant").versions.get(number=1)
    for who, button in (
        (manager, "sign_for_sdrs"),
        (other_manager, "sign_for_aes"),
        (revops, "activate"),
    ):
        client.force_login(who)
        client.post(page(version, button), CONFIRM)
    assert FrameworkVersion.objects.active().get() == version
    kept = [(entry.by, entry.note[:10]) for entry in AuditEntry.objects.of(version)]
    assert kept == [
        (revops, "BANT, vers"),
        (other_manager, "You signed"),
        (manager, "You signed"),
    ]


def test_a_policy_put_in_force_is_kept(as_revops: Client, revops: User) -> None:
    version = PolicyVersion.objects.filter(state="active")[0]
    as_revops.post(page(version, "new_version"), {**CONFIRM, "note": "Faster"})
    draft = PolicyVersion.objects.get(state="draft")
    as_revops.post(page(draft, "activate"), CONFIRM)
    kept = AuditEntry.objects.of(draft)
    assert [entry.deed for entry in kept] == ["changed", "added"]
    assert "is in force" in kept[0].note


def test_what_stood_in_a_deleted_row_is_kept(as_revops: Client, south: Territory) -> None:
    spare = Territory.objects.create(name="Spare", countries=["PT"], calendar=south.calendar)
    as_revops.post(page(spare, "delete"), {"post": "yes"})
    entry = AuditEntry.objects.get(deed="deleted")
    assert entry.name == "Spare"
    assert changes_of(entry)["countries"] == ("PT", "")


def test_of_a_deleted_prospect_nothing_is_kept(as_revops: Client, account: Account) -> None:
    gone = make_contact(account, first_name="Vera", last_name="Gone")
    as_revops.post(page(gone, "delete"), {"post": "yes"})
    assert not Contact.objects.filter(pk=gone.pk).exists()
    entry = AuditEntry.objects.get(deed="deleted")
    assert (entry.name, entry.changes) == (f"contact {gone.pk}", [])


def test_saving_without_a_change_is_no_deed(as_revops: Client, north: Territory) -> None:
    as_revops.post(page(north), filled(as_revops, page(north)))
    assert not AuditEntry.objects.exists()


def test_an_export_is_kept_with_its_size(as_revops: Client, revops: User, contact: Contact) -> None:
    answer = as_revops.post(reverse("admin:accounts_contact_export"), {"format": "0"})
    assert answer.headers["Content-Disposition"].startswith("attachment")
    entry = AuditEntry.objects.get(deed="exported")
    assert (entry.by, entry.model, entry.note) == (
        revops,
        "accounts.contact",
        "1 rows as text/csv",
    )


def test_an_import_of_people_is_kept_row_by_row(as_revops: Client, ae: User) -> None:
    file = SimpleUploadedFile(
        "people.csv", b'name,roles,manager\nAna Silva,"AE, Manager",Mara Lindt\n', "text/csv"
    )
    shown = as_revops.post(
        reverse("admin:team_user_import"), {"import_file": file, "format": "auto"}
    )
    confirm = shown.context["confirm_form"]
    as_revops.post(reverse("admin:team_user_process_import"), confirm.initial)
    entry = AuditEntry.objects.get(deed="imported")
    assert "people.csv" in entry.note
    assert any("Ana Silva" in field for field in changes_of(entry))


# --- Packages ------------------------------------------------------------------------------------


def edit(handoff: Handoff, by: User, **fields: Any) -> Handoff:
    package = editing.Package(fields=fields)
    return editing.save(handoff, package, by=by, version=handoff.version).handoff


def test_a_package_edited_after_it_was_returned_is_kept(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    handoff = lifecycle.return_for_information(handoff, by=ae, question="Who signs in the end?")
    edit(handoff, sdr, industry="Logistics")
    entry = AuditEntry.objects.of(handoff).get()
    assert entry.by == sdr
    assert changes_of(entry) == {"industry": ("Industrial robotics", "Logistics")}


def test_rows_of_a_package_are_kept_as_they_read(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    handoff = lifecycle.return_for_information(handoff, by=ae, question="Who signs in the end?")
    package = editing.read(handoff)
    quote = package.lists["quotes"][0]
    new = quote._replace(values={**quote.values, "topic": "their price list"})
    editing.save(
        handoff,
        editing.Package(lists={"quotes": [new]}),
        by=sdr,
        version=handoff.version,
    )
    ((before, after),) = changes_of(AuditEntry.objects.of(handoff).get()).values()
    assert before.endswith("slow quoting")
    assert after.endswith("their price list")


def test_the_authors_first_draft_is_theirs_alone(
    sdr: User, manager: User, account: Account, contact: Contact
) -> None:
    handoff = complete_package(sdr=sdr, account=account, contact=contact)
    handoff = edit(handoff, sdr, industry="Logistics")
    assert not AuditEntry.objects.exists()
    edit(handoff, manager, industry="Rail")
    assert AuditEntry.objects.of(handoff).get().by == manager


def test_the_prospects_words_are_shown_to_those_who_may_read_them(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact, revops: User
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    handoff = lifecycle.return_for_information(handoff, by=ae, question="Who signs in the end?")
    edit(handoff, sdr, call_notes="She said canarywords about their nine-day quotes, twice.")
    for who, sees in ((sdr, True), (ae, False), (revops, True)):
        client.force_login(who)
        shown = client.get(page(handoff, "history")).content.decode()
        assert "call notes" in shown
        assert ("canarywords" in shown) is sees, who


def test_taking_a_package_along_is_kept(
    client: Client, sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    Handoff.objects.filter(pk=handoff.pk).update(
        status="qualified", accepted_at=handoff.submitted_at, accepted_by=ae
    )
    client.force_login(ae)
    answer = client.get(reverse("handoff_export", args=[handoff.pk, "json"]))
    assert BytesIO(answer.content).read(1) == b"{"
    assert AuditEntry.objects.of(handoff).get().deed == "exported"


# --- Reading it ----------------------------------------------------------------------------------


def test_the_history_of_a_row_shows_before_and_after(
    as_revops: Client, north: Territory, ae2: User
) -> None:
    save(as_revops, north, primary=ae2.pk)
    shown = as_revops.get(page(north, "history")).content.decode()
    for words in ("Rita Vance", "changed it", "Ana Silva", "Cleo Marsh"):
        assert words in shown


def test_the_whole_trail_is_there_for_revops_and_nobody_writes_in_it(
    as_revops: Client, north: Territory, ae2: User, client: Client
) -> None:
    entry = save(as_revops, north, primary=ae2.pk)
    listed = as_revops.get(reverse("admin:team_auditentry_changelist")).content.decode()
    assert "Territory: North" in listed
    assert "Cleo Marsh" in as_revops.get(page(entry)).content.decode()
    client.force_login(User.objects.create(username="root", is_superuser=True, is_staff=True))
    assert client.post(page(entry), {"note": "x"}).status_code == 403
    assert client.post(page(entry, "delete"), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:team_auditentry_add")).status_code == 403
    assert AuditEntry.objects.filter(pk=entry.pk, note="").exists()
