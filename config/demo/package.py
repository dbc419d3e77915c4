"""What a complete package of the demo holds, on the theme of its account."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from accounts.models import Contact
from config.demo.words import Theme
from handoffs.models import (
    Answer,
    CommitteeMember,
    Criterion,
    Handoff,
    Objection,
    Quote,
    Trigger,
)


def fill(
    handoff: Handoff,
    theme: Theme,
    contact: Contact,
    others: list[Contact],
    at: datetime,
    random: Random,
) -> None:
    """The rows of a complete package on `theme`."""
    words: dict[str, tuple[Any, str]] = {
        "budget": (
            random.choice(["20000", "35000", "60000", "110000"]),
            "There is money in this year’s plan for it, I put it there myself.",
        ),
        "authority": (
            contact.name,
            f"I decide up to fifty thousand, above that {others[0].name} has to agree.",
        ),
        "pain": (theme.pain, theme.pain_words),
        "timeline": (
            f"Q{(at.month + 4) // 3 % 4 + 1} {at.year + (at.month > 7)}",
            "It has to run before the audit, so we decide this quarter.",
        ),
        "": (
            "They listed three points and ranked them",
            "First it has to fit our tools, then price, then how fast it goes live.",
        ),
    }
    # One in six heard of the budget in an earlier call: it still counts, and shows its age
    aged = {"budget": 50} if random.random() < 1 / 6 else {}
    version = handoff.framework_version
    assert version is not None  # noqa: S101
    Answer.objects.bulk_create(
        Answer(
            handoff=handoff,
            criterion=criterion,
            status=Answer.Status.CONFIRMED,
            value=criterion.choices[0]
            if criterion.answer_type == Criterion.AnswerType.CHOICE
            else words[criterion.must_have][0],
            evidence=words[criterion.must_have][1],
            said_by=contact.name,
            said_on=at.date() - timedelta(days=aged.get(criterion.must_have, 0)),
            channel="call",
        )
        for criterion in version.criteria.all()
    )
    Quote.objects.bulk_create(
        Quote(handoff=handoff, text=text, speaker=contact.name, topic=topic)
        for topic, text in theme.quotes
    )
    Objection.objects.create(
        handoff=handoff,
        category=Objection.Category.COMPETITOR,
        said=theme.objection,
        competitor=theme.competitor,
        left=Objection.Left.OPEN,
        left_note=theme.left_note,
    )
    CommitteeMember.objects.bulk_create(
        CommitteeMember(
            handoff=handoff,
            contact=other,
            name=other.name,
            title=other.title,
            role=other.role,
            attitude=other.attitude,
            mentioned_by=contact.name,
        )
        for other in others[: random.choice([1, 2, 2, 3])]
    )
    signal = handoff.account.signals.first() if handoff.account else None
    Trigger.objects.create(
        handoff=handoff,
        kind=signal.kind if signal else "other",
        happened_on=signal.happened_on if signal else at.date() - timedelta(days=9),
        detail=signal.detail if signal else "Spoke about it at the trade fair in Hanover",
    )
