"""What spoils triggers, quotes, objections, the committee, the next step; and the rules on top."""

from datetime import date, timedelta

from handoffs.models import (
    CommitteeMember,
    Objection,
    Quote,
    Trigger,
)
from tests.handoffs.gate.spoils import (
    NOW,
    Case,
    answer,
    both,
    criterion,
    no_rows,
    primary_in_the_committee,
    rows,
    rule,
    write,
)

CONVERSATION = [
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
