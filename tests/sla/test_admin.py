"""Policies as versions that are never edited once in force; breaches that managers explain."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sla import policies
from sla.admin.words import promises_in_words, script_in_words
from sla.clocks import sweep
from sla.models import Breach, Policy, PolicyVersion
from team.models import Territory, User
from tests.factories import submitted

CONFIRM = {"_form_submitted": "true"}
LIST = "/admin/sla/policyversion/"


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def page(obj: Any) -> str:
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])


def button(version: PolicyVersion, name: str) -> str:
    return reverse(f"admin:sla_policyversion_{name}", args=[version.pk])


@pytest.fixture
def as_revops(client: Client, revops: User) -> Client:
    client.force_login(revops)
    return client


@pytest.fixture
def active(db: None) -> PolicyVersion:
    return PolicyVersion.objects.active().get(policy__lead_source="inbound")


@pytest.fixture
def draft(active: PolicyVersion) -> PolicyVersion:
    return policies.new_draft(active.policy)[0]


def rows(prefix: str, values: list[dict[str, Any]], stored: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(values),
        f"{prefix}-INITIAL_FORMS": stored,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for number, row in enumerate(values):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def form_of(
    version: PolicyVersion,
    more_targets: tuple[dict[str, Any], ...] = (),
    more_steps: tuple[dict[str, Any], ...] = (),
    **changes: Any,
) -> dict[str, Any]:
    """What the draft's page posts; `changes` name a field of a row, such as targets_0_x."""
    targets: list[dict[str, Any]] = [
        {
            "id": row.pk,
            "version": version.pk,
            "kind": row.kind,
            "limit_minutes": row.limit_minutes,
            "warn_minutes": row.warn_minutes or "",
            "hours": row.hours,
        }
        for row in version.targets.all()
    ]
    steps: list[dict[str, Any]] = [
        {
            "id": row.pk,
            "version": version.pk,
            "kind": row.kind,
            "at_percent": "" if row.at_percent is None else row.at_percent,
            "minutes_past": "" if row.minutes_past is None else row.minutes_past,
            "action": row.action,
            "channel": row.channel_id or "",
        }
        for row in version.steps.all()
    ]
    stored = len(targets), len(steps)
    new = {"id": "", "version": version.pk}
    targets += [{**new, **row} for row in more_targets]
    steps += [{**new, **row} for row in more_steps]
    data = {"note": version.note}
    data |= rows("targets", targets, stored[0]) | rows("steps", steps, stored[1])
    return data | {key.replace("__", "-"): value for key, value in changes.items()}


def step(**values: Any) -> dict[str, Any]:
    return {
        "kind": "accept", "at_percent": "", "minutes_past": "", "action": "remind", "channel": "",
    } | values  # fmt: skip


def test_the_list_says_what_each_version_promises(as_revops: Client) -> None:
    html = as_revops.get(LIST).content.decode()
    assert "accept 1 h, first contact 4 h" in html
    assert "around the clock" in html


def test_the_list_asks_no_more_for_more_versions(
    as_revops: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(16) as few:
        as_revops.get(LIST)
    for policy in Policy.objects.all():
        policies.new_draft(policy)
    with django_assert_max_num_queries(len(few)):
        as_revops.get(LIST)


def test_a_version_in_force_is_shown_in_words_and_never_edited(
    as_revops: Client, active: PolicyVersion
) -> None:
    html = as_revops.get(page(active)).content.decode()
    assert "its numbers stay as they were promised" in html
    assert "Accept within 1 h, around the clock" in html
    assert 'name="targets-0-limit_minutes"' not in html
    answer = as_revops.post(page(active), form_of(active, targets__0__limit_minutes=5))
    assert "Nothing was saved." in said(answer)
    assert active.targets.get(kind="accept").limit_minutes == 60
    address = reverse("admin:sla_policyversion_delete", args=[active.pk])
    assert as_revops.post(address, {"post": "yes"}).status_code == 403


def test_new_numbers_come_into_force_by_a_new_version(
    as_revops: Client, active: PolicyVersion, revops: User
) -> None:
    answer = as_revops.post(button(active, "new_version"), {**CONFIRM, "note": "Half an hour"})
    draft = active.policy.versions.get(number=2)
    assert answer.url == page(draft)  # type: ignore[attr-defined]
    changed = form_of(draft)
    changed["targets-0-limit_minutes"] = 30
    changed["targets-0-warn_minutes"] = ""
    assert as_revops.post(page(draft), changed).status_code == 302
    as_revops.post(button(draft, "activate"), CONFIRM)
    draft.refresh_from_db()
    active.refresh_from_db()
    assert (draft.state, draft.activated_by) == ("active", revops)
    assert active.state == "retired"
    assert draft.targets.get(kind="accept").limit_minutes == 30


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("limit_minutes", 0, "greater than or equal to 1"),
        ("limit_minutes", -5, "greater than or equal to"),
        ("limit_minutes", 10**9, "less than or equal to"),
        ("limit_minutes", "soon", "Enter a whole number."),
        ("warn_minutes", 60, "The warning has to come before the limit."),
        ("warn_minutes", 90, "The warning has to come before the limit."),
    ],
)
def test_impossible_minutes_are_refused_at_their_field(
    as_revops: Client, draft: PolicyVersion, field: str, value: Any, sentence: str
) -> None:
    data = form_of(draft)
    data[f"targets-0-{field}"] = value
    answer = as_revops.post(page(draft), data)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()


def test_the_same_promise_twice_is_refused(as_revops: Client, draft: PolicyVersion) -> None:
    again = {"kind": "accept", "limit_minutes": 10, "warn_minutes": "", "hours": "around"}
    answer = as_revops.post(page(draft), form_of(draft, more_targets=(again,)))
    assert "The same promise stands there twice" in answer.content.decode()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (step(), "When? Give a percentage, or minutes past the limit."),
        (step(at_percent=50, minutes_past=5), "Give a percentage or minutes past it, not both."),
        (step(at_percent=0), "greater than or equal to 1"),
        (step(at_percent=120), "less than or equal to 100"),
        (step(at_percent=50), "The same step stands there twice."),
        (step(at_percent=60, action="channel"), "Choose the channel to post to."),
        (step(at_percent=60, action="upper"), "would hear of it before the manager does"),
        (step(at_percent=60, action="upper", kind="confirmation"), "no time is promised"),
        (step(minutes_past=5, action="backup", kind="answer"), "can go to a backup"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_before_it_is_in_force(
    as_revops: Client, draft: PolicyVersion, values: dict[str, Any], sentence: str
) -> None:
    answer = as_revops.post(page(draft), form_of(draft, more_steps=(values,)))
    if answer.status_code == 302:
        assert sentence in as_revops.get(page(draft)).content.decode()
        answer = as_revops.post(button(draft, "activate"), CONFIRM)
        assert sentence in said(answer)
        draft.refresh_from_db()
        assert draft.state == "draft"
    else:
        assert sentence in answer.content.decode()


def test_a_new_policy_begins_with_a_draft(as_revops: Client, north: Territory) -> None:
    form = {"name": "Inbound, North", "lead_source": "inbound", "territory": north.pk}
    answer = as_revops.post("/admin/sla/policy/add/", form)
    version = PolicyVersion.objects.get(policy__name="Inbound, North")
    assert answer.url == page(version)  # type: ignore[attr-defined]
    refused = as_revops.post(button(version, "activate"), CONFIRM)
    assert "Promise a time for “Accept”." in said(refused)


def test_a_second_policy_for_the_same_handoffs_is_refused(as_revops: Client) -> None:
    form = {"name": "Again", "lead_source": "inbound", "territory": ""}
    answer = as_revops.post("/admin/sla/policy/add/", form)
    assert "There already is a policy for this source and territory." in answer.content.decode()


def test_a_policy_that_was_in_force_is_not_deleted(
    as_revops: Client, active: PolicyVersion
) -> None:
    address = reverse("admin:sla_policy_delete", args=[active.policy_id])
    answer = as_revops.post(address, {"post": "yes"})
    assert "cannot be deleted: it is used by versions that have been in force" in said(answer)
    assert Policy.objects.filter(pk=active.policy_id).exists()


def test_a_policy_that_never_was_goes_with_its_draft(as_revops: Client, north: Territory) -> None:
    policy = Policy.objects.create(name="Try", lead_source="mql", territory=north)
    policies.new_draft(policy)
    address = reverse("admin:sla_policy_delete", args=[policy.pk])
    assert as_revops.get(address).status_code == 200
    as_revops.post(address, {"post": "yes"})
    assert not Policy.objects.filter(pk=policy.pk).exists()


@pytest.mark.parametrize("who", ["sdr", "ae", "manager"])
def test_only_admins_change_promises(
    client: Client,
    who: str,
    request: pytest.FixtureRequest,
    active: PolicyVersion,
    draft: PolicyVersion,
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(page(active)).status_code == 200
    assert client.post(page(draft), form_of(draft)).status_code == 403
    assert client.post(button(draft, "activate"), CONFIRM).status_code == 403
    assert client.post(button(active, "new_version"), CONFIRM).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403


def test_opening_a_dialog_activates_nothing(as_revops: Client, draft: PolicyVersion) -> None:
    assert as_revops.get(button(draft, "activate")).status_code == 200
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_steps_are_told_in_the_order_they_come(active: PolicyVersion) -> None:
    script = dict(script_in_words(active))
    lines = script["Accept within 1 h, around the clock"]
    assert lines[0] == "after 45 min it shows as at risk"
    assert lines[1] == "at 50% of the limit: remind the owner"
    assert lines[-1].endswith("alert the manager’s manager")


def test_promises_in_different_hours_are_told_apart(active: PolicyVersion) -> None:
    assert promises_in_words(active).endswith("answer by the SDR 8 h, in business hours")


# --- Breaches ------------------------------------------------------------------------------------


@pytest.fixture
def breach(sdr: User, account: Any, contact: Any, clock: Any) -> Breach:
    submitted(sdr=sdr, account=account, contact=contact)
    clock.shift(timedelta(hours=6))
    sweep(timezone.now())
    found = Breach.objects.filter(clock__kind="accept").first()
    assert found is not None
    return found


def test_the_manager_of_the_team_says_what_the_cause_was(
    client: Client, breach: Breach, manager: User
) -> None:
    client.force_login(manager)
    html = client.get(page(breach)).content.decode()
    proposed = f'value="{breach.proposed_cause}" selected'
    assert proposed in html
    form = {"cause": "routing", "cause_note": "Two AEs share this territory."}
    assert client.post(page(breach), form).status_code == 302
    breach.refresh_from_db()
    assert (breach.cause, breach.explained_by) == ("routing", manager)
    assert breach.explained_at == timezone.now()


def test_other_asks_for_a_sentence(client: Client, breach: Breach, manager: User) -> None:
    client.force_login(manager)
    answer = client.post(page(breach), {"cause": "other", "cause_note": "Dunno"})
    assert "Say in a sentence what the cause was." in answer.content.decode()
    assert client.post(page(breach), {"cause": "", "cause_note": ""}).status_code == 200
    breach.refresh_from_db()
    assert breach.cause == ""


def test_what_happened_cannot_be_changed(client: Client, breach: Breach, manager: User) -> None:
    client.force_login(manager)
    form = {"cause": "late", "cause_note": "", "holder": manager.pk, "fell_due_at_0": "2026-01-01"}
    before = (breach.fell_due_at, breach.holder_id)
    client.post(page(breach), form)
    breach.refresh_from_db()
    assert (breach.fell_due_at, breach.holder_id) == before
    address = reverse("admin:sla_breach_delete", args=[breach.pk])
    assert client.post(address, {"post": "yes"}).status_code == 403


def test_other_people_do_not_explain_it(
    client: Client, breach: Breach, sdr: User, ae: User, revops: User, other_manager: User
) -> None:
    answers = {}
    for person in (sdr, ae, revops, other_manager):
        client.force_login(person)
        answers[person.username] = client.post(page(breach), {"cause": "late"}).status_code
    assert answers == {"sdr": 403, "ae": 403, "revops": 403, "other_manager": 404}
    client.force_login(revops)
    assert client.get(page(breach)).status_code == 200
    breach.refresh_from_db()
    assert breach.cause == ""


def test_the_list_can_be_narrowed_to_what_waits_for_a_cause(
    client: Client, breach: Breach, manager: User
) -> None:
    client.force_login(manager)
    url = "/admin/sla/breach/"
    waiting = client.get(url, {"explained": "no"}).context["cl"].result_count
    client.post(page(breach), {"cause": "late"})
    assert client.get(url, {"explained": "no"}).context["cl"].result_count == waiting - 1
    assert client.get(url, {"explained": "yes"}).context["cl"].result_count == 1
