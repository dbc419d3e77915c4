"""Policies: what is shipped, which one governs, and that a version in force is never edited."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from handoffs import lifecycle
from handoffs.models import Handoff, HandoffEvent, LeadSource
from handoffs.refusal import TransitionRefused
from messaging.models import Channel, Message
from sla import policies, shipped
from sla.models import Clock, ClockKind, EscalationStep, Policy, PolicyVersion, Target
from tests.factories import complete_package, submitted

pytestmark = pytest.mark.django_db

Action = EscalationStep.Action


def in_force(source: str) -> PolicyVersion:
    version = policies.active_version(source, None)
    assert version is not None
    return version


def draft_of(source: str) -> PolicyVersion:
    return policies.new_draft(in_force(source).policy)[0]


@pytest.mark.parametrize(
    ("source", "kind", "warn", "limit", "hours"),
    [
        ("inbound", "accept", 45, 60, "around"),
        ("inbound", "first_contact", 60, 240, "around"),
        ("outbound", "accept", 180, 240, "business"),
        ("outbound", "first_contact", 240, 480, "business"),
        ("meeting", "accept", 180, 240, "business"),
        ("meeting", "first_contact", 120, 240, "business"),
        ("mql", "accept", 360, 480, "business"),
        ("mql", "first_contact", 960, 1440, "business"),
        ("mql", "confirmation", 90, 120, "business"),
        ("mql", "answer", 360, 480, "business"),
        ("inbound", "disposition", 1440, 2880, "around"),
    ],
)
def test_the_shipped_tiers_promise_what_product_says(source, kind, warn, limit, hours):
    target = in_force(source).targets.get(kind=kind)

    assert target.warn == timedelta(minutes=warn)
    assert target.limit == timedelta(minutes=limit)
    assert target.hours == hours


def test_shipped_versions_have_nothing_to_put_right():
    assert [policies.problems(version) for version in PolicyVersion.objects.active()] == [[]] * 4


def test_shipping_again_changes_nothing():
    before = list(PolicyVersion.objects.values()), list(Target.objects.values())
    shipped.ship()

    assert (list(PolicyVersion.objects.values()), list(Target.objects.values())) == before


def test_shipping_leaves_what_an_admin_made_of_a_tier():
    draft = draft_of("inbound")
    draft.targets.filter(kind="accept").update(limit_minutes=90)
    policies.activate(draft, by=None)
    shipped.ship()

    assert in_force("inbound").targets.get(kind="accept").limit_minutes == 90


def test_a_territory_s_own_policy_comes_before_the_one_for_everywhere(north, south):
    policy = Policy.objects.create(name="Inbound, North", lead_source="inbound", territory=north)
    draft, _ = policies.new_draft(policy)
    for kind in ("accept", "first_contact"):
        Target.objects.create(version=draft, kind=kind, limit_minutes=30)
        EscalationStep.objects.create(version=draft, kind=kind, at_percent=100, action="manager")
    assert policies.active_version("inbound", north) == in_force("inbound")  # a draft is nothing
    policies.activate(draft, by=None)

    assert policies.active_version("inbound", north) == draft
    assert policies.active_version("inbound", south) == in_force("inbound")


def test_without_a_policy_in_force_submitting_is_refused_and_nothing_stays(sdr, account, contact):
    handoff = complete_package(sdr=sdr, account=account, contact=contact, lead_source="mql")
    PolicyVersion.objects.filter(policy__lead_source="mql").update(state="retired")

    with pytest.raises(TransitionRefused, match="No SLA policy is in force for “Marketing-qual"):
        lifecycle.submit(handoff, by=sdr)

    assert Handoff.objects.get(pk=handoff.pk).status == Handoff.Status.DRAFT
    assert not HandoffEvent.objects.filter(handoff=handoff, kind="submitted").exists()
    assert not Clock.objects.exists()
    assert not Message.objects.exists()


def test_a_draft_copies_the_numbers_and_is_made_once():
    active = in_force("mql")
    draft, made = policies.new_draft(active.policy)

    assert made
    assert (draft.number, draft.state) == (2, "draft")
    assert [str(t) for t in draft.targets.all()] == [str(t) for t in active.targets.all()]
    assert [str(s) for s in draft.steps.all()] == [str(s) for s in active.steps.all()]
    assert policies.new_draft(active.policy) == (draft, False)


def test_activating_retires_the_version_before(revops):
    before, draft = in_force("inbound"), draft_of("inbound")
    policies.activate(draft, by=revops)
    before.refresh_from_db()

    assert in_force("inbound") == draft
    assert draft.activated_by == revops
    assert before.state == PolicyVersion.State.RETIRED
    with pytest.raises(ValidationError, match="in force already"):
        policies.activate(before, by=revops)


def test_a_new_version_governs_later_clocks_and_leaves_running_ones_alone(sdr, account, contact):
    running = submitted(sdr=sdr, account=account, contact=contact, lead_source="inbound")
    before = Clock.objects.filter(handoff=running).values()
    kept = list(before)
    draft = draft_of("inbound")
    draft.targets.filter(kind="accept").update(limit_minutes=5)
    policies.activate(draft, by=None)
    later = submitted(sdr=sdr, account=account, contact=contact, lead_source="inbound")

    assert list(before.all()) == kept
    assert Clock.objects.get(handoff=later, kind="accept").limit_seconds == 300


LOCKED = [
    lambda v: v.targets.first().save(),
    lambda v: v.targets.first().delete(),
    lambda v: v.targets.update(limit_minutes=1),
    lambda v: v.targets.all().delete(),
    lambda v: v.steps.first().save(),
    lambda v: v.steps.first().delete(),
    lambda v: v.steps.update(minutes_past=1),
    lambda v: v.steps.all().delete(),
    lambda v: Target.objects.create(version=v, kind="confirmation", limit_minutes=5),
    lambda v: Target.objects.bulk_create([Target(version=v, kind="confirmation", limit_minutes=5)]),
    lambda v: Target.objects.bulk_update([v.targets.first()], ["limit_minutes"]),
    lambda v: v.steps.create(kind="accept", at_percent=10, action="remind"),
    lambda v: v.save(),
    lambda v: v.delete(),
    lambda v: PolicyVersion.objects.filter(pk=v.pk).delete(),
]


@pytest.mark.parametrize("path", LOCKED)
@pytest.mark.parametrize("state", ["active", "retired"])
def test_no_path_changes_a_version_that_was_in_force(path, state):
    version = in_force("inbound")
    if state == "retired":
        policies.activate(draft_of("inbound"), by=None)
        version.refresh_from_db()
    before = list(Target.objects.values()), list(EscalationStep.objects.values())

    with pytest.raises(ValidationError, match="in use"), transaction.atomic():
        path(version)

    assert (list(Target.objects.values()), list(EscalationStep.objects.values())) == before
    assert PolicyVersion.objects.get(pk=version.pk).state == state


def test_a_target_cannot_slip_from_a_draft_into_a_version_in_force():
    active, draft = in_force("inbound"), draft_of("inbound")
    target = draft.targets.first()
    target.version = active

    with pytest.raises(ValidationError):
        target.save()
    with pytest.raises(ValidationError):
        draft.targets.update(version=active)


def test_a_draft_is_edited_and_thrown_away_freely():
    draft = draft_of("inbound")
    draft.targets.filter(kind="accept").update(limit_minutes=7)
    draft.steps.first().delete()
    draft.delete()

    assert PolicyVersion.objects.filter(policy__lead_source="inbound").count() == 1


def test_a_policy_that_was_in_force_keeps_its_source_and_place(north):
    policy = in_force("inbound").policy
    policy.name = "Demo requests"
    policy.save()
    policy.territory = north

    with pytest.raises(ValidationError, match="add another one"):
        policy.full_clean()
    with pytest.raises(ValidationError, match="add another one"):
        policy.save()


def test_a_second_policy_for_a_source_and_place_is_refused_in_words():
    with pytest.raises(ValidationError, match="There already is a policy"):
        Policy(name="Another", lead_source=LeadSource.INBOUND).full_clean()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda v: v.targets.filter(kind="first_contact").delete(),
            "Promise a time for “First contact”.",
        ),
        (
            lambda v: v.targets.filter(kind="first_contact").delete(),
            "First contact: no time is promised, so its steps would never come.",
        ),
        (
            lambda v: v.steps.filter(kind="accept", action="manager").delete(),
            "Accept: the manager has to hear of it before the manager’s manager does.",
        ),
        (
            lambda v: v.steps.filter(kind="accept").exclude(action="remind").delete(),
            "Accept: add a step that tells somebody besides the owner.",
        ),
        (
            lambda v: v.steps.create(kind="accept", at_percent=50, action="remind"),
            "Accept: “remind the owner” stands 2 times at 30 min.",
        ),
        (
            lambda v: v.steps.create(kind="accept", minutes_past=5, action="channel"),
            "Accept, 5 min past the limit: Choose the channel to post to.",
        ),
        (
            lambda v: v.steps.create(
                kind="accept",
                minutes_past=0,
                action="channel",
                channel=Channel.objects.create(name="#late", webhook_url="x", is_enabled=False),
            ),
            "Accept, at the limit: #late is switched off.",
        ),
        (
            lambda v: v.steps.create(kind="answer", minutes_past=5, action="backup"),
            "Answer by the SDR, 5 min past the limit: "
            "Only what an AE has to do themselves can go to a backup.",
        ),
    ],
)
def test_what_cannot_work_is_not_put_in_force(spoil, sentence):
    draft = draft_of("inbound")
    spoil(draft)

    with pytest.raises(ValidationError) as refused:
        policies.activate(draft, by=None)

    assert sentence in refused.value.messages
    assert PolicyVersion.objects.get(pk=draft.pk).state == "draft"
    assert in_force("inbound").number == 1


def test_a_warning_after_the_limit_is_refused_by_form_and_database():
    draft = draft_of("inbound")
    target = draft.targets.get(kind="accept")
    target.warn_minutes = 60

    with pytest.raises(ValidationError, match="before the limit"):
        target.full_clean()


def test_what_happened_before_the_first_version_is_judged_by_it(clock):
    book = policies.Book()
    first = in_force("inbound")
    clock.shift(timedelta(days=10))
    draft = draft_of("inbound")
    policies.activate(draft, by=None)
    assert first.activated_at and draft.activated_at

    assert book.version_at("inbound", None, first.activated_at - timedelta(days=900)) == first
    assert book.version_at("inbound", None, draft.activated_at - timedelta(days=1)) == first
    assert book.version_at("inbound", None, draft.activated_at) == draft
    assert book.target(draft.pk, ClockKind.ACCEPT) == draft.targets.get(kind="accept")
