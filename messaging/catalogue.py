"""Every message text the product ships, and the fields each may name; no sending happens here."""

from typing import NamedTuple

# What each field holds, in the words that the admin's help shows.
FIELDS = {
    "company": "the account’s name",
    "lead_source": "where the lead came from, such as Inbound demo request",
    "territory": "the territory of the account",
    "sdr": "who wrote the handoff",
    "owner": "the AE who has it, or “nobody yet”",
    "actor": "who did it",
    "question": "what the AE asked, in their words",
    "reason": "the reason they chose",
    "note": "what they wrote to it",
    "link": "the address of the handoff",
    "promise": "which promise it is about, such as Accept",
    "due": "when the promise falls due, or fell due",
    "time_left": "how long is left, such as 25 min",
    "late_by": "how long it has been overdue, such as 1 h 20 min",
    "step": "which step of the escalation this is",
    "recipient": "the address the message was for",
    "title": "the subject of that message",
    "channel": "the name of the Slack channel",
    "news": "what happened to a contact, without naming them",
    "change": "the same in full: titles, companies",
    "missing": "which parts of the package no longer hold",
    "source": "the data source",
    "count": "how many",
    "holes": "which lead sources in which territories, and what is wrong",
}

# Free text may hold what a prospect said, and Slack shows the subject: it stays in the body.
BODY_ONLY = frozenset({"question", "note", "change", "holes"})

_HANDOFF = ("company", "lead_source", "territory", "sdr", "owner", "link")
_MOVE = (*_HANDOFF, "actor", "reason", "note")
_SLA = (*_HANDOFF, "promise", "due", "time_left", "late_by", "step", "reason")
_MAIL = ("recipient", "title", "reason", "link")


class Text(NamedTuple):
    """One shipped text. The subject is also what Slack shows, with the link below it."""

    name: str
    fields: tuple[str, ...]
    subject: str
    body: str


CATALOGUE: dict[str, Text] = {
    "handoff_submitted": Text(
        "New handoff, to its owner",
        _MOVE,
        "{company} is yours: {lead_source} from {sdr}",
        "{sdr} has handed {company} over to you ({lead_source}).\n"
        "\n"
        "Everything they learned is on one page. Read it, then accept it, ask for what is "
        "missing, or reject it:\n"
        "{link}\n",
    ),
    "handoff_unassigned": Text(
        "Handoff without an owner, to the manager",
        _MOVE,
        "Nobody can take {company} right now",
        "{sdr} submitted {company} ({lead_source}, {territory}), but nobody is free to take it. "
        "Its clock is running.\n"
        "\n"
        "Reason: {reason}\n"
        "\n"
        "Please give it to somebody:\n"
        "{link}\n",
    ),
    "handoff_returned": Text(
        "Returned with a question, to the SDR",
        (*_MOVE, "question"),
        "{actor} needs one more thing on {company}",
        "{actor} would like to take {company} and asks:\n"
        "\n"
        "{question}\n"
        "\n"
        "Their clock waits while you answer:\n"
        "{link}\n",
    ),
    "handoff_answered": Text(
        "Question answered, to the owner",
        _MOVE,
        "{actor} has answered on {company}",
        "{actor} writes:\n\n{note}\n\nYour clock runs again. You can accept it here:\n{link}\n",
    ),
    "handoff_accepted": Text(
        "Accepted, to the SDR",
        _MOVE,
        "{owner} has accepted {company}",
        "{owner} has taken {company} over. Well prepared, thank you.\n"
        "\n"
        "The introduction is drafted; read it over and send it:\n"
        "{link}\n",
    ),
    "handoff_accepted_for": Text(
        "Accepted in their name, to the AE",
        _MOVE,
        "{company} is yours: {actor} has accepted it for you",
        "{actor} has accepted {company} ({lead_source}, from {sdr}) in your name.\n"
        "\n"
        "Why: {note}\n"
        "\n"
        "The preparation and the first contact are next, and yours:\n"
        "{link}\n",
    ),
    "handoff_rejected": Text(
        "Rejected, to the SDR",
        _MOVE,
        "{actor} has rejected {company}: {reason}",
        "{actor} does not take {company} on.\n"
        "\n"
        "Reason: {reason}\n"
        "In their words: {note}\n"
        "\n"
        "Take ten minutes with {actor} to talk it over. What you wrote is kept:\n"
        "{link}\n",
    ),
    "handoff_withdrawn": Text(
        "Withdrawn, to the owner",
        _MOVE,
        "{company} was withdrawn by {actor}",
        "{actor} has withdrawn {company}. There is nothing left for you to do.\n"
        "\n"
        "They wrote: {note}\n"
        "\n"
        "{link}\n",
    ),
    "handoff_reassigned": Text(
        "Reassigned, to the new owner",
        _MOVE,
        "{company} is now yours",
        "{company} ({lead_source}, from {sdr}) has moved to you.\n"
        "\n"
        "By: {actor}\n"
        "Why: {note}\n"
        "\n"
        "Everything known is on one page:\n"
        "{link}\n",
    ),
    "handoff_taken_away": Text(
        "Reassigned, to the previous owner",
        _MOVE,
        "{company} now belongs to {owner}",
        "{company} has moved to {owner}. You need do nothing more.\n"
        "\n"
        "By: {actor}\n"
        "Why: {note}\n"
        "\n"
        "If you had already spoken to them, tell {owner}:\n"
        "{link}\n",
    ),
    "handoff_qualified": Text(
        "Opportunity created, to the SDR",
        _MOVE,
        "{company} is an opportunity",
        "{owner} has made an opportunity of {company}. Your groundwork paid off.\n\n{link}\n",
    ),
    "handoff_disqualified": Text(
        "Disqualified, to the SDR",
        _MOVE,
        "{company} did not become an opportunity: {reason}",
        "{actor} has closed {company} without an opportunity.\n"
        "\n"
        "Reason: {reason}\n"
        "In their words: {note}\n"
        "\n"
        "{link}\n",
    ),
    "meeting_held": Text(
        "Meeting held, to the SDR",
        _MOVE,
        "{company} has met {owner}",
        "{actor} noted that the meeting with {company} took place.\n"
        "\n"
        "In their words: {note}\n"
        "\n"
        "You will hear what comes of it. What had to be asked again stands on the page:\n"
        "{link}\n",
    ),
    "meeting_missed": Text(
        "No-show, to the SDR",
        _MOVE,
        "{company} did not come: please find a new time",
        "Nobody of {company} came to the meeting with {owner}. It is back with you.\n"
        "\n"
        "In their words: {note}\n"
        "\n"
        "Find a new time with them, then move the meeting here:\n"
        "{link}\n",
    ),
    "meeting_missed_by_us": Text(
        "We did not come, to the SDR",
        _MOVE,
        "We did not come to the meeting with {company}",
        "{company} was there and we were not. Apologise, and offer a new time today.\n"
        "\n"
        "In their words: {note}\n"
        "\n"
        "{link}\n",
    ),
    "meeting_no_more": Text(
        "Last no-show, to the SDR and the AE",
        _MOVE,
        "{company} did not come again, which was the last time",
        "Nobody of {company} came to the meeting with {owner}, as often as we try.\n"
        "\n"
        "In their words: {note}\n"
        "\n"
        "{owner} disqualifies it with that reason; what was learned stays with the account. Only a "
        "manager may book once more:\n"
        "{link}\n",
    ),
    "meeting_cancelled": Text(
        "Meeting called off, to the SDR and the AE",
        _MOVE,
        "The meeting with {company} is called off",
        "{actor} noted that the meeting with {company} does not take place.\n"
        "\n"
        "In their words: {note}\n"
        "\n"
        "If they still want to talk, book a new time here:\n"
        "{link}\n",
    ),
    "handoff_contested": Text(
        "Rejection contested, to the managers and the AE",
        _MOVE,
        "{actor} contests the rejection of {company}",
        "{actor} thinks that {company} was rejected too soon and writes:\n"
        "\n"
        "{note}\n"
        "\n"
        "Everything is on one page; a manager decides:\n"
        "{link}\n",
    ),
    "handoff_ruled": Text(
        "Contested rejection decided, to both sides",
        _MOVE,
        "{actor} has decided on {company}: {reason}",
        "{actor} has looked at the contested rejection of {company}.\n"
        "\n"
        "Decision: {reason}\n"
        "In their words: {note}\n"
        "\n"
        "{link}\n",
    ),
    "sla_remind": Text(
        "Promise about to be missed, to the owner",
        _SLA,
        "{company} is waiting for you: {promise}, {time_left} left",
        "{company} ({lead_source} from {sdr}) is waiting for you.\n"
        "\n"
        "Promise: {promise}, due {due}\n"
        "Time left: {time_left}\n"
        "Overdue by: {late_by}\n"
        "\n"
        "Two clicks from here:\n"
        "{link}\n",
    ),
    "sla_manager": Text(
        "Promise missed or at risk, to the manager",
        _SLA,
        "{company} needs you: {promise} with {owner}",
        "{company} ({lead_source}) is with {owner} and needs a hand.\n"
        "\n"
        "Promise: {promise}, due {due}\n"
        "Time left: {time_left}\n"
        "Overdue by: {late_by}\n"
        "You are told because: {reason}\n"
        "\n"
        "Ask {owner}, or give it to somebody who is free:\n"
        "{link}\n",
    ),
    "sla_backup": Text(
        "Taken over as the backup, to the backup",
        _SLA,
        "{company} has come to you as the backup",
        "{company} ({lead_source} from {sdr}) could not wait and is now yours.\n"
        "\n"
        "Promise: {promise}, due {due}\n"
        "Why: {reason}\n"
        "\n"
        "Everything known is on one page:\n"
        "{link}\n",
    ),
    "sla_upper": Text(
        "Promise still missed, to the manager’s manager",
        _SLA,
        "{company} is still waiting: {promise}",
        "{company} ({lead_source}, {territory}) is still waiting, and its team has been told.\n"
        "\n"
        "With: {owner}\n"
        "Promise: {promise}, due {due}\n"
        "Overdue by: {late_by}\n"
        "You are told because: {reason}\n"
        "\n"
        "{link}\n",
    ),
    "sla_channel": Text(
        "Promise missed, to a channel",
        _SLA,
        "{company} is waiting: {promise}, due {due}, with {owner}",
        "{company} ({lead_source}) is waiting. Who can help {owner}?\n\n{link}\n",
    ),
    "sla_last_resort": Text(
        "Nobody else could be told, to every admin",
        _SLA,
        "Nobody could be told that {company} is waiting",
        "{company} ({lead_source}, {territory}) is waiting, and everybody who should have been "
        "told is away, inactive or missing.\n"
        "\n"
        "Promise: {promise}, due {due}\n"
        "Overdue by: {late_by}\n"
        "Why you: {reason}\n"
        "\n"
        "Please find somebody for it, then check who covers whom:\n"
        "{link}\n",
    ),
    "contact_changed": Text(
        "A contact changed or left, to everybody who works with them",
        (*_HANDOFF, "news", "change", "missing"),
        "{company}: {news}",
        "{change}\n"
        "\n"
        "The package no longer holds here: {missing}\n"
        "\n"
        "What we know is on one page; look at it before you call:\n"
        "{link}\n",
    ),
    "updates_unmatched": Text(
        "Updates about people we do not have, to every admin",
        ("source", "count", "link"),
        "{source} sent updates about records that we do not have",
        "{count} updates from {source} waited a day for their record and were given up.\n"
        "\n"
        "Import or add the records, then have the updates read again:\n"
        "{link}\n",
    ),
    "channel_off": Text(
        "Slack channel switched off, to every admin",
        ("channel", "reason", "link"),
        "Slack no longer takes messages for {channel}",
        "Handoff Desk has switched the Slack channel {channel} off.\n"
        "\n"
        "What Slack said: {reason}\n"
        "\n"
        "People are told by e-mail meanwhile. Make a new webhook in Slack, enter it and switch "
        "the channel on again:\n"
        "{link}\n",
    ),
    "calibration_open": Text(
        "Packages to score blind, to who leads SDRs or AEs",
        ("count", "link"),
        "{count} packages wait for your blind score",
        "Once a month leaders of both sides score the same {count} anonymous packages, apart from "
        "each other, so that a definition that is read in two ways is found.\n"
        "\n"
        "It takes about half an hour, and can be done in pieces until the end of the month:\n"
        "{link}\n",
    ),
    "coverage_hole": Text(
        "A missed promise would reach nobody, to every admin",
        ("count", "holes", "link"),
        "Missed promises would not reach the right people: {count} found",
        "Every night Handoff Desk tries who would be told if a promise were missed. New tonight:\n"
        "\n"
        "{holes}\n"
        "\n"
        "Give the territory a manager, its people managers, or the policy a step that tells "
        "somebody. You are told once; the page always shows how it stands:\n"
        "{link}\n",
    ),
    "webhook_off": Text(
        "Outgoing webhook switched off, to every admin",
        ("recipient", "reason", "link"),
        "{recipient} no longer takes our updates",
        "{recipient} says that it is gone, so Handoff Desk has switched its webhook off.\n"
        "\n"
        "{reason}\n"
        "\n"
        "Correct the address, switch it on again, then send again what was given up:\n"
        "{link}\n",
    ),
    "mail_trouble": Text(
        "The mail server refuses us, to a channel",
        ("reason", "link"),
        "Handoff Desk cannot send e-mail: {reason}",
        "The mail server refuses Handoff Desk.\n\n{reason}\n\nMessages wait meanwhile:\n{link}\n",
    ),
    "mail_undelivered": Text(
        "E-mail to a prospect refused, to our people on it",
        _MAIL,
        "Your e-mail did not reach {recipient}",
        "Your e-mail “{title}” was not delivered to {recipient}.\n"
        "\n"
        "What the mail server said: {reason}\n"
        "\n"
        "Check the address, or call instead:\n"
        "{link}\n",
    ),
    "mail_unknown": Text(
        "E-mail to a prospect perhaps not delivered, to our people on it",
        _MAIL,
        "Did your e-mail reach {recipient}?",
        "The connection broke while “{title}” was being sent to {recipient}, so nobody knows "
        "whether it arrived. It is not sent again by itself, so that nobody gets it twice.\n"
        "\n"
        "Ask them, then say whether it arrived or send it again:\n"
        "{link}\n",
    ),
}

# What the preview and the tests put in.
SAMPLES = {
    "company": "Acme Robotics",
    "lead_source": "Inbound demo request",
    "territory": "North",
    "sdr": "Sam Ortiz",
    "owner": "Ana Silva",
    "actor": "Ana Silva",
    "question": "Who signs the budget, and is the forty-five thousand approved?",
    "reason": "Timing does not fit",
    "note": "They start in autumn.",
    "link": "https://desk.example/handoffs/42/",
    "promise": "Accept",
    "due": "2 Mar 2026 11:00 UTC",
    "time_left": "25 min",
    "late_by": "1 h 20 min",
    "step": "at 50% of the limit",
    "recipient": "priya.nair@acme-robotics.example",
    "title": "Meet Ana Silva",
    "channel": "#handoffs",
    "news": "the primary contact has left",
    "change": "The primary contact has left Acme Robotics for Northwind Traders.",
    "missing": "company and contact",
    "source": "Clearfeed",
    "count": "12",
    "holes": "- North, Inbound demo request: Nobody would be told.",
}
