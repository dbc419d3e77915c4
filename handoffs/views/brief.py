"""The brief: everything about one handoff on one screen, the prospect's own words first."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.freshness import Freshness, states
from accounts.models import VerifiedField
from handoffs import changes, completeness, evidence, history, letters, reach, rights
from handoffs.decision_forms import AnswerForm
from handoffs.masking import Reader, Veil, veil_for
from handoffs.models import Answer, CommitteeMember, Handoff, HandoffEvent, Meeting, MustHave
from handoffs.pausing import open_pause
from handoffs.querysets import HandoffQuerySet
from handoffs.time_left import left_of
from handoffs.views.decisions import Decision, open_to
from handoffs.views.doors import taken_by_somebody, visible_or_404
from handoffs.views.meeting_decisions import newest
from handoffs.views.next_steps import steps_of, what_came_back, why_tentative
from handoffs.views.risk import card_of
from team.doors import person, with_role
from team.models import User
from team.pages import page

WRITING = (Handoff.Status.DRAFT, Handoff.Status.RETURNED)
# What the next step of the work is, so that its button stands out.
MAIN = ("accept", "meeting_held", "contact", "opportunity", "rule", "contest")
BESIDE = ("meeting_missed", "return", "reject", "contact", "opportunity", "disqualify")
OF_A_CONTEST = ("criterion", "raised_by", "ruled_by")
OF_THE_MEETING = ("meeting_book", "meeting_answered", "meeting_move", "meeting_cancel")


class Detail(NamedTuple):
    """One verifiable field of the contact with how far it can be trusted."""

    label: str
    value: str
    link: str
    freshness: Freshness


class Known(NamedTuple):
    """Something the prospect has answered, and how old that is where it ages."""

    answer: Answer
    age: evidence.Age | None


class OpenPoint(NamedTuple):
    """A criterion that nobody has answered for the prospect yet, with what we have instead."""

    name: str
    words: str
    answer: Answer | None


class GapGroup(NamedTuple):
    """What one section still lacks."""

    label: str
    gaps: list[Any]


@require_GET
@with_role
def brief(request: HttpRequest, pk: int) -> HttpResponse:
    """One handoff, as much of it as this person may see."""
    user, now = person(request), timezone.now()
    try:
        handoff = visible_or_404(request, pk, _whole())
    except Http404:
        if taken := taken_by_somebody(request, pk):
            return _gone(request, taken)
        raise
    people = [handoff.contact, *(member.contact for member in handoff.committee.all())]
    prefetch_related_objects([one for one in people if one], "verifications")
    veil = veil_for(Reader(user), handoff)
    events = list(handoff.events.all())
    context = {
        "handoff": handoff,
        "veil": veil,
        "now": now,
        "left": left_of(handoff, now),
        "meeting": newest(handoff),
        "details": _details(handoff, veil, now),
        "routing": history.routing_of(events),
        "moved": history.moved_since_routing(events),
        "may_see_turns": user.is_ae or user.is_manager or user.is_revops,
        **_answers(handoff, now),
        "changes": changes.since_submission(handoff, events),
        "others": reach.others(handoff, veil, now),
        **_writing(user, handoff, events, now),
    }
    offered = open_to(user, handoff, now)
    posted = [] if veil.drawn else letters.posted(handoff)
    context |= {
        "risk": card_of(
            handoff, context["meeting"], events, offered, sees_people=not veil.drawn, now=now
        ),
        "steps": steps_of(user, handoff, veil, offered, posted),
        "posted": posted,
        "chain": _chain(handoff),
        "why_tentative": why_tentative(handoff, context["gap_count"]),
        **what_came_back(handoff),
        **_buttons(offered),
    }
    context["leads"] = any(way.is_main for step in context["steps"] for way in step.ways)
    context["history"] = history.tell(events, with_tries=context["may_edit"])
    company = handoff.account.name if handoff.account else "New handoff"
    back = reverse("queue") if user.is_ae else reverse("home")
    return page(
        request,
        "handoffs/brief.html",
        {
            **context,
            "heading": f"Handoff {handoff.pk}",
            "back": back,
            "back_words": "Back to the queue" if user.is_ae else "Back to my work",
        },
        title=f"{company}, handoff {handoff.pk}",
    )


def _whole() -> HandoffQuerySet:
    """Handoffs with all that their page reads, but for what it reads of a few of them only.

    The verifications of their people, and the rules of the lead source where one is still written.
    """
    joined = Handoff.objects.select_related(
        "framework_version__framework",
        "contact__account",
        "next_due_calendar",
        "territory__calendar",
    )
    events = HandoffEvent.objects.select_related(
        "actor", "owner", "reason", *(f"contest__{name}" for name in OF_A_CONTEST)
    )
    later = ("contact__verifications", "framework_version__rules")
    found: HandoffQuerySet = joined.prefetch_related(
        Prefetch("answers", Answer.objects.select_related("criterion")),
        Prefetch("committee", CommitteeMember.objects.select_related("contact__account")),
        Prefetch("events", events),
        *(name for name in completeness.PREFETCH if name not in later),
        "meetings",
    )
    return found


def _gone(request: HttpRequest, sentence: str) -> HttpResponse:
    context = {"sentence": sentence, "back": reverse("queue"), "back_words": "Back to the queue"}
    return page(
        request, "handoffs/taken.html", context, title="No longer in your queue", status=404
    )


def _answers(handoff: Handoff, now: datetime) -> dict[str, list[Any]]:
    """Pain stands by itself, right after the prospect's words; the rest is what is known by now.

    What they said is not to be asked again; what we only estimate, or nobody asked, is still open.
    """
    version = handoff.framework_version
    criteria = list(version.criteria.all()) if version else []
    answers = {answer.criterion_id: answer for answer in handoff.answers.all()}
    known: list[Known] = []
    pains: list[Known] = []
    still_open: list[OpenPoint] = []
    for criterion in criteria:
        answer = answers.get(criterion.pk)
        if answer and answer.status in (Answer.Status.CONFIRMED, Answer.Status.STATED):
            row = Known(answer, evidence.age(criterion, answer, now.date()))
            (pains if criterion.must_have == MustHave.PAIN else known).append(row)
        elif criterion.is_required or answer:
            words = answer.get_status_display() if answer else Answer.Status.UNKNOWN.label
            still_open.append(OpenPoint(criterion.name, str(words), answer))
    return {"pains": pains, "known": known, "still_open": still_open}


def _details(handoff: Handoff, veil: Veil, now: datetime) -> list[Detail]:
    """E-mail, direct dial, title and employer with their freshness; links only when not masked."""
    contact = handoff.contact
    if contact is None:
        return []
    shown = {VerifiedField.EMAIL: veil.email, VerifiedField.DIAL: veil.phone}
    schemes = {VerifiedField.EMAIL: "mailto:", VerifiedField.DIAL: "tel:"}
    details = []
    for field, freshness in states(contact, now).items():
        value = contact.verified_value(field)
        link = f"{schemes[field]}{value.replace(' ', '')}" if field in schemes else ""
        details.append(
            Detail(
                label=str(field.label),
                value=shown.get(field, str)(value),
                link=link if value and not veil.drawn else "",
                freshness=freshness,
            )
        )
    return details


def _chain(handoff: Handoff) -> list[Meeting]:
    """What came before the meeting that counts, the newest first."""
    booked = sorted(handoff.meetings.all(), key=lambda meeting: -meeting.pk)
    return booked[1:]


def _buttons(offered: dict[str, Decision]) -> dict[str, Any]:
    """What this person may do now: the main step, what stands beside it, and the rest."""
    offered.pop("answer", None)  # it has a box of its own
    of_the_meeting = [offered.pop(name) for name in OF_THE_MEETING if name in offered]
    main = next((offered.pop(name) for name in MAIN if name in offered), None)
    beside: list[Decision] = [offered.pop(name) for name in BESIDE if name in offered]
    return {
        "main": main,
        "beside": beside,
        "more": list(offered.values()),
        "of_the_meeting": of_the_meeting,
    }


def _writing(
    user: User, handoff: Handoff, events: list[HandoffEvent], now: datetime
) -> dict[str, Any]:
    """What concerns the SDR's side: what is missing, what came back, the box for the answer."""
    may_edit = rights.may(user, rights.EDIT, handoff)
    is_writing = handoff.status in WRITING
    missing = completeness.gaps(handoff, now) if is_writing else []
    done, total = completeness.progress(missing)
    labels = {section.key: section.label for section in completeness.SECTIONS}
    grouped: dict[str, list[Any]] = {}
    for gap in missing:
        grouped.setdefault(gap.section, []).append(gap)
    is_returned = handoff.status == Handoff.Status.RETURNED
    return {
        "may_edit": may_edit,
        "is_writing": is_writing,
        "gap_groups": [GapGroup(labels[key], gaps) for key, gaps in grouped.items()],
        "gap_count": len(missing),
        "sections_done": done,
        "sections_total": total,
        "pause": open_pause(handoff) if handoff.is_open else None,
        "question": history.open_question(events) if is_returned else None,
        "answer_form": AnswerForm(handoff=handoff, by=user, now=now) if is_returned else None,
    }
