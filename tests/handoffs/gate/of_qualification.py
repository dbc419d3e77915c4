"""What spoils the answers to the standard’s criteria."""

from datetime import date

from handoffs.models import (
    Answer,
)
from tests.handoffs.gate.spoils import (
    Case,
    an_unsigned_standard,
    answer,
    both,
    criterion,
    no_rows,
    write,
)

QUALIFICATION = [
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
]
