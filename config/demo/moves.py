"""What may happen to a demo handoff, each one verb: as its SDR, its AE or their leaders do it."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from accounts.models import Account, Contact, Method, Verification, VerifiedField
from config.demo.market import theme_of
from config.demo.package import fill
from config.demo.words import ANSWERS_BACK, BESIDES, RETURN_QUESTIONS, WILL_ANSWER
from handoffs import feedback, library, lifecycle, meetings, preparation, sending
from handoffs.models import (
    Answer,
    AskedAgain,
    Contest,
    Handoff,
    LeadSource,
    Letter,
    Meeting,
    Quote,
    Reason,
)
from team.business_time import BusinessHours
from team.models import User

SOURCES = [
    (LeadSource.MEETING, 45),
    (LeadSource.OUTBOUND, 25),
    (LeadSource.INBOUND, 18),
    (LeadSource.MQL, 12),
]
RULINGS = [
    (
        Contest.Ruling.UPHELD.value,
        "What the package calls confirmed was a wish; nobody who decides had seen it.",
    ),
    (
        Contest.Ruling.OVERTURNED.value,
        "It is all in the evidence. Please read the package before you decide.",
    ),
]
# What both sides do differently after they have talked a rejection over
TALKS = [
    "We ask who pays before we write down a sum.",
    "A date counts when they say what happens if it passes.",
    "We name the tools they run in the first call, before the next step.",
]
# What SDRs in a hurry leave out of their first try
LEFT_OUT = ["why_targeted", "growth_signals", "call_notes", "next_step", "next_step_who"]


@dataclass
class Moves:
    """One handoff, and everything that can be done with it at a given moment."""

    random: Random
    sdr: User
    account: Account
    contact: Contact
    others: list[Contact]
    hours: BusinessHours
    begins: datetime
    ending: str
    pace: float  # how quickly its AE works: 1 is on time
    handoff: Handoff | None = None
    meets_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.meets_at = self._on_the_hour(self._later(self.begins, 60 * 8 * 4))

    def _later(self, at: datetime, minutes: int) -> datetime:
        """So many working minutes on, never exactly on the minute."""
        due = self.hours.add(at, timedelta(minutes=max(1, minutes)))
        assert due is not None, "the demo’s calendars are open"  # noqa: S101
        return due + timedelta(seconds=self.random.randrange(1, 50))

    def _next_meeting(self, at: datetime) -> datetime:
        """When the two meet instead of `at`."""
        return self._on_the_hour(self._later(at, 60 * 8 * 2 - 90))

    def _on_the_hour(self, at: datetime) -> datetime:
        """The half hour before, as people book."""
        return at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0)

    def _write(self, at: datetime) -> None:
        theme = theme_of(self.account)
        finished = self.ending != "draft"
        source = self.random.choices(*zip(*SOURCES, strict=True))[0]
        self.handoff = lifecycle.create_draft(
            sdr=self.sdr,
            by=self.sdr,
            account=self.account,
            contact=self.contact,
            lead_source=source,
            at=at,
            company_size=self.account.size_text,
            industry=self.account.industry,
            tech_stack=self.account.tech_stack_text(),
            growth_signals=self.account.growth_text(),
            why_targeted=theme.why if finished else "",
            call_notes=theme.notes if finished else "",
            next_step=theme.next_step if finished else "",
            next_step_at=self.meets_at if finished else None,
            next_step_who=theme.who if finished else "",
        )
        if finished:
            self._verify(at)
            fill(self.handoff, theme, self.contact, self.others, at, self.random)
            meetings.book(
                self.handoff,
                by=self.sdr,
                starts_at=self.meets_at,
                minutes=45,
                location="Video call, link in the invitation",
                at=at,
            )
        else:
            Quote.objects.create(
                handoff=self.handoff,
                text=theme.quotes[0][1],
                speaker=self.contact.name,
                topic=theme.quotes[0][0],
            )

    def _verify(self, at: datetime) -> None:
        """The SDR has just spoken to them."""
        Verification.objects.bulk_create(
            Verification(
                contact=self.contact,
                field=field,
                value=self.contact.verified_value(field),
                method=Method.SPOKE,
                source="Qualification call",
                verified_at=at - timedelta(minutes=30),
                verified_by=self.sdr,
            )
            for field in VerifiedField
        )

    def _submit(self, at: datetime) -> None:
        lifecycle.submit(self._handoff, by=self.sdr, at=at)

    def _try_too_early(self, at: datetime) -> None:
        """Submit what is not complete; the gate says what is missing, and it is added."""
        texts = Handoff.objects.filter(pk=self._handoff.pk)
        names = self.random.sample(LEFT_OUT, self.random.choice([0, 1, 1, 2, 3]))
        whole = texts.values(*names).get() if names else {}
        answers = Answer.objects.filter(handoff=self._handoff).order_by("pk")
        answer = self.random.choice(list(answers))
        if names:
            texts.update(**dict.fromkeys(names, ""))
        answers.filter(pk=answer.pk).update(evidence="")
        with suppress(lifecycle.TransitionRefused):
            lifecycle.submit(self._fresh, by=self.sdr, at=at)
        if names:
            texts.update(**whole)
        answers.filter(pk=answer.pk).update(evidence=answer.evidence)

    def _withdraw(self, at: datetime) -> None:
        lifecycle.withdraw(
            self._handoff, by=self.sdr, at=at, note="They put the project on hold this morning."
        )

    def _return(self, at: datetime) -> None:
        lifecycle.return_for_information(
            self._handoff,
            by=self._owner,
            question=self.random.choice(RETURN_QUESTIONS),
            at=at,
        )

    def _answer(self, at: datetime) -> None:
        lifecycle.answer(self._handoff, by=self.sdr, text=self.random.choice(ANSWERS_BACK), at=at)

    def _reject(self, at: datetime) -> None:
        reason = self.random.choice(list(Reason.objects.filter(use=Reason.Use.REJECT)))
        version = self._handoff.framework_version
        criteria = list(version.criteria.all()) if version else []
        lifecycle.reject(
            self._handoff,
            by=self._owner,
            reason=reason,
            criterion=self.random.choice(criteria) if reason.counts and criteria else None,
            note="Spoke to them again: what they need is not what we are able to do this year.",
            at=at,
        )

    def _contest(self, at: datetime) -> None:
        argument = "The package has it word for word, with who said it and when. Please look."
        feedback.contest(self._fresh, by=self.sdr, argument=argument, at=at)

    def _rule(self, at: datetime) -> None:
        case = feedback.open_contest(self._handoff)
        boss = self._owner.reports_to
        if case is None or boss is None:
            return
        ruling, because = self.random.choice(RULINGS)
        feedback.rule(case, by=boss, ruling=ruling, because=because, at=at)

    def _talk(self, at: datetime) -> None:
        feedback.record_talk(self._fresh, by=self.sdr, note=self.random.choice(TALKS), at=at)

    def _accept(self, at: datetime) -> None:
        lifecycle.accept(self._handoff, by=self._owner, at=at)

    def _prepare(self, at: datetime) -> None:
        begun = at - timedelta(minutes=15)
        started = max(begun, self._fresh.accepted_at or begun)
        handoff, theme = self._fresh, theme_of(self.account)
        preparation.save(
            handoff,
            by=self._owner,
            at=started,
            read_package=True,
            competitors_done=True,
            case_study=library.stories_for(handoff)[0].entry,
            objections=[
                {"said": theme.objection, "answer": self.random.choice(WILL_ANSWER)},
                {"said": BESIDES[0], "answer": BESIDES[1]},
            ],
        )
        preparation.finish(self._fresh, by=self._owner, at=at)

    def _introduce(self, at: datetime) -> None:
        sending.send(self._fresh, Letter.Kind.INTRODUCTION, by=self.sdr, at=at)
        meeting = self._fresh.coming_meeting()
        reliable = self.ending in ("qualified", "met")
        if meeting and meeting.starts_at > at and (meeting.pk % 5 > 0) == reliable:
            meetings.answer_invitation(meeting, by=self.sdr, note="Accepted it.", at=at)

    def _contact(self, at: datetime) -> None:
        handoff = self._fresh
        if handoff.is_prepared and self.random.random() < 0.7:
            sending.send(handoff, Letter.Kind.PREP, by=self._owner, at=at)
            return
        hot = "" if handoff.is_prepared else "Hot inbound: they were waiting on the line."
        lifecycle.record_contact(
            handoff, by=self._owner, channel="call", at=at, unprepared_because=hot
        )

    def _meeting(self) -> Meeting:
        meeting = self._handoff.meetings.order_by("-pk").first()
        if meeting is None:
            raise lifecycle.TransitionRefused("There is no meeting.")
        return meeting

    def _hold(self, at: datetime) -> None:
        meetings.hold(self._meeting(), by=self._owner, at=at)
        if self.random.random() < 0.7:
            parts = [row.field for row in feedback.askable(self._handoff)]
            again = self.random.sample(parts, self.random.choice([0, 0, 1, 1, 2]))
            fields = {part: self.random.choice(AskedAgain.Why.values) for part in again}
            feedback.record_asked_again(self._fresh, by=self._owner, fields=fields, at=at)

    def _miss(self, at: datetime) -> None:
        meetings.miss(self._meeting(), by=self._owner, at=at, note="Nobody joined, no answer.")

    def _move_meeting(self, at: datetime) -> None:
        meeting = self._meeting()
        starts_at = self._next_meeting(meeting.starts_at)
        meetings.reschedule(
            meeting, by=self._owner, starts_at=starts_at, at=at, note="They asked for another day."
        )

    def _close(self, at: datetime) -> None:
        if self._fresh.coming_meeting():
            raise lifecycle.TransitionRefused("The meeting has no outcome yet.")
        if self.ending == "qualified":
            lifecycle.create_opportunity(
                self._handoff,
                by=self._owner,
                amount=Decimal(self.random.choice([18_000, 32_000, 45_000, 78_000, 120_000])),
                external_id=f"OPP-{self._handoff.pk:05d}",
                at=at,
            )
            return
        reason = self.random.choice(list(Reason.objects.filter(use=Reason.Use.DISQUALIFY)))
        lifecycle.disqualify(
            self._handoff,
            by=self._owner,
            reason=reason,
            note="The call showed that there is no project behind it this year.",
            at=at,
        )

    @property
    def _handoff(self) -> Handoff:
        assert self.handoff is not None  # noqa: S101
        return self.handoff

    @property
    def _fresh(self) -> Handoff:
        return Handoff.objects.select_related("owner").get(pk=self._handoff.pk)

    @property
    def _owner(self) -> User:
        """Whoever has it by then: escalation may have moved it."""
        owner = self._fresh.owner
        if owner is None:
            raise lifecycle.TransitionRefused("Nobody has it.")
        return owner
