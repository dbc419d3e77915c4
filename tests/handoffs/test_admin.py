"""The list of all handoffs, the standard and the reasons: who sees, who signs, what stays."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from handoffs import lifecycle
from handoffs.models import Framework, FrameworkVersion, Handoff, LeadSourceRule, Reason
from team.models import Role, Territory, User
from tests.factories import complete_package, make_account, make_contact, submitted

LIST = "/admin/handoffs/handoff/"
State = FrameworkVersion.State


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def page(obj: Any) -> str:
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])


def button(version: FrameworkVersion, name: str) -> str:
    return reverse(f"admin:handoffs_frameworkversion_{name}", args=[version.pk])


CONFIRM = {"_form_submitted": "true"}


def listed(client: Client, person: User, **query: Any) -> list[Handoff]:
    client.force_login(person)
    return list(client.get(LIST, query).context["cl"].result_list)


# --- The list ------------------------------------------------------------------------------------


@pytest.fixture
def handoff(sdr: User, account: Any, contact: Any) -> Handoff:
    return submitted(sdr=sdr, account=account, contact=contact)


def test_everybody_sees_their_own_rows_only(
    client: Client,
    handoff: Handoff,
    sdr: User,
    ae: User,
    manager: User,
    revops: User,
    other_sdr: User,
    other_ae: User,
    other_manager: User,
) -> None:
    for person in (sdr, ae, manager, revops):
        assert listed(client, person) == [handoff], person
    for person in (other_sdr, other_ae, other_manager):
        assert listed(client, person) == [], person
        address = reverse("admin:handoffs_handoff_change", args=[handoff.pk])
        assert client.get(address).status_code == 404


def test_a_row_leads_to_the_brief_and_adding_to_the_form(
    client: Client, handoff: Handoff, sdr: User
) -> None:
    client.force_login(sdr)
    brief = reverse("handoff", args=[handoff.pk])
    assert f'href="{brief}"' in client.get(LIST).content.decode()
    assert reverse("handoff_minutes", args=[handoff.pk]) in client.get(LIST).content.decode()
    assert client.get(page(handoff)).url == brief  # type: ignore[attr-defined]
    assert client.get(f"{LIST}add/").url == reverse("handoff_new")  # type: ignore[attr-defined]


def test_no_admin_page_passes_the_gate(client: Client, sdr: User, account: Any) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr, account=account)
    client.force_login(sdr)
    everything = {"status": "accepted", "owner": sdr.pk, "version": 99, "submitted_at_0": "2026"}
    client.post(page(draft), everything)
    client.post(f"{LIST}add/", everything)
    client.post(LIST, {"action": "submit", "_selected_action": draft.pk, **everything})
    draft.refresh_from_db()
    assert (draft.status, draft.owner, draft.submitted_at) == ("draft", None, None)
    assert Handoff.objects.count() == 1


def test_nothing_is_done_to_many_rows_at_once(
    client: Client, handoff: Handoff, manager: User
) -> None:
    client.force_login(manager)
    client.post(LIST, {"action": "delete_selected", "_selected_action": handoff.pk, "post": "yes"})
    assert Handoff.objects.filter(pk=handoff.pk).exists()


def test_a_draft_is_deleted_by_its_author(client: Client, sdr: User, account: Any) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr, account=account)
    client.force_login(sdr)
    address = reverse("admin:handoffs_handoff_delete", args=[draft.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert not Handoff.objects.exists()


def test_what_was_submitted_is_not_deleted_and_the_answer_says_why(
    client: Client, handoff: Handoff, sdr: User
) -> None:
    client.force_login(sdr)
    address = reverse("admin:handoffs_handoff_delete", args=[handoff.pk])
    answer = client.post(address, {"post": "yes"})
    assert "Only a draft that was never submitted may be deleted" in said(answer)
    assert Handoff.objects.exists()


def test_a_draft_of_somebody_else_is_not_there_to_delete(
    client: Client, sdr: User, other_sdr: User, revops: User, account: Any
) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr, account=account)
    address = reverse("admin:handoffs_handoff_delete", args=[draft.pk])
    for person, answer in ((other_sdr, 404), (revops, 302)):
        client.force_login(person)
        assert client.post(address, {"post": "yes"}).status_code == answer
    assert Handoff.objects.exists()


def test_the_list_can_be_narrowed(
    client: Client, handoff: Handoff, sdr: User, ae: User, revops: User, account: Any
) -> None:
    draft = lifecycle.create_draft(sdr=sdr, by=sdr, account=None)
    assert listed(client, revops, state="draft") == [draft]
    assert listed(client, revops, state="open") == [handoff]
    assert listed(client, revops, state="unassigned") == []
    assert listed(client, revops, owner=ae.pk) == [handoff]
    assert listed(client, revops, lead_source__exact="inbound") == []
    assert listed(client, revops, territory__id__exact=account.territory_id) == [handoff]
    assert listed(client, revops, q="acme") == [handoff]


def test_the_filter_by_ae_names_nobody_a_person_does_not_work_with(
    client: Client, handoff: Handoff, sdr: User, other_ae: User
) -> None:
    client.force_login(sdr)
    html = client.get(LIST).content.decode()
    assert "Ana Silva" in html
    assert str(other_ae) not in html


@pytest.mark.parametrize("who", ["sdr", "ae", "manager", "revops"])
def test_the_list_asks_no_more_for_two_hundred_rows_than_for_twenty(
    client: Client,
    who: str,
    request: pytest.FixtureRequest,
    handoff: Handoff,
    sdr: User,
    ae: User,
    account: Any,
    north: Territory,
    django_assert_max_num_queries: Any,
) -> None:
    def many(count: int) -> None:
        accounts = [make_account(territory=north) for _ in range(5)]
        Handoff.objects.bulk_create(
            Handoff(sdr=sdr, account=accounts[number % 5], owner=ae, territory=north)
            for number in range(count)
        )

    client.force_login(request.getfixturevalue(who))
    many(19)
    with django_assert_max_num_queries(20) as few:
        client.get(LIST)
    many(180)
    with django_assert_max_num_queries(len(few)):
        answer = client.get(LIST)
    assert len(answer.context["cl"].result_list) == 25


@pytest.mark.parametrize(
    "query",
    [
        "?owner=abc",
        "?owner=9999999999999999999",
        "?state=nothing",
        "?p=abc",
        "?o=999.abc",
        "?q=%00",
    ],
)
def test_an_address_that_makes_no_sense_is_answered(
    client: Client, revops: User, handoff: Handoff, query: str
) -> None:
    client.force_login(revops)
    assert client.get(LIST + query).status_code in (200, 302)


# --- The standard --------------------------------------------------------------------------------


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
    assert client.post(page(draft), criteria_form(draft, **choices)).status_code == 302
    first = draft.criteria.first()
    assert first is not None
    assert (first.name, first.choices) == ("Metric", ["Yes", "No"])


def test_a_choice_with_one_answer_is_refused_at_its_field(
    client: Client, revops: User, draft: FrameworkVersion
) -> None:
    client.force_login(revops)
    one = {"criteria-0-answer_type": "choice", "criteria-0-choices": "Yes"}
    answer = client.post(page(draft), criteria_form(draft, **one))
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
    assert client.post(page(draft), rule).status_code == 302

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
    answer = client.post(page(draft), a_rule(draft, **fields))
    assert sentence in answer.content.decode()
    assert not draft.rules.exists()


def test_rules_of_a_version_in_force_stay_as_they_are(
    client: Client, revops: User, standard: FrameworkVersion
) -> None:
    client.force_login(revops)
    client.post(page(standard), a_rule(standard))
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
            assert button(draft, name) not in client.get(page(draft)).content.decode()
    client.force_login(other_manager)
    assert client.post(button(draft, "sign_for_sdrs"), CONFIRM).status_code == 403
    assert button(draft, "sign_for_aes") in client.get(page(draft)).content.decode()


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
    html = client.get(page(standard)).content.decode()
    assert "its wording stays as it was agreed" in html
    assert 'name="criteria-0-name"' not in html
    answer = client.post(page(standard), criteria_form(standard, **{"criteria-0-name": "Cash"}))
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
    assert answer.url == page(copy)  # type: ignore[attr-defined]
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
    assert answer["HX-Redirect"] == page(copy)


@pytest.mark.parametrize("who", ["sdr", "ae", "manager"])
def test_everybody_reads_the_standard_and_only_admins_change_it(
    client: Client,
    who: str,
    request: pytest.FixtureRequest,
    standard: FrameworkVersion,
    draft: FrameworkVersion,
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert "confirmed" in client.get(page(standard)).content.decode()
    assert client.post(page(draft), criteria_form(draft)).status_code == 403
    assert client.post(button(draft, "activate"), CONFIRM).status_code == 403
    assert client.post(button(standard, "new_version"), CONFIRM).status_code == 403
    assert client.get("/admin/handoffs/framework/add/").status_code == 403


def test_a_framework_of_the_teams_own_begins_with_a_draft(client: Client, revops: User) -> None:
    client.force_login(revops)
    answer = client.post(
        "/admin/handoffs/framework/add/", {"name": "Our way", "code": "ours", "description": ""}
    )
    version = FrameworkVersion.objects.get(framework__code="ours")
    assert answer.url == page(version)  # type: ignore[attr-defined]
    html = client.get(page(version)).content.decode()
    assert "A required criterion has to ask for: a specific pain." in html


def test_a_framework_that_leaves_out_a_must_have_is_not_signed(
    client: Client, draft: FrameworkVersion, manager: User, sdr: User
) -> None:
    draft.criteria.filter(must_have="pain").update(is_required=False)
    client.force_login(manager)
    answer = client.post(button(draft, "sign_for_sdrs"), CONFIRM)
    assert "No required criterion asks for: a specific pain." in said(answer)


# --- Reasons -------------------------------------------------------------------------------------


def test_a_reason_that_was_given_is_switched_off_not_deleted(
    client: Client, revops: User, handoff: Handoff, ae: User
) -> None:
    reason = Reason.objects.filter(use=Reason.Use.REJECT).first()
    assert reason is not None
    lifecycle.reject(handoff, by=ae, reason=reason, note="They sell to consumers only, we do not.")
    client.force_login(revops)
    address = reverse("admin:handoffs_reason_delete", args=[reason.pk])
    answer = client.post(address, {"post": "yes"})
    assert "cannot be deleted: it is used by" in said(answer)
    assert Reason.objects.filter(pk=reason.pk).exists()
    html = client.get(page(reason)).content.decode()
    assert 'name="label"' in html
    assert 'name="code"' not in html


def test_reasons_are_put_in_order_on_the_list(client: Client, revops: User) -> None:
    client.force_login(revops)
    url = "/admin/handoffs/reason/?use__exact=return"
    rows = list(client.get(url).context["cl"].result_list)
    data: dict[str, Any] = {
        "form-TOTAL_FORMS": len(rows),
        "form-INITIAL_FORMS": len(rows),
        "_save": "Save",
    }
    for number, row in enumerate(rows):
        data |= {
            f"form-{number}-id": row.pk,
            f"form-{number}-label": row.label,
            f"form-{number}-position": len(rows) - number,
            f"form-{number}-is_active": "on",
        }
    assert client.post(url, data).status_code == 302
    after = list(client.get(url).context["cl"].result_list)
    assert [row.pk for row in after] == [row.pk for row in reversed(rows)]


def test_people_do_not_see_more_of_a_package_than_the_list_shows(
    client: Client, sdr: User, other_sdr: User, account: Any, contact: Any
) -> None:
    complete_package(sdr=sdr, account=account, contact=make_contact(account))
    client.force_login(other_sdr)
    for query in ("?contact__email__startswith=p", "?account__name__startswith=A"):
        answer = client.get(LIST + query)
        assert answer.status_code in (302, 400)
