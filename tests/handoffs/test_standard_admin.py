"""The shared standard as people edit it: who signs, what is locked, what is refused."""

import threading
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.test import Client
from django.urls import reverse

from handoffs.models import Framework, FrameworkVersion, LeadSourceRule
from team.models import Role, User
from tests.admin_pages import change, said

State = FrameworkVersion.State
CONFIRM = {"_form_submitted": "true"}


def button(version: FrameworkVersion, name: str) -> str:
    return reverse(f"admin:handoffs_frameworkversion_{name}", args=[version.pk])


@pytest.fixture
def draft(revops: User) -> FrameworkVersion:
    return Framework.objects.get(code="meddic").versions.get()


def criteria_form(version: FrameworkVersion, **changes: Any) -> dict[str, Any]:
    rows = list(version.criteria.all())
    data: dict[str, Any] = {
        "note": version.note,
        "criteria-TOTAL_FORMS": len(rows),
        "criteria-INITIAL_FORMS": len(rows),
        "criteria-MIN_NUM_FORMS": 0,
        "criteria-MAX_NUM_FORMS": 1000,
        "rules-TOTAL_FORMS": 0,
        "rules-INITIAL_FORMS": 0,
        "rules-MIN_NUM_FORMS": 0,
        "rules-MAX_NUM_FORMS": 1000,
    }
    for number, row in enumerate(rows):
        values = {
            "id": row.pk,
            "version": version.pk,
            "position": row.position,
            "code": row.code,
            "name": row.name,
            "confirmed_means": row.confirmed_means,
            "answer_type": row.answer_type,
            "choices": "\n".join(row.choices),
            "minimum": row.minimum,
            "must_have": row.must_have,
            "keeps_days": row.keeps_days or "",
        }
        if row.is_required:
            values["is_required"] = "on"
        data |= {f"criteria-{number}-{name}": value for name, value in values.items()}
    return data | changes


def test_a_draft_is_edited_with_its_criteria(
    client: Client, revops: User, draft: FrameworkVersion
) -> None:
    client.force_login(revops)
    choices = {
        "criteria-0-answer_type": "choice",
        "criteria-0-choices": "Yes\n\n No \nYes",
        "criteria-0-name": "Metric",
    }
    assert client.post(change(draft), criteria_form(draft, **choices)).status_code == 302
    first = draft.criteria.first()
    assert first is not None
    assert (first.name, first.choices) == ("Metric", ["Yes", "No"])


def test_a_choice_with_one_answer_is_refused_at_its_field(
    client: Client, revops: User, draft: FrameworkVersion
) -> None:
    client.force_login(revops)
    one = {"criteria-0-answer_type": "choice", "criteria-0-choices": "Yes"}
    answer = client.post(change(draft), criteria_form(draft, **one))
    assert "A choice needs at least two answers." in answer.content.decode()


def a_rule(version: FrameworkVersion, **fields: Any) -> dict[str, Any]:
    """A version's page with one new rule for inbound demo requests."""
    values = {"lead_source": "inbound", "requires": "quotes", "number": "2"} | fields
    typed = {f"rules-0-{name}": value for name, value in values.items()}
    return criteria_form(version, **typed, **{"rules-TOTAL_FORMS": 1})


def test_a_rule_of_a_lead_source_is_added_to_a_draft(
    client: Client, revops: User, draft: FrameworkVersion
) -> None:
    client.force_login(revops)
    rule = a_rule(draft, why="Two show the pattern", criterion_code="budget")
    assert client.post(change(draft), rule).status_code == 302

    added = draft.rules.get()
    assert (added.requires, added.number, added.criterion_code) == ("quotes", 2, "")
    assert str(added) == "Inbound demo request: at least 2 quotes"
    copied = draft.copy().rules.get()
    assert (copied.words, copied.why) == (added.words, "Two show the pattern")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"number": ""}, "Enter how many."),
        ({"requires": "confirmed", "criterion_code": "mood"}, "Enter the code of a saved"),
        ({"requires": "confirmed"}, "Enter the code of a saved criterion: metrics"),
    ],
)
def test_a_rule_without_its_number_or_criterion_is_refused_at_its_field(
    client: Client, revops: User, draft: FrameworkVersion, fields: dict[str, Any], sentence: str
) -> None:
    client.force_login(revops)
    answer = client.post(change(draft), a_rule(draft, **fields))
    assert sentence in answer.content.decode()
    assert not draft.rules.exists()


def test_rules_of_a_version_in_force_stay_as_they_are(
    client: Client, revops: User, standard: FrameworkVersion
) -> None:
    client.force_login(revops)
    client.post(change(standard), a_rule(standard))
    assert not standard.rules.exists()
    with pytest.raises(ValidationError):
        LeadSourceRule.objects.create(version=standard, lead_source="mql", requires="channel")


def test_a_rule_on_a_criterion_that_went_away_cannot_be_signed(
    draft: FrameworkVersion, manager: User, sdr: User
) -> None:
    LeadSourceRule.objects.create(
        version=draft, lead_source="mql", requires="confirmed", criterion_code="champion"
    )
    draft.criteria.filter(code="champion").delete()
    with pytest.raises(ValidationError, match="which this version does not have"):
        draft.sign(by=manager, side=Role.SDR)


def test_both_leaders_sign_and_then_it_can_be_activated(
    client: Client,
    draft: FrameworkVersion,
    manager: User,
    other_manager: User,
    sdr: User,
    other_ae: User,
    revops: User,
) -> None:
    client.force_login(manager)
    assert "You signed MEDDIC, version 1" in said(
        client.post(button(draft, "sign_for_sdrs"), CONFIRM)
    )
    client.force_login(revops)
    refused = client.post(button(draft, "activate"), CONFIRM)
    assert "An SDR leader and an AE leader both have to sign" in said(refused)
    client.force_login(other_manager)
    client.post(button(draft, "sign_for_aes"), CONFIRM)
    client.force_login(revops)
    client.post(button(draft, "activate"), CONFIRM)
    draft.refresh_from_db()
    assert draft.state == State.ACTIVE
    assert draft.signed_by_sdr_leader == manager
    assert draft.signed_by_ae_leader == other_manager


def test_only_who_leads_a_side_may_sign_for_it(
    client: Client,
    draft: FrameworkVersion,
    sdr: User,
    ae: User,
    revops: User,
    director: User,
    manager: User,
    other_manager: User,
    other_ae: User,
) -> None:
    for person in (sdr, ae, revops, director):
        client.force_login(person)
        for name in ("sign_for_sdrs", "sign_for_aes"):
            assert client.post(button(draft, name), CONFIRM).status_code == 403, (person, name)
            assert button(draft, name) not in client.get(change(draft)).content.decode()
    client.force_login(other_manager)
    assert client.post(button(draft, "sign_for_sdrs"), CONFIRM).status_code == 403
    assert button(draft, "sign_for_aes") in client.get(change(draft)).content.decode()


def test_one_person_does_not_sign_for_both(
    client: Client, draft: FrameworkVersion, manager: User, sdr: User, ae: User
) -> None:
    client.force_login(manager)
    client.post(button(draft, "sign_for_sdrs"), CONFIRM)
    answer = client.post(button(draft, "sign_for_aes"), CONFIRM)
    assert "signed by two different people" in said(answer)
    draft.refresh_from_db()
    assert draft.signed_by_ae_leader is None


def test_opening_a_dialog_signs_nothing(
    client: Client, draft: FrameworkVersion, manager: User, sdr: User
) -> None:
    client.force_login(manager)
    assert client.get(button(draft, "sign_for_sdrs")).status_code == 200
    draft.refresh_from_db()
    assert draft.signed_by_sdr_leader is None


def test_a_signed_version_is_shown_and_never_edited(
    client: Client, standard: FrameworkVersion, revops: User
) -> None:
    client.force_login(revops)
    html = client.get(change(standard)).content.decode()
    assert "its wording stays as it was agreed" in html
    assert 'name="criteria-0-name"' not in html
    answer = client.post(change(standard), criteria_form(standard, **{"criteria-0-name": "Cash"}))
    assert answer.status_code == 302
    assert "Nothing was saved. This version is signed or in use" in said(answer)
    assert not standard.criteria.filter(name="Cash").exists()
    address = reverse("admin:handoffs_frameworkversion_delete", args=[standard.pk])
    assert client.post(address, {"post": "yes"}).status_code == 403


def test_a_new_version_to_edit_is_a_copy_and_made_once(
    client: Client, standard: FrameworkVersion, revops: User
) -> None:
    client.force_login(revops)
    asked = {**CONFIRM, "note": "Ask for the approver by name"}
    answer = client.post(button(standard, "new_version"), asked)
    copy = standard.framework.versions.get(number=2)
    assert answer.url == change(copy)  # type: ignore[attr-defined]
    assert copy.criteria.count() == standard.criteria.count()
    assert copy.note == "Ask for the approver by name"
    again = client.post(button(standard, "new_version"), asked)
    assert "is a draft already: edit this one" in said(again)
    assert standard.framework.versions.count() == 2


def test_a_dialog_of_the_page_is_left_by_a_redirect_of_htmx(
    client: Client, standard: FrameworkVersion, revops: User
) -> None:
    client.force_login(revops)
    answer = client.post(button(standard, "new_version"), CONFIRM, headers={"hx-request": "true"})
    copy = standard.framework.versions.get(number=2)
    assert answer["HX-Redirect"] == change(copy)


@pytest.mark.parametrize("who", ["sdr", "ae", "manager"])
def test_everybody_reads_the_standard_and_only_admins_change_it(
    client: Client,
    who: str,
    request: pytest.FixtureRequest,
    standard: FrameworkVersion,
    draft: FrameworkVersion,
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert "confirmed" in client.get(change(standard)).content.decode()
    assert client.post(change(draft), criteria_form(draft)).status_code == 403
    assert client.post(button(draft, "activate"), CONFIRM).status_code == 403
    assert client.post(button(standard, "new_version"), CONFIRM).status_code == 403
    assert client.get("/admin/handoffs/framework/add/").status_code == 403


def test_a_framework_of_the_teams_own_begins_with_a_draft(client: Client, revops: User) -> None:
    client.force_login(revops)
    answer = client.post(
        "/admin/handoffs/framework/add/", {"name": "Our way", "code": "ours", "description": ""}
    )
    version = FrameworkVersion.objects.get(framework__code="ours")
    assert answer.url == change(version)  # type: ignore[attr-defined]
    html = client.get(change(version)).content.decode()
    assert "A required criterion has to ask for: a specific pain." in html


def test_a_framework_that_leaves_out_a_must_have_is_not_signed(
    client: Client, draft: FrameworkVersion, manager: User, sdr: User
) -> None:
    draft.criteria.filter(must_have="pain").update(is_required=False)
    client.force_login(manager)
    answer = client.post(button(draft, "sign_for_sdrs"), CONFIRM)
    assert "No required criterion asks for: a specific pain." in said(answer)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_who_ask_for_a_new_version_at_once_get_one_draft(
    revops: User, standard: FrameworkVersion
) -> None:
    """On its own number, of which a framework has each once."""
    statuses: list[int] = []
    start_line = threading.Barrier(4)

    def press() -> None:
        desk = Client()
        desk.force_login(revops)
        start_line.wait()
        try:
            statuses.append(desk.post(button(standard, "new_version"), CONFIRM).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [302] * 4
    assert FrameworkVersion.objects.filter(framework=standard.framework, state="draft").count() == 1
