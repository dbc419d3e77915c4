"""What the product brings along: BANT, MEDDIC, SPICED and the reasons. How they are kept: models.

Everything is a start that RevOps edits. `ship` adds what is missing by its code and never touches
what is there. The frameworks come as drafts: nobody has signed on an empty installation.
"""

from typing import Any

from django.db import transaction

from handoffs.models import Criterion, Framework, FrameworkVersion, MustHave, Reason

Text = Criterion.AnswerType.TEXT
Amount = Criterion.AnswerType.AMOUNT
Date = Criterion.AnswerType.DATE
Person = Criterion.AnswerType.CONTACT
ESTIMATED = Criterion.Minimum.ESTIMATED
STATED = Criterion.Minimum.STATED
CONFIRMED = Criterion.Minimum.CONFIRMED

# For how many days what they said counts as confirmed: money moves sooner than who decides.
KEEPS_DAYS = {MustHave.BUDGET: 90, MustHave.AUTHORITY: 180}


def _ask(
    code: str,
    name: str,
    confirmed_means: str,
    minimum: Criterion.Minimum,
    answer_type: Criterion.AnswerType = Text,
    must_have: str = "",
    *,
    is_required: bool = True,
) -> dict[str, Any]:
    """One criterion as its model takes it."""
    return {
        "code": code,
        "name": name,
        "confirmed_means": confirmed_means,
        "minimum": minimum,
        "answer_type": answer_type,
        "must_have": must_have,
        "is_required": is_required,
        "keeps_days": KEEPS_DAYS.get(MustHave(must_have)) if must_have else None,
    }


BUDGET = _ask(
    "budget",
    "Budget",
    "They named an amount or a range that reaches our entry price; or the pot the money comes "
    "from, who releases it and by when, with the amount we expect it to take. If they named "
    "nothing, enter an estimate and say what it rests on: what they pay today, what companies of "
    "their size spend. No budget line yet is not a no.",
    ESTIMATED,
    Amount,
    MustHave.BUDGET,
)

TIMELINE = _ask(
    "timeline",
    "Timeline",
    "They named a day or a quarter by which they decide or want to be live, and what drives it: "
    "a contract that ends, a season, a target. “This year” or “soon” is only stated.",
    CONFIRMED,
    Date,
    MustHave.TIMELINE,
)

BANT = [
    BUDGET,
    _ask(
        "authority",
        "Authority",
        "The contact told us their own part in the decision, and named who approves it in the end "
        "and how we get to that person. An influencer is fine where the way to the approver is "
        "clear. Write both: “evaluates for the COO, Dan Reyes, who signs”.",
        STATED,
        Text,
        MustHave.AUTHORITY,
    ),
    _ask(
        "need",
        "Need",
        "One specific problem in the prospect’s own words, who suffers from it, and what it leads "
        "to. “They want to be more efficient” is not one.",
        CONFIRMED,
        Text,
        MustHave.PAIN,
    ),
    TIMELINE,
]

MEDDIC = [
    _ask(
        "metrics",
        "Metrics",
        "A number they want to move, with what it is today and what it should become: “from nine "
        "days to two per quote”. At handoff it is enough that they said which number.",
        STATED,
    ),
    _ask(
        "economic_buyer",
        "Economic buyer",
        "The person who can say yes when others say no, and who can spend the money; and what the "
        "contact’s own say is beside theirs. By name or at least by title; nobody has to have met "
        "them yet.",
        STATED,
        Person,
        MustHave.AUTHORITY,
    ),
    _ask(
        "decision_criteria",
        "Decision criteria",
        "Three or more things they will compare offers by, listed and ranked by them, not by us.",
        STATED,
        is_required=False,
    ),
    _ask(
        "decision_process",
        "Decision process",
        "The steps to a decision, who takes part in each, and when. At handoff the people have to "
        "be known; “I will discuss it internally” names none.",
        STATED,
    ),
    _ask(
        "pain",
        "Identified pain",
        "The problem, what it costs them, and whose problem it is, in their own words.",
        CONFIRMED,
        Text,
        MustHave.PAIN,
    ),
    _ask(
        "champion",
        "Champion",
        "Somebody with influence and a reason of their own who has already done something for us, "
        "such as opening the door to the economic buyer. Somebody who only tells us things is a "
        "coach: at handoff name the candidate, and estimate.",
        ESTIMATED,
        Person,
    ),
    _ask(
        "paper_process",
        "Paper process",
        "What happens after the yes: legal, security and procurement, with names and how long "
        "each takes.",
        STATED,
        is_required=False,
    ),
    _ask(
        "competition",
        "Competition",
        "What they compare us with: other vendors, building it themselves, doing nothing. It has "
        "to be asked. If they look at nobody else, write what they would do instead.",
        STATED,
    ),
    BUDGET,
    TIMELINE,
]

SPICED = [
    _ask(
        "situation",
        "Situation",
        "Their tools, the size of the team and how the work is done today, so well that you could "
        "read it back and hear “exactly”. Facts from their website do not count.",
        STATED,
    ),
    _ask(
        "pain",
        "Pain",
        "The specific problem in their own words. A list of our features is not one.",
        CONFIRMED,
        Text,
        MustHave.PAIN,
    ),
    _ask(
        "impact",
        "Impact",
        "What the problem leads to, in figures: time, money or risk; or what it means to the "
        "person who told us. “It would help” is not an impact.",
        STATED,
    ),
    _ask(
        "critical_event",
        "Critical event",
        "A date on the buyer’s side and what happens if it is missed: a season, an audit, a "
        "contract that ends. The end of our discount is not one.",
        CONFIRMED,
        Date,
        MustHave.TIMELINE,
    ),
    _ask(
        "decision",
        "Decision",
        "How they decide: the steps, the people and what they compare by; the contact’s own part "
        "in it, and who has the last word. “I will discuss it internally” is none of these.",
        STATED,
        Text,
        MustHave.AUTHORITY,
    ),
    BUDGET,
]

# code, name, description, criteria
FRAMEWORKS: list[tuple[str, str, str, list[dict[str, Any]]]] = [
    ("bant", "BANT", "Budget, authority, need, timeline: short, for most leads.", BANT),
    (
        "meddic",
        "MEDDIC",
        "For large deals with many people; with paper process, competition, budget and timeline.",
        MEDDIC,
    ),
    (
        "spiced",
        "SPICED",
        "Situation, pain, impact, critical event, decision; with budget.",
        SPICED,
    ),
]

# code, label, whether it counts as a rejection, what the sentence should name
REJECTING = [
    ("no_need", "No specific problem", True, "What was claimed, and what the prospect really said"),
    ("no_authority", "No say and no way to who has it", True, "Who decides, as far as known"),
    ("no_budget", "No budget and no way to one", True, "What they said about money"),
    ("no_timeline", "Nothing in the foreseeable time", True, "When to come back to them"),
    ("not_icp", "Not our kind of company", True, "Which rule: size, industry or country"),
    ("product_gap", "We cannot serve the need", True, "What is missing in the product"),
    ("no_interest", "Did not agree to a next step", True, "What they say they agreed to"),
    ("competitor_locked", "Bound to a competitor", True, "To whom, and until when"),
    ("not_a_buyer", "Competitor, student or private person", True, "Who they are"),
    ("duplicate", "Duplicate", False, "The link of the other handoff or opportunity"),
    ("wrong_territory", "Another territory", False, "Whose it is"),
    ("existing_customer", "Customer already, or a support case", False, "Who looks after them"),
    ("no_capacity", "I cannot take it now", False, "Who could, or from when on"),
    ("other", "Something else", True, "What happened, so that we can add a reason for it"),
]

RETURNING = [
    ("incomplete", "Something in the package is wrong or thin", False, "Which field"),
    ("need_unclear", "The problem is not clear", False, "Which criterion, and what to ask"),
    ("wrong_contact", "Wrong contact", False, "Who would be the right one, if known"),
    ("left_company", "The contact has left", False, "Where you saw it"),
    ("bad_data", "E-mail or number does not work", False, "Which of the two, and what happened"),
    ("other_question", "Another question", False, "The question, as the SDR should ask it"),
]

DISQUALIFYING = [
    ("after_no_need", "No specific problem", True, "What they said in the meeting"),
    ("after_no_authority", "No say and no way to who has it", True, "Who decides"),
    ("after_no_budget", "No budget and no way to one", True, "What they said about money"),
    ("after_no_timeline", "Nothing in the foreseeable time", True, "When to come back to them"),
    ("after_not_icp", "Not our kind of company", True, "Which rule: size, industry or country"),
    ("after_product_gap", "We cannot serve the need", True, "What is missing in the product"),
    ("after_no_interest", "Lost interest", True, "What changed, as far as they said"),
    ("after_competitor", "Chose or is bound to a competitor", True, "Which one, and until when"),
    ("after_left_company", "The contact has left", True, "Who took over, if known"),
    ("no_shows", "Did not come to the meetings", False, "How often, and what they said since"),
    ("unreachable", "Could not be reached", False, "How often and by which channels you tried"),
    ("after_duplicate", "Duplicate", False, "The link of the other opportunity"),
    ("after_other", "Something else", True, "What happened, so that we can add a reason for it"),
]

# Nothing an AE decides for themselves: who declines a lead for lack of time keeps the turn
GIVING_BACK = frozenset(
    (
        "duplicate",
        "wrong_territory",
        "existing_customer",
        "after_duplicate",
        "no_shows",
        "unreachable",
    )
)


@transaction.atomic
def ship() -> None:
    """Add the frameworks and reasons that are missing. May run at any time, any number of times."""
    _ship_frameworks()
    _ship_reasons()


def has_its_tables(apps: Any) -> bool:
    """Whether `apps`, as a migration left them, have every column that `ship` writes to."""
    for model in (Framework, FrameworkVersion, Criterion, Reason):
        try:
            migrated = apps.get_model("handoffs", model.__name__)
        except LookupError:
            return False
        if _columns(migrated) != _columns(model):
            return False
    return True


def _columns(model: Any) -> set[str]:
    return {field.column for field in model._meta.concrete_fields}


def _ship_frameworks() -> None:
    known = {
        text.casefold() for row in Framework.objects.values_list("code", "name") for text in row
    }
    for code, name, description, criteria in FRAMEWORKS:
        if {code.casefold(), name.casefold()} & known:
            continue
        framework = Framework.objects.create(code=code, name=name, description=description)
        version = FrameworkVersion.objects.create(framework=framework, note="As shipped.")
        Criterion.objects.bulk_create(
            Criterion(version=version, position=position, **criterion)
            for position, criterion in enumerate(criteria, start=1)
        )


def _ship_reasons() -> None:
    known = set(Reason.objects.values_list("code", flat=True))
    Reason.objects.bulk_create(
        Reason(
            code=code,
            label=label,
            use=use,
            counts=counts,
            gives_back=code in GIVING_BACK,
            hint=hint,
            position=position,
        )
        for use, reasons in (
            (Reason.Use.REJECT, REJECTING),
            (Reason.Use.RETURN, RETURNING),
            (Reason.Use.DISQUALIFY, DISQUALIFYING),
        )
        for position, (code, label, counts, hint) in enumerate(reasons, start=1)
        if code not in known
    )
