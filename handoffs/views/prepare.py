"""The fifteen minutes of preparation: a checklist beside what the package and the library say."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from handoffs import library, rights
from handoffs import preparation as prep
from handoffs.models import CaseStudy, Handoff, Preparation
from handoffs.refusal import TransitionRefused
from handoffs.time_left import left_of
from handoffs.views.doors import insist_on_people, visible_or_404
from team.bounds import check_storable
from team.doors import person, with_role
from team.pages import page

OFFERED = 4  # case studies to choose from at a glance; the others fold away
NONE = "None of these"
LIKELY = 2  # competitors that were not named, but come up in their industry


class PreparationForm(forms.Form):
    """The four points of the checklist."""

    read_package = forms.BooleanField(label="I have read the package", required=False)
    competitors_done = forms.BooleanField(
        label="I have looked up the competitors they named", required=False
    )
    case_study = forms.ModelChoiceField(
        CaseStudy.objects.none(),
        label="Case study to bring",
        required=False,
        widget=forms.RadioSelect,
    )
    case_study_other = forms.CharField(
        label="Another one, or why none fits",
        required=False,
        max_length=300,
        validators=[check_storable],
    )

    def __init__(self, *args: Any, handoff: Handoff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fitting = library.stories_for(handoff)
        field = cast(forms.ModelChoiceField, self.fields["case_study"])
        field.queryset = CaseStudy.objects.filter(pk__in=[story.entry.pk for story in fitting])
        field.choices = [*[(story.entry.pk, str(story.entry)) for story in fitting], ("", NONE)]
        self.fitting = fitting
        self.rows = []
        for number in range(1, prep.MOST_OBJECTIONS + 1):
            for part, label in (("said", "They may say"), ("answer", "You will answer")):
                self.fields[f"{part}_{number}"] = forms.CharField(
                    label=label,
                    required=False,
                    max_length=500,
                    validators=[check_storable],
                    widget=forms.Textarea(attrs={"rows": 2}),
                )
            self.rows.append((number, self[f"said_{number}"], self[f"answer_{number}"]))

    @property
    def stories(self) -> list[tuple[Any, Any]]:
        """The best matches, each as its radio button and what the library says."""
        return self._with_radios()[:OFFERED]

    @property
    def more_stories(self) -> list[tuple[Any, Any]]:
        return self._with_radios()[OFFERED:]

    @property
    def none(self) -> Any:
        """The last radio button: no story of the library."""
        return self["case_study"].subwidgets[-1]

    def _with_radios(self) -> list[tuple[Any, Any]]:
        return list(zip(self["case_study"].subwidgets, self.fitting, strict=False))

    def values(self) -> dict[str, Any]:
        typed = self.cleaned_data
        pairs = [
            {"said": typed[f"said_{number}"], "answer": typed[f"answer_{number}"]}
            for number in range(1, prep.MOST_OBJECTIONS + 1)
        ]
        names = ("read_package", "competitors_done", "case_study", "case_study_other")
        return {
            **{name: typed[name] for name in names},
            "objections": [pair for pair in pairs if pair["said"] or pair["answer"]],
        }


@require_http_methods(["GET", "POST"])
@with_role
def prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """The checklist; saved at every press of a button, finished when every point is done."""
    user, now = person(request), timezone.now()
    handoff = visible_or_404(request, pk)
    if sentence := rights.why_not(user, rights.WORK, handoff):
        raise PermissionDenied(sentence)
    insist_on_people(request, handoff)
    stored = Preparation.objects.filter(handoff=handoff).first() or Preparation(handoff=handoff)
    if request.method == "GET":
        form = PreparationForm(initial=_initial(stored), handoff=handoff)
        return _show(request, handoff, stored, form)
    form = PreparationForm(request.POST, handoff=handoff)
    if not form.is_valid():
        return _show(request, handoff, stored, form, status=422)
    try:
        stored = prep.save(handoff, by=user, at=now, **form.values())
        if request.POST.get("do") == "finish":
            prep.finish(handoff, by=user, at=now)
            messages.success(request, "Prepared. The first contact comes next.")
            return cast(HttpResponse, redirect("handoff", pk=handoff.pk))
    except TransitionRefused as refused:
        return _show(request, handoff, stored, form, str(refused), status=409)
    messages.success(request, "Saved.")
    return cast(HttpResponse, redirect("handoff_prepare", pk=handoff.pk))


def _initial(stored: Preparation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "read_package": stored.read_package,
        "competitors_done": stored.competitors_done,
        "case_study": stored.case_study_id,
        "case_study_other": stored.case_study_other,
    }
    for number, row in enumerate(stored.objections[: prep.MOST_OBJECTIONS], start=1):
        found |= {f"said_{number}": row.get("said", ""), f"answer_{number}": row.get("answer", "")}
    return found


def _show(
    request: HttpRequest,
    handoff: Handoff,
    stored: Preparation,
    form: PreparationForm,
    refused: str = "",
    *,
    status: int = 200,
) -> HttpResponse:
    is_open = handoff.status == Handoff.Status.ACCEPTED
    context = {
        "handoff": handoff,
        "form": form,
        "refused": refused,
        "is_open": is_open,
        "open_points": prep.open_points(handoff, stored) if is_open else [],
        "competitors": prep.competitors_of(handoff),
        "notes": library.notes_on_named(handoff),
        "without_note": library.without_note(handoff),
        "likely": library.notes_on_likely(handoff)[:LIKELY],
        "objections": handoff.objections.all(),
        "left": left_of(handoff, timezone.now()),
        "back": reverse("handoff", args=[handoff.pk]),
        "back_words": "Back to the brief",
    }
    return page(request, "handoffs/prepare.html", context, title="Prepare", status=status)
