"""The gate: each rule refuses what it is for, at its field, in a sentence that says what to do."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, Contact, Method, Verification
from handoffs.completeness import RULES, SECTIONS, Gap, gaps, load, progress
from handoffs.completeness.package import Package
from handoffs.models import (
    Answer,
    CommitteeMember,
    Criterion,
    Framework,
    FrameworkVersion,
    Handoff,
    Objection,
    Quote,
    Trigger,
)
from team.models import User
from tests.factories import complete_package
from tests.handoffs.gate.cases import CASES
from tests.handoffs.gate.spoils import (
    NOW,
    Case,
    answer,
    criterion,
    no_rows,
    rows,
    rule,
    write,
)


@pytest.fixture
def package(sdr: User, account: Account, contact: Contact) -> Handoff:
    return complete_package(sdr=sdr, account=account, contact=contact)


def found(handoff: Handoff) -> list[Gap]:
    return gaps(load(handoff.pk))


@pytest.mark.parametrize("case", CASES, ids=[f"{c.rule}-{n}" for n, c in enumerate(CASES)])
def test_each_rule_refuses_at_its_field_in_words(package: Handoff, case: Case) -> None:
    assert found(package) == []

    case.spoil(package)

    rule = next(rule for rule in RULES if rule.__name__ == case.rule)
    refusals = list(rule(Package.of(load(package.pk), NOW)))
    matching = [
        gap
        for gap in refusals
        if gap.field == case.field
        or (case.field.endswith(".*") and gap.field.startswith(case.field[:-1]))
    ]
    assert any(case.says in gap.message for gap in matching), refusals
    assert set(refusals) <= set(found(package))


def test_every_rule_has_a_case() -> None:
    assert {rule.__name__ for rule in RULES} == {case.rule for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=[f"{c.rule}-{n}" for n, c in enumerate(CASES)])
def test_each_gap_names_a_known_section_and_ends_its_sentence(package: Handoff, case: Case) -> None:
    case.spoil(package)

    keys = {section.key for section in SECTIONS}
    for gap in found(package):
        assert gap.section in keys
        assert gap.message[-1] in ".”" and len(gap.message.split()) > 2


def test_a_complete_package_passes(package: Handoff) -> None:
    assert gaps(package) == []
    assert progress([]) == (8, 8)


def test_the_boxes_stand_for_the_lists(package: Handoff) -> None:
    package.objections.all().delete()
    package.committee.all().delete()
    write(no_objections=True, nobody_else=True)(package)

    assert found(package) == []


def test_an_empty_draft_has_gaps_in_every_section(sdr: User) -> None:
    draft = Handoff.objects.create(sdr=sdr)

    missing = gaps(draft)

    assert {gap.section for gap in missing} == {section.key for section in SECTIONS}
    assert progress(missing) == (0, 8)


def test_gaps_come_in_the_order_of_the_form(sdr: User) -> None:
    order = [section.key for section in SECTIONS]
    places = [order.index(gap.section) for gap in gaps(Handoff.objects.create(sdr=sdr))]

    assert places == sorted(places)


def test_progress_counts_sections_not_gaps(package: Handoff) -> None:
    write(industry="", tech_stack="", next_step="")(package)

    assert progress(found(package)) == (6, 8)


def test_a_retired_standard_still_holds_for_what_was_written_under_it(package: Handoff) -> None:
    FrameworkVersion.objects.update(state=FrameworkVersion.State.RETIRED)

    assert found(package) == []


@pytest.mark.parametrize("code", ["meddic", "spiced"])
def test_a_package_passes_under_each_shipped_framework(package: Handoff, code: str) -> None:
    version = Framework.objects.get(code=code).versions.get()
    FrameworkVersion.objects.exclude(pk=version.pk).update(state="retired")
    old = FrameworkVersion.objects.get(framework__code="bant")
    FrameworkVersion.objects.filter(pk=version.pk).update(
        signed_by_sdr_leader=old.signed_by_sdr_leader,
        signed_by_ae_leader=old.signed_by_ae_leader,
        state="active",
    )
    write(framework_version=version)(package)
    assert {gap.section for gap in found(package)} == {"qualification"}

    values = {"amount": "40k to 60k EUR", "date": "30 September 2026", "contact": "Mark Dell"}
    for each in version.criteria.filter(is_required=True):
        Answer.objects.create(
            handoff=package,
            criterion=each,
            status=each.minimum,
            value=values.get(each.answer_type, f"What we learned of {each.name} on the call"),
            evidence=f"They told us all about {each.name} in detail.",
            said_by="Priya Nair",
            said_on=date(2026, 2, 27),
            channel="call",
        )

    assert found(package) == []


def test_a_budget_may_be_estimated_where_it_says_what_it_rests_on(package: Handoff) -> None:
    answer(
        "budget",
        status=Answer.Status.ESTIMATED,
        value="40k",
        evidence="Companies of their size",
        said_by="",
        said_on=None,
        channel="",
    )(package)

    assert found(package) == []


def test_a_stated_answer_may_name_a_loose_time(package: Handoff) -> None:
    criterion("timeline", minimum=Criterion.Minimum.STATED)(package)
    answer("timeline", status=Answer.Status.STATED, value="this year")(package)

    assert found(package) == []


def test_an_optional_criterion_may_stay_open_but_not_claim_without_proof(package: Handoff) -> None:
    criterion("need", is_required=False, must_have="")(package)
    criterion("authority", must_have="authority")(package)
    answer("need", status=Answer.Status.UNKNOWN, value="tbd")(package)
    assert not [gap for gap in found(package) if gap.field == "answers.need"]

    answer("need", status=Answer.Status.CONFIRMED)(package)
    assert [gap for gap in found(package) if gap.field == "answers.need"]


def test_a_reason_makes_an_ordinary_criterion_not_apply(package: Handoff) -> None:
    criterion("need", must_have="")(package)
    answer(
        "need",
        status=Answer.Status.NOT_APPLICABLE,
        evidence="They only extend what they bought last year.",
    )(package)

    assert not [gap for gap in found(package) if gap.field == "answers.need"]


def test_a_profile_seen_today_does_not_undo_a_call_last_week(package: Handoff) -> None:
    assert package.contact is not None
    Verification.objects.create(
        contact=package.contact, field="dial", method=Method.SOCIAL, verified_at=NOW
    )

    assert found(package) == []


def test_a_bounce_after_the_call_counts(package: Handoff) -> None:
    assert package.contact is not None
    Verification.objects.create(
        contact=package.contact,
        field="email",
        method=Method.BOUNCE,
        result="invalid",
        verified_at=NOW - timedelta(hours=1),
    )

    assert [gap.field for gap in found(package)] == ["contact.email"]


def test_an_objection_may_be_quoted_and_a_quote_be_the_evidence(package: Handoff) -> None:
    said = "By the time our quote is out, the customer has signed with somebody else."
    answer("need", evidence=said)(package)
    rows(Objection, said=said)(package)

    assert found(package) == []


def test_the_same_text_everywhere_is_refused_everywhere_but_once(package: Handoff) -> None:
    text = "Great company with a strong need for what we sell."
    names = ("company_size", "industry", "tech_stack", "growth_signals", "why_targeted")
    write(**dict.fromkeys((*names, "call_notes", "next_step", "next_step_who"), text))(package)

    repeated = {gap.field for gap in found(package) if "repeats" in gap.message}

    assert repeated == {*names[1:], "call_notes", "next_step", "next_step_who"}


def test_a_rule_of_another_lead_source_asks_for_nothing(package: Handoff) -> None:
    rule("quotes", "inbound", number=5)(package)
    assert found(package) == []


def test_a_kept_rule_asks_for_nothing(package: Handoff) -> None:
    rule("confirmed", criterion_code="budget")(package)
    rule("people", number=1)(package)
    rule("soon", number=2)(package)
    assert found(package) == []


def test_what_a_criterion_refuses_is_not_said_twice_by_a_rule(package: Handoff) -> None:
    rule("confirmed", criterion_code="need")(package)
    answer("need", status="stated")(package)
    assert [gap.field for gap in found(package)] == ["answers.need"]


def test_nobody_else_is_no_way_round_a_rule_on_people(package: Handoff) -> None:
    rule("people", number=1)(package)
    no_rows(CommitteeMember)(package)
    write(nobody_else=True)(package)
    assert [gap.field for gap in found(package)] == ["committee"]


def test_the_gate_looks_at_the_time_it_is_given(package: Handoff) -> None:
    later = timezone.now() + timedelta(days=100)

    fields = {gap.field for gap in gaps(package, later)}

    assert fields == {"contact.email", "contact.phone", "next_step_at"}


def test_the_gate_costs_nine_queries_however_many_rows(
    package: Handoff, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    with django_assert_num_queries(9):
        assert gaps(load(package.pk)) == []
    for number in range(30):
        Quote.objects.create(
            handoff=package,
            text=f"This is the thing number {number} that we heard",
            speaker="Priya Nair",
            topic="speed",
        )
        Trigger.objects.create(
            handoff=package,
            kind="jobs",
            happened_on=date(2026, 2, 1),
            detail=f"Hires engineers for plant {number}",
        )
        CommitteeMember.objects.create(handoff=package, name=f"Person {number}", role="user")
        Verification.objects.create(
            contact=package.contact,
            field="email",
            method=Method.SPOKE,
            verified_at=NOW - timedelta(days=number),
        )
    with django_assert_num_queries(9):
        loaded = load(package.pk)
    with django_assert_num_queries(0):
        assert gaps(loaded) == []
    with django_assert_max_num_queries(14):
        assert gaps(Handoff.objects.get(pk=package.pk)) == []
