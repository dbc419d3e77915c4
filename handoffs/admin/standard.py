"""The shared standard: frameworks, their versions with the criteria, signatures, activation."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextareaWidget

from handoffs.models import Contest, Criterion, Framework, FrameworkVersion, LeadSourceRule
from team.admin_kit import (
    InDraftOnly,
    KeptAdmin,
    PlainStackedInline,
    VersionedAdmin,
    button,
    viewer,
)
from team.models import Role

State = FrameworkVersion.State


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        lines = [line.strip() for line in (value or "").splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


class CriterionForm(forms.ModelForm):
    choices = LinesField(
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="For the answer type “Choice”: one answer a line, at least two.",
    )

    class Meta:
        model = Criterion
        fields = (
            "position", "name", "code", "confirmed_means", "answer_type", "choices", "minimum",
            "is_required", "must_have", "keeps_days",
        )  # fmt: skip
        widgets = {"confirmed_means": UnfoldAdminTextareaWidget(attrs={"rows": 3})}


class CriterionFormSet(PaginationInlineFormSet):
    def get_unique_error_message(self, unique_check: Any) -> str:
        return "Two criteria have the same code."


class CriterionInline(InDraftOnly, PlainStackedInline):
    help_words = {
        "name": "As the form shows it, such as “Budget”.",
        "answer_type": "What kind of answer the form asks for.",
        "minimum": "How sure an answer has to be before the package may go.",
        "is_required": "Off: the form asks for it, the gate does not insist.",
        "position": "Lower numbers stand first.",
    }
    model = Criterion
    form = CriterionForm
    formset = CriterionFormSet
    readonly_fields = ["offered", "rulings"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        choices = "choices" if self.has_change_permission(request, obj) else "offered"
        return [
            ("name", "code"),
            "confirmed_means",
            ("answer_type", "minimum"),
            choices,
            ("must_have", "is_required"),
            ("keeps_days", "position"),
            "rulings",
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Criterion]:
        ruled = Contest.objects.exclude(ruling="").filter(criterion__code=OuterRef("code"))
        return super().get_queryset(request).annotate(was_ruled_on=Exists(ruled))

    @display(description="contested rejections")
    def rulings(self, obj: Criterion) -> str:
        if not getattr(obj, "was_ruled_on", False):
            return "no ruling yet"
        address = f"{reverse('rulings')}?criterion={obj.code}"
        return format_html('<a class="underline" href="{}">How it was ruled on</a>', address)

    @display(description="choices")
    def offered(self, obj: Criterion) -> str:
        return ", ".join(obj.choices) or "none, the answer is free"


class RuleFormSet(PaginationInlineFormSet):
    def get_unique_error_message(self, unique_check: Any) -> str:
        return "This rule stands there twice."


class RuleInline(InDraftOnly, PlainStackedInline):
    """What packages of one lead source need besides; signed together with the criteria."""

    help_words = {
        "lead_source": "Only packages from there are asked for more.",
        "requires": "What they need besides the criteria.",
    }
    model = LeadSourceRule
    formset = RuleFormSet
    verbose_name = "rule of a lead source"
    verbose_name_plural = "rules of a lead source"
    fields = [("lead_source", "requires"), ("number", "criterion_code"), "why"]


@admin.register(Framework)
class FrameworkAdmin(KeptAdmin):
    """A team's own framework begins here; it gets an empty first version to fill."""

    help_words = {
        "name": "As people call it, such as “BANT”.",
        "code": "Short, for exports, such as bant.",
        "description": "What it asks for, in a sentence.",
    }
    list_display = ["name", "code", "description"]
    search_fields = ["name"]
    fields = ["name", "code", "description"]
    prepopulated_fields = {"code": ["name"]}
    instead = "A framework without versions can be deleted."

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["code"] if obj else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else dict(self.prepopulated_fields)

    def save_model(self, request: HttpRequest, obj: Framework, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            FrameworkVersion.objects.create(framework=obj, note="First version")

    def response_add(
        self, request: HttpRequest, obj: Framework, post_url_continue: Any = None
    ) -> HttpResponse:
        sentence = f"{obj} is there. Now write its criteria; both leaders sign it afterwards."
        self.message_user(request, sentence, messages.SUCCESS)
        first = obj.versions.get()
        return HttpResponseRedirect(
            reverse("admin:handoffs_frameworkversion_change", args=[first.pk])
        )


@admin.register(FrameworkVersion)
class FrameworkVersionAdmin(VersionedAdmin):
    empty_words = "No standard yet. Press “New framework” and write down what counts as confirmed."
    list_display = ["title", "state_word", "criteria_count", "sdr_signature", "ae_signature"]
    list_filter = [("framework", RelatedDropdownFilter), ("state", ChoicesDropdownFilter)]
    list_select_related = ["framework", "signed_by_sdr_leader", "signed_by_ae_leader"]
    search_fields = ["framework__name", "note"]
    search_help_text = "Framework, or what a version is about"
    fields = ["title", "state_chip", "note", "sdr_signature", "ae_signature", "to_do"]
    readonly_fields = ["title", "state_chip", "sdr_signature", "ae_signature", "to_do"]
    inlines = [CriterionInline, RuleInline]
    actions_list = ["new_framework"]
    actions_detail = ["sign_for_sdrs", "sign_for_aes", "activate", "new_version"]
    locked_because = (
        "This version is signed or in use, so its wording stays as it was agreed. "
        "“New version to edit” makes a draft with the same criteria and rules."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[FrameworkVersion]:
        return super().get_queryset(request).annotate(asked=Count("criteria"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Versions come from “New version to edit” or with a new framework."""
        return False

    def has_sign_for_sdrs_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_sign(request, object_id, Role.SDR)

    def has_sign_for_aes_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_sign(request, object_id, Role.AE)

    def has_activate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        version = self.row(request, object_id)
        return self.may_write(request) and version.state == State.DRAFT

    def has_new_framework_permission(self, request: HttpRequest) -> bool:
        return viewer(request).has_perm("handoffs.add_framework")

    @action(description="New framework", icon="add", permissions=["new_framework"])
    def new_framework(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:handoffs_framework_add"))

    @button(
        "Sign for the SDRs",
        icon="signature",
        permission="sign_for_sdrs",
        asks="Sign for the SDRs",
        says="You agree, for the SDRs you lead, that this is what a qualified lead means. The "
        "wording cannot be changed after a signature.",
        does="Sign",
    )
    def sign_for_sdrs(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._sign(request, object_id, Role.SDR)

    @button(
        "Sign for the AEs",
        icon="signature",
        permission="sign_for_aes",
        asks="Sign for the AEs",
        says="You agree, for the AEs you lead, that a lead which meets this is worth taking. The "
        "wording cannot be changed after a signature.",
        does="Sign",
    )
    def sign_for_aes(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._sign(request, object_id, Role.AE)

    @button(
        "Activate",
        icon="check_circle",
        permission="activate",
        asks="Make this the standard",
        says="New handoffs are written under it from now on. The version in force until now "
        "retires; handoffs written under that one keep it.",
        variant=ActionVariant.PRIMARY,
    )
    def activate(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        version = self.row(request, object_id)

        def work() -> str:
            try:
                version.activate()
            except IntegrityError as error:
                raise ValidationError("Somebody else activated a version meanwhile.") from error
            return f"{version} is the standard for new handoffs."

        return self.press(request, work, back_to=self.page_of(version), about=version)

    def draft_after(self, version: FrameworkVersion, note: str) -> tuple[FrameworkVersion, bool]:
        siblings = version.framework.versions.filter(state=State.DRAFT)
        for draft in siblings:
            if not draft.is_locked:
                return draft, False
        return version.copy(note=note), True

    @display(description="version", ordering="framework__name")
    def title(self, obj: FrameworkVersion) -> str:
        return str(obj)

    @display(description="criteria", ordering="asked")
    def criteria_count(self, obj: Any) -> int:
        return int(obj.asked)

    @display(description="signed for the SDRs")
    def sdr_signature(self, obj: FrameworkVersion) -> str:
        return _signature(obj.signed_by_sdr_leader, obj.sdr_leader_signed_at)

    @display(description="signed for the AEs")
    def ae_signature(self, obj: FrameworkVersion) -> str:
        return _signature(obj.signed_by_ae_leader, obj.ae_leader_signed_at)

    @display(description="before it can be active")
    def to_do(self, obj: FrameworkVersion) -> SafeString | str:
        if obj.state != State.DRAFT:
            return "Nothing: it has been the standard."
        left = [
            f"A required criterion has to ask for: {str(must.label).lower()}."
            for must in obj.missing_must_haves()
        ]
        if obj.signed_by_sdr_leader_id is None:
            left.append("A manager who leads SDRs has to sign.")
        if obj.signed_by_ae_leader_id is None:
            left.append("Another manager, who leads AEs, has to sign.")
        if not left:
            return "Nothing: RevOps can activate it."
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in left))

    def _may_sign(self, request: HttpRequest, object_id: Any, side: Role) -> bool:
        version = self.row(request, object_id)
        signed = getattr(version, f"signed_by_{side.value}_leader_id")
        return version.state == State.DRAFT and not signed and viewer(request).leads(side)

    def _sign(self, request: HttpRequest, object_id: str, side: Role) -> HttpResponse:
        version = self.row(request, object_id)

        def work() -> str:
            version.sign(by=viewer(request), side=side)
            other = Role.AE if side == Role.SDR else Role.SDR
            follows = "RevOps can activate it now."
            if getattr(version, f"signed_by_{other.value}_leader_id") is None:
                follows = f"Next a leader of the {other.label}s signs it."
            return f"You signed {version}, for the {side.label}s. {follows}"

        return self.press(request, work, back_to=self.page_of(version), about=version)


def _signature(person: Any, at: Any) -> str:
    return f"{person}, {timezone.localtime(at):%-d %b %Y}" if person else "not yet"
