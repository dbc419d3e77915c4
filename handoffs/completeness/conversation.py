"""The gate's rules on what was heard: trigger, words, objections, committee, next step."""

from datetime import timedelta

from accounts.models import CommitteeRole, SignalKind
from handoffs import wording
from handoffs.completeness.package import LINE, NOTES, SENTENCE, Gap, Gaps, Package, text_gap
from handoffs.models import Objection

FURTHEST_STEP = timedelta(days=366)


def a_trigger_is_named(p: Package) -> Gaps:
    if not p.triggers:
        yield Gap(
            "trigger",
            "triggers",
            "Add the buying signal that made us reach out: funding, a leadership hire, intent, a "
            "job posting, their own request.",
        )


def triggers_are_complete(p: Package) -> Gaps:
    for row in p.triggers:
        field = f"triggers.{row.pk}"
        if row.kind not in SignalKind.values:
            yield Gap("trigger", field, "Choose what kind of signal it was.")
        if row.happened_on is None:
            yield Gap("trigger", field, "Enter the date of the signal.")
        elif row.happened_on > p.now.date() + timedelta(days=1):
            yield Gap("trigger", field, "The signal’s date is in the future. Correct it.")
        ask = "Write in a line what happened, such as “Series B of 30 million for two plants”."
        yield from text_gap("trigger", field, row.detail, ask, LINE)


def a_quote_is_there(p: Package) -> Gaps:
    if not p.quotes:
        yield Gap(
            "words", "quotes", f"Add at least one thing {p.contact_name} said, word for word."
        )


def quotes_are_complete(p: Package) -> Gaps:
    for row in p.quotes:
        field = f"quotes.{row.pk}"
        ask = "Write down the sentence as it was said, word for word."
        yield from text_gap("words", field, row.text, ask, SENTENCE)
        yield from text_gap("words", field, row.speaker, "Enter who said it.")
        yield from text_gap("words", field, row.topic, "Enter what it was about.")


def call_notes_are_there(p: Package) -> Gaps:
    ask = (
        "Write notes that spare the AE from asking again: their problem, how they work today, "
        "what they want instead."
    )
    yield from text_gap("words", "call_notes", p.handoff.call_notes, ask, NOTES)


def objections_are_listed_or_ruled_out(p: Package) -> Gaps:
    if p.objections and p.handoff.no_objections:
        message = "“None raised” is ticked, but objections are listed. Untick it or remove them."
        yield Gap("objections", "no_objections", message)
    elif not p.objections and not p.handoff.no_objections:
        message = "Add every hesitation, concern or competitor that came up; or tick “none raised”."
        yield Gap("objections", "objections", message)


def objections_are_complete(p: Package) -> Gaps:
    for row in p.objections:
        field = f"objections.{row.pk}"
        if row.category not in Objection.Category.values:
            yield Gap("objections", field, "Choose what the objection was about.")
        ask = "Write what was said, so that the AE can answer it."
        yield from text_gap("objections", field, row.said, ask, LINE)
        if row.category == Objection.Category.COMPETITOR:
            ask = "Name the competitor, so that the AE can prepare for it."
            yield from text_gap("objections", field, row.competitor, ask)
        if row.left not in Objection.Left.values:
            message = "Choose how it was left: answered, open, or an answer promised."
            yield Gap("objections", field, message)
        if row.left == Objection.Left.PROMISED:
            ask = "Write in a sentence what was promised."
            yield from text_gap("objections", field, row.left_note, ask, LINE)


def the_committee_is_listed_or_ruled_out(p: Package) -> Gaps:
    if p.committee and p.handoff.nobody_else:
        message = (
            "“Nobody else mentioned” is ticked, but people are listed. Untick it or remove them."
        )
        yield Gap("committee", "nobody_else", message)
    elif not p.committee and not p.handoff.nobody_else:
        message = (
            f"Add everybody {p.contact_name} mentioned, even in passing; or tick “nobody else "
            "mentioned”."
        )
        yield Gap("committee", "committee", message)


def committee_members_are_complete(p: Package) -> Gaps:
    for row in p.committee:
        field = f"committee.{row.pk}"
        ask = "Enter the person’s name, or what they were called, such as “the CFO”."
        yield from text_gap("committee", field, row.name, ask)
        if row.role not in CommitteeRole.values or row.role == CommitteeRole.UNKNOWN:
            who = row.name.strip() or "This person"
            message = f"Choose {who}’s role in the purchase. Ask, or choose the likeliest."
            yield Gap("committee", field, message)


def the_committee_is_other_people(p: Package) -> Gaps:
    if p.contact is None:
        return
    own_name = wording.same_text(p.contact.name)
    for row in p.committee:
        same_name = own_name and wording.same_text(row.name) == own_name
        if row.contact_id == p.contact.pk or (same_name and row.contact_id is None):
            yield Gap(
                "committee",
                f"committee.{row.pk}",
                f"{p.contact_name} is the primary contact. List the other people here.",
            )


def the_next_step_is_agreed(p: Package) -> Gaps:
    text = p.handoff.next_step
    ask = (
        f"Write exactly what {p.contact_name} agreed to, such as “45 minutes on quoting with Priya "
        "and her pricing lead, with their own price list”."
    )
    missing = list(text_gap("next_step", "next_step", text, ask))
    names = [str(person) for person in (p.contact, p.account, p.handoff.sdr) if person]
    names += [row.name for row in p.committee]
    if missing:
        yield from missing
    elif wording.is_generic_step(text, names):
        message = f"This could stand under any meeting and tells the AE nothing. {ask}"
        yield Gap("next_step", "next_step", message)
    else:
        yield from text_gap("next_step", "next_step", text, ask, SENTENCE)


def the_next_step_has_a_time(p: Package) -> Gaps:
    when = p.handoff.next_step_at
    if when is None:
        message = f"Enter the day and time that {p.contact_name} agreed to."
    elif when <= p.now:
        message = "This time has already passed. Agree on a new one and enter it."
    elif when > p.now + FURTHEST_STEP:
        message = "This is more than a year ahead. Check the year, or agree on something nearer."
    else:
        return
    yield Gap("next_step", "next_step_at", message)


def it_says_who_does_what(p: Package) -> Gaps:
    text = p.handoff.next_step_who
    ask = (
        "Write who brings or does what until then, such as “Priya sends the price list, Ana loads "
        "it before the call”."
    )
    missing = list(text_gap("next_step", "next_step_who", text, ask, LINE))
    if not missing and wording.is_generic_step(text, least=1):
        missing = [
            Gap("next_step", "next_step_who", f"This names neither people nor their part. {ask}")
        ]
    yield from missing
