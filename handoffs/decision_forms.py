"""What somebody has to type for each decision; what a decision then does is `lifecycle`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from handoffs import meetings, rulings
from handoffs.models import Criterion, Handoff, Meeting, Reason
from handoffs.models.meeting import MOST_NO_SHOWS
from handoffs.models.package import Channel
from handoffs.pursuit import STAGES
from handoffs.wording import is_sentence
from team.bounds import check_instant, check_one_line, check_storable
from team.models import User

CONTACT_CHANNELS = [
    (Channel.CALL.value, "Call"),
    (Channel.EMAIL.value, "E-mail"),
    (Channel.CHAT.value, "Chat or social message"),
    (Channel.MEETING.value, "Meeting"),
]


class DecisionForm(forms.Form):
    """Knows the handoff it is about and who decides."""

    use_required_attribute = True

    def __init__(
        self, *args: Any, handoff: Handoff, by: User, now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.handoff, self.by, self.now = handoff, by, now

    def values(self) -> dict[str, Any]:
        """The arguments of the verb."""
        return dict(self.cleaned_data)


def text(label: str, hint: str = "", *, required: bool = True, rows: int = 3) -> forms.CharField:
    """Some sentences."""
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=2000,
        validators=[check_storable],
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class ReasonChoices(forms.ModelChoiceField):
    """The reasons for one use as a list to choose from, each with its hint."""

    widget = forms.RadioSelect

    def __init__(self, use: Reason.Use, **kwargs: Any) -> None:
        rows = Reason.objects.filter(use=use, is_active=True)
        super().__init__(rows, empty_label=None, **kwargs)


class CriterionChoices(forms.ModelChoiceField):
    """The criteria of the standard that the handoff was written under."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            Criterion.objects.none(), required=False, empty_label="None in particular", **kwargs
        )

    def offer(self, handoff: Handoff) -> None:
        self.queryset = Criterion.objects.filter(version=handoff.framework_version_id)


class Nothing(DecisionForm):
    """A decision that needs no words."""


class ReturnForm(DecisionForm):
    question = text(
        "What do you need to know?",
        "One question the SDR can answer, such as who signs above 50,000.",
    )
    reason = ReasonChoices(Reason.Use.RETURN, label="What kind of question is it?", required=False)

    def clean_question(self) -> str:
        return sentence(
            self.cleaned_data["question"], "Write the question that has to be answered."
        )


class RejectForm(DecisionForm):
    reason = ReasonChoices(
        Reason.Use.REJECT, label="Why?", error_messages={"required": "Choose a reason."}
    )
    note = text(
        "In a sentence", "Say what exactly was missing or wrong, so that the SDR can learn."
    )

    criterion = CriterionChoices(
        label="Which criterion does it not meet?",
        help_text="Of the standard both teams signed. It is what a contest argues about.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["criterion"].offer(self.handoff)  # type: ignore[attr-defined]

    @property
    def precedents(self) -> list[rulings.OnCriterion]:
        return rulings.beside(self.by, self.fields["criterion"].queryset)  # type: ignore[attr-defined]

    def clean_note(self) -> str:
        return sentence(self.cleaned_data["note"], "Say in a sentence why.")


class WithdrawForm(DecisionForm):
    note = text("Why, for those who read it later", required=False, rows=2)


class ReassignForm(DecisionForm):
    to = forms.ModelChoiceField(
        User.objects.none(), label="To whom?", empty_label="Choose a person"
    )
    why = text("Why?", "They read this first.", rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.active().filter(Q(is_ae=True) | Q(is_manager=True))
        people = people.exclude(pk=self.handoff.sdr_id)
        if not self.is_bound:  # a second click deserves the verb's own sentence
            people = people.exclude(pk=self.handoff.owner_id)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


class PauseForm(DecisionForm):
    why = text(
        "Why do the clocks have to wait?", "Both sides read it, and so does the log.", rows=2
    )

    def clean_why(self) -> str:
        return sentence(self.cleaned_data["why"], "Say in a sentence why the clocks have to wait.")


class ResumeForm(DecisionForm):
    note = text("What has changed", required=False, rows=2)


class AcceptForForm(DecisionForm):
    to = forms.ModelChoiceField(
        User.objects.none(), label="For which AE?", empty_label="Choose an AE"
    )
    why = text("Why do you accept it for them?", "It stays in the log, and they read it.", rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        territory, owner = self.handoff.territory, self.handoff.owner_id
        near = Q(pk=owner) | Q(pk__in=[self.by.pk, *self.by.team_ids()])
        if territory is not None:
            near |= Q(territories=territory) | Q(primary_of=territory)
            near |= Q(backs_up__territory=territory)
        people = User.objects.active().filter(near, is_ae=True).exclude(pk=self.handoff.sdr_id)
        self.fields["to"].queryset = people.distinct()  # type: ignore[attr-defined]
        self.initial.setdefault("to", owner)

    def clean_why(self) -> str:
        return sentence(self.cleaned_data["why"], "Say in a sentence why you accept it for them.")


class AnswerForm(DecisionForm):
    text = text("Your answer", "The AE reads it beside the package.", required=False)


class ContactForm(DecisionForm):
    channel = forms.ChoiceField(
        label="How?", choices=CONTACT_CHANNELS, widget=forms.RadioSelect, initial=Channel.CALL
    )
    at = forms.DateTimeField(
        label="When?",
        validators=[check_instant],
        error_messages={"invalid": "Enter a date and a time, such as 2026-03-02 14:30."},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    note = text("What came of it", required=False, rows=2)
    unprepared_because = text(
        "The preparation is not finished. Why could it not wait?",
        "It is reported as an unprepared contact, so that the cause can be found.",
        required=False,
        rows=2,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("at", self.now)
        handoff = self.handoff
        self.asks_why = handoff.first_contact_at is None and not handoff.is_prepared
        if not self.asks_why:
            del self.fields["unprepared_because"]
        else:
            self.fields["unprepared_because"].required = True

    def clean_at(self) -> datetime:
        """A minute's precision must not put a contact before the acceptance of that minute."""
        at: datetime = self.cleaned_data["at"]
        accepted = self.handoff.accepted_at
        if accepted and at < accepted and at == accepted.replace(second=0, microsecond=0):
            return accepted
        return at


class Suggesting(forms.TextInput):
    """A line of text with words to choose from, and any other allowed."""

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__()
        self.words = words

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        known = f"{name}-words"
        box = super().render(name, value, {**(attrs or {}), "list": known}, renderer)
        options = format_html_join("", '<option value="{}">', ((word,) for word in self.words))
        return format_html('{}<datalist id="{}">{}</datalist>', box, known, options)


class OpportunityForm(DecisionForm):
    amount = forms.DecimalField(
        label="Amount (USD)", required=False, min_value=0, max_digits=13, decimal_places=2
    )
    stage = forms.CharField(
        help_text=f"As the CRM calls it; empty is “{STAGES[0]}”.",
        required=False,
        max_length=40,
        validators=[check_storable, check_one_line],
        widget=Suggesting(STAGES),
    )
    external_id = forms.CharField(
        label="Opportunity id in the CRM",
        required=False,
        max_length=64,
        validators=[check_storable],
    )
    url = forms.URLField(label="Link", required=False, max_length=500, assume_scheme="https")
    note = text("Anything to remember", required=False, rows=2)


class AmendForm(OpportunityForm):
    note = None  # type: ignore[assignment]  # the log writes down what was changed

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        handoff = self.handoff
        for name, value in (
            ("amount", handoff.opportunity_amount),
            ("stage", handoff.opportunity_stage),
            ("external_id", handoff.opportunity_id),
            ("url", handoff.opportunity_url),
        ):
            self.initial.setdefault(name, value)


class DisqualifyForm(DecisionForm):
    reason = ReasonChoices(
        Reason.Use.DISQUALIFY, label="Why?", error_messages={"required": "Choose a reason."}
    )
    note = text("In a sentence", required=False, rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        count = meetings.no_shows(self.handoff)
        if count >= MOST_NO_SHOWS:
            self.initial.setdefault("reason", Reason.objects.filter(code="no_shows").first())
            self.initial.setdefault("note", f"They did not come {count} times.")


def moment_field(label: str, hint: str = "") -> forms.DateTimeField:
    """A day and a time in the viewer's zone."""
    return forms.DateTimeField(
        label=label,
        help_text=hint,
        validators=[check_instant],
        error_messages={"invalid": "Enter a date and a time, such as 2026-03-02 14:30."},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class BookForm(DecisionForm):
    starts_at = moment_field("When?")
    minutes = forms.IntegerField(
        label="How long, in minutes", min_value=10, max_value=480, initial=meetings.MINUTES
    )
    location = forms.CharField(
        label="Where, or the link to the call",
        required=False,
        max_length=300,
        validators=[check_storable, check_one_line],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_at"].help_text = f"Your time: {timezone.get_current_timezone_name()}"
        self.suggest()

    def suggest(self) -> None:
        """The agreed next step, where it is still to come."""
        agreed = self.handoff.next_step_at
        if agreed and agreed > self.now:
            self.initial.setdefault("starts_at", agreed)


class MoveForm(BookForm):
    note = text("Why, for those who read it later", required=False, rows=2)

    def suggest(self) -> None:
        meeting = meetings.last_of(self.handoff)
        if meeting is not None:
            self.initial.setdefault("minutes", meeting.minutes)
            self.initial.setdefault("location", meeting.location)
            if meeting.starts_at > self.now:
                self.initial.setdefault("starts_at", meeting.starts_at)


class CancelForm(DecisionForm):
    side = forms.ChoiceField(
        label="Who called it off?",
        choices=Meeting.Side.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say which side called it off."},
    )
    note = text("What they said", required=False, rows=2)


class AnsweredForm(DecisionForm):
    note = text("How they said it", "Such as “accepted the invitation”.", required=False, rows=2)


class HeldForm(DecisionForm):
    note = text("What came of it", required=False, rows=2)


class MissedForm(DecisionForm):
    side = forms.ChoiceField(
        label="Who did not come?",
        choices=Meeting.Side.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whose no-show it was."},
    )
    note = text("What you tried", "Such as “waited ten minutes, called twice”.", required=False)


def sentence(value: str, ask: str) -> str:
    """`value` if it says something."""
    if not is_sentence(value):
        raise forms.ValidationError(ask)
    return value
