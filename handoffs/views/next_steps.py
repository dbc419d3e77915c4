"""What the brief asks of whoever reads it: the next step of the work, each with its way there."""

from typing import Any, NamedTuple

from django.urls import reverse

from handoffs import feedback, letters, meetings, rights
from handoffs.masking import Veil
from handoffs.models import Handoff, Letter, Meeting
from handoffs.models.event import EventKind
from handoffs.models.meeting import MOST_NO_SHOWS
from handoffs.templatetags.desk import moment
from handoffs.views.decision import Decision
from handoffs.views.meeting_decisions import is_missed, newest
from messaging.models import Message
from team.models import User

Status = Handoff.Status
PAGE_OF = {Letter.Kind.INTRODUCTION: "handoff_introduction", Letter.Kind.PREP: "handoff_prep_email"}


class Way(NamedTuple):
    """A button: a page, or a decision that opens as a dialog."""

    words: str
    url: str
    icon: str
    is_dialog: bool = False
    is_main: bool = False
    is_done_at_once: bool = False


class Step(NamedTuple):
    """One call to act, in the order of urgency."""

    tone: str
    title: str
    words: str
    ways: list[Way]


def steps_of(
    user: User,
    handoff: Handoff,
    veil: Veil,
    offered: dict[str, Decision],
    posted: list[Message],
) -> list[Step]:
    """What to do now; takes the decisions it shows out of `offered`.

    `posted` are the messages about it that its reader may see, the newest first.
    """
    steps = [*_meeting(user, handoff, offered)]
    if handoff.status == Status.ACCEPTED:
        steps += _they_met(handoff, offered)
        steps += _letters(user, handoff, veil, posted)
        steps += _preparation(user, handoff)
    if handoff.status == Status.QUALIFIED and not veil.drawn:
        steps.append(_take_along(handoff, offered))
    if handoff.status == Status.REJECTED:
        steps += _talk(handoff, offered)
    if "asked_again" in offered and handoff.asked_again_at is None:
        steps.append(
            Step(
                "",
                "What did you have to ask again?",
                "Half a minute now spares the next prospect from telling their story twice.",
                [_way(handoff, offered.pop("asked_again"), main=False)],
            )
        )
    return steps


def _talk(handoff: Handoff, offered: dict[str, Decision]) -> list[Step]:
    """A rejection asks both sides for ten minutes."""
    rejection = feedback.rejection_of(handoff)
    if "talk" not in offered or not (rejection and rejection.reason and rejection.reason.counts):
        return []
    words = f"{handoff.sdr} and {rejection.actor}: one rejection talked over saves the next one."
    ways = [_way(handoff, offered.pop("talk"), main=False)]
    return [Step("is-info", "Take ten minutes together", words, ways)]


def what_came_back(handoff: Handoff) -> dict[str, Any]:
    """The contest of its rejection, and what the AE had to ask again."""
    case = None
    if handoff.status == Status.REJECTED:
        case = feedback.contest_of(handoff)
    asked = []
    if handoff.asked_again_at is not None:
        labels = {row.field: row.label for row in feedback.askable(handoff)}
        asked = [
            (labels.get(row.field, row.field), row.get_why_display())
            for row in handoff.asked_again.all()
        ]
    return {"contest": case, "asked_again": asked}


def why_tentative(handoff: Handoff, gap_count: int) -> str:
    """What a tentative meeting waits for."""
    if handoff.status == Status.RETURNED:
        return "Tentative until the AE’s question is answered."
    if gap_count:
        things = "1 thing is" if gap_count == 1 else f"{gap_count} things are"
        return f"Tentative: {things} still missing in the package."
    if handoff.status == Status.DRAFT:
        return "Tentative until the package is submitted."
    return "Tentative: the package is no longer complete."


def no_show_words(handoff: Handoff, meeting: Meeting) -> str:
    """How the no-shows stand, and what follows from it."""
    if meeting.by_side == Meeting.Side.OURS:
        return "It was us. Apologise, and offer a new time today."
    count = meetings.no_shows(handoff)
    if count >= MOST_NO_SHOWS:
        return (
            f"No-show {count} of {MOST_NO_SHOWS}, which is the limit. {handoff.owner} disqualifies "
            "it with that reason; what you learned stays with the account. Only a manager may book "
            "once more."
        )
    return f"No-show {count} of {MOST_NO_SHOWS}. The SDR finds a new time with them."


def _meeting(user: User, handoff: Handoff, offered: dict[str, Decision]) -> list[Step]:
    meeting = newest(handoff)
    if meeting is None:
        return []
    if "meeting_held" in offered:
        ways = [_way(handoff, offered.pop("meeting_held"))]
        ways.append(_way(handoff, offered.pop("meeting_missed"), main=False))
        words = f"It was due {moment(meeting.starts_at)}. The reports count it only with an answer."
        return [Step("is-warn", "Did the meeting take place?", words, ways)]
    if handoff.is_open and is_missed(meeting):
        words = no_show_words(handoff, meeting)
        names = ["meeting_move"]
        if meetings.why_no_more(handoff, user):
            offered.pop("meeting_move", None)
        if meetings.no_shows(handoff) >= MOST_NO_SHOWS:
            names = ["disqualify", "meeting_move"]
        ways = [
            _way(handoff, offered.pop(name), main=name == names[0])
            for name in names
            if name in offered
        ]
        who = "We" if meeting.by_side == Meeting.Side.OURS else "They"
        return [Step("is-warn", f"{who} did not come to the meeting", words, ways)]
    return []


def _letters(user: User, handoff: Handoff, veil: Veil, posted: list[Message]) -> list[Step]:
    """The introduction that waits to be written, and letters that went astray."""
    if not rights.may(user, rights.BOOK, handoff):
        return []
    steps = []
    for message in letters.astray(posted):
        kind = Letter.Kind(message.kind)
        page = PAGE_OF.get(kind)
        is_unknown = message.state == Message.State.UNKNOWN
        words = (
            "The connection broke while it was being sent. It is not sent again by itself."
            if is_unknown
            else f"{message.error or message.get_state_display()} Call them instead, or write anew."
        )
        title = "Did it arrive? " if is_unknown else "Not delivered: "
        way = Way("Look at it", reverse(page, args=[handoff.pk]), "mail") if page else None
        steps.append(Step("is-bad", f"{title}{kind.label}", words, [way] if way else []))
    is_author = user.pk == handoff.sdr_id
    if not handoff.told(EventKind.INTRODUCED) and (is_author or handoff.owner_id != user.pk):
        name = veil.name(handoff.contact.name) if handoff.contact else "the prospect"
        url = reverse("handoff_introduction", args=[handoff.pk])
        steps.append(
            Step(
                "is-info",
                f"Introduce {handoff.owner} to {name}",
                "The e-mail is drafted from the package, with the invitation. Read it over, send.",
                [Way("Read and send", url, "forward_to_inbox", is_main=is_author)],
            )
        )
    return steps


def _preparation(user: User, handoff: Handoff) -> list[Step]:
    """The AE's fifteen minutes, and then the prep e-mail."""
    if not rights.may(user, rights.WORK, handoff) or handoff.first_contact_at:
        return []
    mail = Way("Write the prep e-mail", reverse("handoff_prep_email", args=[handoff.pk]), "mail")
    if handoff.is_prepared:
        words = "It is drafted from the package; sending it is your first contact."
        return [Step("is-info", "Prepared. Now the first contact", words, [mail])]
    url = reverse("handoff_prepare", args=[handoff.pk])
    words = "Fifteen minutes" if handoff.prep_started_at is None else "Begun, not finished"
    return [
        Step(
            "is-info",
            "Prepare for the call",
            f"{words}: read the package, look up competitors, pick a case study, write down the "
            "objections you expect.",
            [Way("Prepare", url, "menu_book", is_main=user.pk == handoff.owner_id), mail],
        )
    ]


def _they_met(handoff: Handoff, offered: dict[str, Decision]) -> list[Step]:
    """After the meeting: an opportunity in one click, or the reason why there is none."""
    if "opportunity" not in offered or not feedback.was_held(handoff):
        return []
    create = offered.pop("opportunity")
    ways = [
        _way(handoff, create)._replace(is_dialog=False, is_done_at_once=True),
        _way(handoff, create, main=False)._replace(words="With amount and stage"),
    ]
    if "disqualify" in offered:
        ways.append(_way(handoff, offered.pop("disqualify"), main=False))
    words = "One click. Amount, stage and CRM link can follow."
    return [Step("is-good", "They met. Is it an opportunity?", words, ways)]


def _take_along(handoff: Handoff, offered: dict[str, Decision]) -> Step:
    ways = [
        Way(name.upper(), reverse("handoff_export", args=[handoff.pk, name]), "download")
        for name in ("csv", "xlsx", "json")
    ]
    if "opportunity_change" in offered:
        ways.insert(0, _way(handoff, offered.pop("opportunity_change"), main=False))
    words = "The whole package goes with it: what they said, who decides, what was agreed."
    return Step("is-good", "An opportunity. Take it to the CRM", words, ways)


def _way(handoff: Handoff, decision: Decision, *, main: bool = True) -> Way:
    url = reverse(decision.url_name, args=[handoff.pk])
    return Way(decision.button, url, decision.icon, is_dialog=True, is_main=main)
