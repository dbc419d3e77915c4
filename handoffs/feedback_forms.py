"""What somebody has to type for the decisions that teach both teams: asked again, contest, talk,
ruling. The other decisions' forms are in `handoffs.decision_forms`.
"""

from typing import Any

from django import forms

from handoffs import feedback, rulings
from handoffs.decision_forms import CriterionChoices, DecisionForm, sentence, text
from handoffs.models import AskedAgain, Contest, Criterion


class AskedAgainForm(DecisionForm):
    """One list to choose from for each part of the package; empty is “no need to ask”."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        before = dict(self.handoff.asked_again.values_list("field", "why"))
        for row in feedback.askable(self.handoff):
            self.fields[row.field] = forms.ChoiceField(
                label=row.label,
                choices=[("", "Did not have to ask"), *AskedAgain.Why.choices],
                required=False,
                initial=before.get(row.field, ""),
            )

    def values(self) -> dict[str, Any]:
        return {"fields": {field: why for field, why in self.cleaned_data.items() if why}}


class ContestForm(DecisionForm):
    argument = text(
        "What does the rejection overlook?", "Point at what the package says, word for word."
    )
    criterion = CriterionChoices(label="Which criterion is it about?")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["criterion"].offer(self.handoff)  # type: ignore[attr-defined]
        rejection = feedback.rejection_of(self.handoff)
        cited = (rejection.data or {}).get("criterion") if rejection else None
        if cited:
            self.initial["criterion"] = Criterion.objects.filter(
                version=self.handoff.framework_version_id, code=cited
            ).first()

    def clean_argument(self) -> str:
        return sentence(
            self.cleaned_data["argument"], "Say in a sentence what the rejection overlooks."
        )


class TalkForm(DecisionForm):
    note = text("From now on", "Such as “Ask who signs before booking”.", rows=2)

    def clean_note(self) -> str:
        return sentence(
            self.cleaned_data["note"], "Say in a sentence what you do differently from now on."
        )


class RulingForm(DecisionForm):
    ruling = forms.ChoiceField(
        label="Your ruling",
        choices=Contest.Ruling.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether the rejection stands."},
    )
    because = text("Because", "Both sides read it, and learn from it.")

    @property
    def precedents(self) -> list[rulings.OnCriterion]:
        case = feedback.open_contest(self.handoff)
        return rulings.beside(self.by, [case.criterion] if case and case.criterion else [])

    def clean_because(self) -> str:
        return sentence(
            self.cleaned_data["because"],
            "Say in a sentence why, so that both sides can learn from it.",
        )
