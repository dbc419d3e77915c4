"""The gate: each rule refuses what it is for, at its field, in a sentence that says what to do."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.db.models import QuerySet
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
    LeadSourceRule,
    Objection,
    Quote,
    Trigger,
)
from team.models import User
from tests.factories import complete_package, make_account, make_contact

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def package(sdr: User, account: Account, contact: Contact) -> Handoff:
    return complete_package(sdr=sdr, account=account, contact=contact)


def found(handoff: Handoff) -> list[Gap]:
    return gaps(load(handoff.pk))


Spoil = Callable[[Handoff], Any]


class Case(NamedTuple):
    rule: str
    field: str
    says: str
    spoil: Spoil


def write(**fields: Any) -> Spoil:
    return lambda handoff: Handoff.objects.filter(pk=handoff.pk).update(**fields)


def contact(**fields: Any) -> Spoil:
    return lambda handoff: Contact.objects.filter(pk=handoff.contact_id).update(**fields)


def account_says(**fields: Any) -> Spoil:
    return lambda handoff: Account.objects.filter(pk=handoff.account_id).update(**fields)


def answer(code: str, **fields: Any) -> Spoil:
    return lambda handoff: handoff.answers.filter(criterion__code=code).update(**fields)


def criterion(code: str, **fields: Any) -> Spoil:
    """Change the standard itself, past its lock, to reach what a team's own may hold."""

    def spoil(handoff: Handoff) -> None:
        unguarded = QuerySet(Criterion)
        unguarded.filter(version=handoff.framework_version, code=code).update(**fields)

    return spoil


def rows(model: Any, **fields: Any) -> Spoil:
    return lambda handoff: model.objects.filter(handoff=handoff).update(**fields)


def no_rows(model: Any) -> Spoil:
    return lambda handoff: model.objects.filter(handoff=handoff).delete()


def checked(field: str, **fields: Any) -> Spoil:
    """The field has one verification only: this one."""

    def spoil(handoff: Handoff) -> None:
        person = handoff.contact
        assert person is not None
        person.verifications.filter(field=field).delete()
        if fields:
            values = {"method": Method.SPOKE, "verified_at": NOW - timedelta(days=3)} | fields
            Verification.objects.create(contact=person, field=field, **values)

    return spoil


def rule(requires: str, lead_source: str = "meeting", **fields: Any) -> Spoil:
    """A rule of the lead source in the standard itself, past its lock."""

    def spoil(handoff: Handoff) -> None:
        QuerySet(LeadSourceRule).bulk_create(
            [
                LeadSourceRule(
                    version=handoff.framework_version,
                    lead_source=lead_source,
                    requires=requires,
                    **fields,
                )
            ]
        )

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(handoff: Handoff) -> None:
        for one in spoils:
            one(handoff)

    return spoil


def of_another_account(handoff: Handoff) -> None:
    stranger = make_contact(make_account(name="Globex", domain="globex.example"))
    write(contact=stranger)(handoff)


def an_unsigned_standard(handoff: Handoff) -> None:
    write(framework_version=FrameworkVersion.objects.get(framework__code="spiced"))(handoff)


def primary_in_the_committee(handoff: Handoff) -> None:
    rows(CommitteeMember, name="  priya   NAIR ", title="")(handoff)


CASES = [
    Case("the_account_is_named", "account", "Choose the account", write(account=None)),
    Case("the_account_is_named", "account", "company’s name", account_says(name="-")),
    Case("the_account_has_a_domain", "account.domain", "web domain", account_says(domain="")),
    Case(
        "the_account_has_a_domain", "account.domain", "acme.com", account_says(domain="gmail.com")
    ),
    Case("the_contact_is_named", "contact", "Choose the primary", write(contact=None)),
    Case(
        "the_contact_is_named",
        "contact",
        "first and last name",
        contact(first_name="n/a", last_name=""),
    ),
    Case(
        "the_contact_belongs_to_the_account",
        "contact",
        "is not a contact of Acme Robotics",
        of_another_account,
    ),
    Case(
        "the_contact_still_works_there",
        "contact",
        "left the company on 20 Feb 2026",
        contact(left_on=date(2026, 2, 20)),
    ),
    Case(
        "the_contact_still_works_there",
        "contact",
        "leaves the company on 9 Mar 2026",
        contact(left_on=date(2026, 3, 9)),
    ),
    Case(
        "the_contact_still_works_there",
        "contact",
        "no longer works at Acme Robotics",
        checked("employer", result="invalid"),
    ),
    Case("the_contact_has_a_title", "contact.title", "job title", contact(title="")),
    Case("the_contact_has_a_title", "contact.title", "“TBD” says nothing", contact(title="TBD")),
    Case(
        "the_contact_has_a_title",
        "contact.title",
        "enter the present title",
        checked("title", result="invalid"),
    ),
    Case("the_contact_has_a_verified_email", "contact.email", "business", contact(email="")),
    Case("the_contact_has_a_verified_email", "contact.email", "business", contact(email="a@@b.co")),
    Case(
        "the_contact_has_a_verified_email", "contact.email", "was never verified", checked("email")
    ),
    Case(
        "the_contact_has_a_verified_email",
        "contact.email",
        "was never verified",
        contact(email="new@acme-robotics.example"),
    ),
    Case(
        "the_contact_has_a_verified_email",
        "contact.email",
        "last verified 90 days ago; it counts for 90",
        checked("email", verified_at=NOW - timedelta(days=90)),
    ),
    Case(
        "the_contact_has_a_verified_email",
        "contact.email",
        "was found wrong on 27 Feb 2026",
        checked("email", result="invalid"),
    ),
    Case(
        "the_contact_has_a_verified_email",
        "contact.email",
        "was found wrong",
        checked("email", method=Method.BOUNCE),
    ),
    Case("the_contact_has_a_verified_dial", "contact.phone", "country code", contact(phone="")),
    Case(
        "the_contact_has_a_verified_dial",
        "contact.phone",
        "only copied from a social profile",
        checked("dial", method=Method.SOCIAL, verified_at=NOW - timedelta(hours=1)),
    ),
    Case(
        "the_contact_has_a_verified_dial",
        "contact.phone",
        "only copied from a social profile",
        checked("dial", method=Method.SOCIAL, verified_at=NOW - timedelta(days=9)),
    ),
    Case("the_contact_has_a_verified_dial", "contact.phone", "never verified", checked("dial")),
    Case("the_company_size_is_known", "company_size", "how many people", write(company_size=" ")),
    Case("the_company_size_is_known", "company_size", "says nothing", write(company_size="n/a")),
    Case("the_industry_is_known", "industry", "the industry", write(industry="")),
    Case("the_tech_stack_is_known", "tech_stack", "use today", write(tech_stack="tbd")),
    Case("growth_signals_are_known", "growth_signals", "hiring", write(growth_signals="none")),
    Case("it_says_why_they_were_targeted", "why_targeted", "sentence", write(why_targeted="")),
    Case(
        "it_says_why_they_were_targeted",
        "why_targeted",
        "too short",
        write(why_targeted="Strong regional fit"),
    ),
    Case(
        "the_standard_is_agreed",
        "framework_version",
        "Ask RevOps to activate one",
        write(framework_version=None),
    ),
    Case("the_standard_is_agreed", "framework_version", "is still a draft", an_unsigned_standard),
    Case(
        "the_standard_is_agreed",
        "framework_version",
        "does not ask for: a stated timeline",
        criterion("timeline", must_have=""),
    ),
    Case(
        "required_criteria_are_answered",
        "answers.need",
        "not answered yet",
        answer("need", status=Answer.Status.UNKNOWN),
    ),
    Case("required_criteria_are_answered", "answers.need", "Ask the prospect", no_rows(Answer)),
    Case(
        "required_criteria_are_answered",
        "answers.need",
        "not answered yet",
        answer("need", status="rumour"),
    ),
    Case(
        "required_criteria_are_answered",
        "answers.budget",
        "said the opposite about “Budget”",
        answer("budget", status=Answer.Status.DISPROVED),
    ),
    Case(
        "required_criteria_are_answered",
        "answers.budget",
        "“Budget” always applies",
        answer("budget", status=Answer.Status.NOT_APPLICABLE),
    ),
    Case(
        "required_criteria_are_answered",
        "answers.need",
        "why “Need” does not apply",
        both(
            criterion("need", must_have=""),
            answer("need", status=Answer.Status.NOT_APPLICABLE, evidence="n/a", value=""),
        ),
    ),
    Case(
        "required_criteria_are_answered",
        "answers.timeline",
        "has to be confirmed",
        answer("timeline", status=Answer.Status.STATED),
    ),
    Case(
        "required_criteria_are_answered",
        "answers.authority",
        "has to come from the prospect",
        answer("authority", status=Answer.Status.ESTIMATED),
    ),
    Case(
        "answers_carry_their_proof",
        "answers.need",
        "Add the answer itself",
        answer("need", value=" "),
    ),
    Case(
        "answers_carry_their_proof",
        "answers.need",
        "what the prospect said about it",
        answer("need", evidence="Yes she confirmed"),
    ),
    Case(
        "answers_carry_their_proof",
        "answers.need",
        "Add who said it, on which day and in a call, an e-mail or how else.",
        answer("need", said_by="-", said_on=None, channel=""),
    ),
    Case(
        "answers_carry_their_proof",
        "answers.need",
        "not in the future",
        answer("need", said_on=date(2026, 3, 9)),
    ),
    Case(
        "answers_carry_their_proof",
        "answers.budget",
        "where the estimate comes from",
        answer("budget", status=Answer.Status.ESTIMATED, evidence=""),
    ),
    Case(
        "answers_fit_their_type",
        "answers.budget",
        "an amount or a range in figures",
        answer("budget", value="enough for it"),
    ),
    Case(
        "answers_fit_their_type",
        "answers.timeline",
        "a date or a quarter",
        answer("timeline", value="this year"),
    ),
    Case(
        "answers_fit_their_type",
        "answers.authority",
        "says nothing",
        answer("authority", value="N/A"),
    ),
    Case(
        "answers_fit_their_type",
        "answers.authority",
        "Choose one of: Decides, Advises.",
        both(
            criterion("authority", answer_type="choice", choices=["Decides", "Advises"]),
            answer("authority", value="Signs"),
        ),
    ),
    Case(
        "answers_fit_their_type",
        "answers.authority",
        "the person’s name",
        both(criterion("authority", answer_type="contact"), answer("authority", value="12")),
    ),
    Case("answers_fit_their_type", "answers.need", "specifically", answer("need", value="Slow")),
    Case("a_trigger_is_named", "triggers", "made us reach out", no_rows(Trigger)),
    Case("triggers_are_complete", "triggers.*", "what kind of signal", rows(Trigger, kind="")),
    Case("triggers_are_complete", "triggers.*", "the date", rows(Trigger, happened_on=None)),
    Case(
        "triggers_are_complete",
        "triggers.*",
        "in the future",
        rows(Trigger, happened_on=date(2026, 3, 9)),
    ),
    Case("triggers_are_complete", "triggers.*", "in a line", rows(Trigger, detail="Series B")),
    Case("a_quote_is_there", "quotes", "Priya Nair said, word for word", no_rows(Quote)),
    Case("quotes_are_complete", "quotes.*", "as it was said", rows(Quote, text="Too slow today")),
    Case("quotes_are_complete", "quotes.*", "who said it", rows(Quote, speaker="")),
    Case("quotes_are_complete", "quotes.*", "what it was about", rows(Quote, topic="tbd")),
    Case(
        "call_notes_are_there",
        "call_notes",
        "too short",
        write(call_notes="She liked the demo"),
    ),
    Case("call_notes_are_there", "call_notes", "spare the AE", write(call_notes="")),
    Case(
        "objections_are_listed_or_ruled_out",
        "objections",
        "tick “none raised”",
        no_rows(Objection),
    ),
    Case(
        "objections_are_listed_or_ruled_out",
        "no_objections",
        "Untick it or remove them",
        write(no_objections=True),
    ),
    Case("objections_are_complete", "objections.*", "was about", rows(Objection, category="")),
    Case("objections_are_complete", "objections.*", "what was said", rows(Objection, said="-")),
    Case(
        "objections_are_complete",
        "objections.*",
        "Name the competitor",
        rows(Objection, competitor="none"),
    ),
    Case("objections_are_complete", "objections.*", "how it was left", rows(Objection, left="")),
    Case(
        "objections_are_complete",
        "objections.*",
        "what was promised",
        rows(Objection, left=Objection.Left.PROMISED, left_note=""),
    ),
    Case(
        "the_committee_is_listed_or_ruled_out",
        "committee",
        "even in passing",
        no_rows(CommitteeMember),
    ),
    Case(
        "the_committee_is_listed_or_ruled_out",
        "nobody_else",
        "Untick it or remove them",
        write(nobody_else=True),
    ),
    Case(
        "committee_members_are_complete",
        "committee.*",
        "Mark Dell’s role",
        rows(CommitteeMember, role="unknown"),
    ),
    Case("committee_members_are_complete", "committee.*", "name", rows(CommitteeMember, name="?")),
    Case(
        "the_committee_is_other_people",
        "committee.*",
        "is the primary contact",
        primary_in_the_committee,
    ),
    Case("the_next_step_is_agreed", "next_step", "agreed to", write(next_step="")),
    Case(
        "the_next_step_is_agreed",
        "next_step",
        "under any meeting",
        write(next_step="Demo scheduled"),
    ),
    Case(
        "the_next_step_is_agreed",
        "next_step",
        "under any meeting",
        write(next_step="Follow up with Priya on Tuesday at 10:00"),
    ),
    Case(
        "the_next_step_is_agreed", "next_step", "too short", write(next_step="Review trial results")
    ),
    Case("the_next_step_has_a_time", "next_step_at", "day and time", write(next_step_at=None)),
    Case("the_next_step_has_a_time", "next_step_at", "already passed", write(next_step_at=NOW)),
    Case(
        "the_next_step_has_a_time",
        "next_step_at",
        "more than a year",
        write(next_step_at=NOW + timedelta(days=367)),
    ),
    Case("it_says_who_does_what", "next_step_who", "who brings", write(next_step_who="Ana")),
    Case(
        "it_says_who_does_what",
        "next_step_who",
        "neither people nor their part",
        write(next_step_who="AE will follow up"),
    ),
    *(
        Case("rules_of_the_lead_source_are_kept", field, says, spoil)
        for field, says, spoil in (
            ("original_source", "campaign or channel", rule("channel")),
            ("triggers", "link to its source", rule("link")),
            ("quotes", "at least 2 quotes. There is 1.", rule("quotes", number=2)),
            ("committee", "at least 3 other people. There is 1.", rule("people", number=3)),
            ("call_notes", "at least 90 different words. These have", rule("notes", number=90)),
            ("next_step_at", "a next step within 1 day.", rule("soon", number=1)),
            (
                "answers.budget",
                "“Budget” from the prospect, not estimated",
                both(
                    answer("budget", status="estimated"),
                    rule("answered", criterion_code="budget"),
                ),
            ),
            (
                "answers.authority",
                "“Authority” confirmed",
                both(
                    answer("authority", status="stated"),
                    rule("confirmed", criterion_code="authority"),
                ),
            ),
            (
                "quotes",
                "Two of them make the difference.",
                rule("quotes", number=2, why="Two of them make the difference"),
            ),
        )
    ),
    Case(
        "required_criteria_are_answered",
        "answers.need",
        "was confirmed 91 days ago; that counts for 90 days",
        both(criterion("need", keeps_days=90), answer("need", said_on=date(2025, 12, 1))),
    ),
    Case(
        "nothing_is_written_twice",
        "call_notes",
        "repeats what stands under “why we targeted them”",
        write(
            why_targeted="They quote by hand and lose track of every single price.",
            call_notes="they quote by hand, and lose track of every single price",
        ),
    ),
    Case(
        "nothing_is_written_twice",
        "tech_stack",
        "“industry”",
        write(tech_stack="Industrial Robotics!"),
    ),
    Case(
        "nothing_is_written_twice",
        "quotes.*",
        "Quote the one sentence that matters",
        both(
            write(call_notes="Every quote takes nine days and three tools before it is out."),
            rows(Quote, text="Every quote takes nine days and three tools before it is out!"),
        ),
    ),
    Case(
        "nothing_is_written_twice",
        "answers.need",
        "“Budget”",
        both(
            answer("need", evidence="We lose deals over it, and have put money aside."),
            answer("budget", evidence="We lose deals over it, and have put money aside."),
        ),
    ),
]


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
