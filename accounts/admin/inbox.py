"""Admin pages of what came from other systems: what they sent, and proposed values."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Case, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts import proposals
from accounts.admin.shared import field_name, link
from accounts.hooks import inbox
from accounts.models import Account, Contact, InboundEvent, Proposal
from team.admin_kit import KeptAdmin, ShownInline, ShownOnly, button, in_words, viewer

STATE_COLOURS = {
    InboundEvent.State.WAITING: "info",
    InboundEvent.State.PARKED: "warning",
    InboundEvent.State.DONE: "success",
    InboundEvent.State.IGNORED: "default",
    InboundEvent.State.REFUSED: "danger",
    InboundEvent.State.UNMATCHED: "danger",
    InboundEvent.State.FAILED: "danger",
}
DECISION_COLOURS = {
    Proposal.State.OPEN: "warning",
    Proposal.State.ACCEPTED: "success",
    Proposal.State.DECLINED: "default",
    Proposal.State.OVERTAKEN: "default",
}

MOST_DECIDED = 500  # values at once: each is a transaction of its own
MOST_SHOWN = 5  # reasons why one could not be decided


@admin.register(InboundEvent)
class InboundEventAdmin(ShownOnly, KeptAdmin):
    """What was received and what became of it. The body holds people's data: RevOps only."""

    empty_words = (
        "Nothing has been received yet. What a data source sends is kept here with what "
        "became of it."
    )
    list_display = ["kind", "record_key", "state_shown", "outcome", "source", "received_at"]
    list_select_related = ["source"]
    list_filter = ["state", "source"]
    search_fields = ["=event_id", "^record_key"]
    search_help_text = "An id, or what it is about, such as contact:42"
    actions = ["read_again"]
    fieldsets = [
        (None, {"fields": ["kind", "source", "state", "outcome", "record"]}),
        ("As it came", {"fields": ["event_id", "occurred_at", "received_at", "body"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["record"]

    def has_read_again_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    @display(description="state", label=STATE_COLOURS, ordering="state")
    def state_shown(self, event: InboundEvent) -> tuple[str, str]:
        return event.state, event.get_state_display()

    @display(description="record")
    def record(self, event: InboundEvent) -> str:
        return link(event.contact or event.account) or event.record_key

    @action(description="Read again", permissions=["read_again"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[InboundEvent]) -> None:
        if count := inbox.try_again(queryset, timezone.now()):
            self.message_user(request, f"{count} will be read again.", messages.SUCCESS)
        else:
            sentence = "Nothing to do: these were read, or wait already."
            self.message_user(request, sentence, messages.WARNING)


@admin.register(Proposal)
class ProposalAdmin(ShownOnly, KeptAdmin):
    """Values that contradict what one of ours entered or checked later."""

    empty_words = (
        "No value waits for a decision. When a data source contradicts what one of you "
        "entered, both values stand here side by side."
    )
    list_display = ["about", "field_shown", "present", "value", "source", "at", "state_shown"]
    list_display_links = ["field_shown"]
    list_select_related = ["contact", "account"]
    list_filter = ["state", "source"]
    # What waits for a decision stands first.
    ordering = [Case(When(state=Proposal.State.OPEN, then=0), default=1), "-pk"]
    search_fields = ["contact__last_name", "account__name", "value"]
    search_help_text = "Name, company or value"
    actions = ["accept_chosen", "decline_chosen"]
    actions_detail = ["accept", "decline"]
    fields = [
        "about", "field_shown", "present", "value", "because", "source", "at", "state",
        "decided_by", "decided_at",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        user = viewer(request)
        mine = Q(contact__in=Contact.objects.visible_to(user)) | Q(
            account__in=Account.objects.visible_to(user)
        )
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if user.is_revops or user.is_superuser else rows.filter(mine)

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        if object_id is not None:
            self.row(request, object_id)
        return request.user.has_perm("accounts.change_contact")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["about", "field_shown"]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        row = self.get_object(request, str(object_id))
        is_open = row is not None and row.state == Proposal.State.OPEN
        return list(super().get_actions_detail(request, object_id)) if is_open else []

    @display(description="about")
    def about(self, proposal: Proposal) -> str:
        return link(proposal.contact or proposal.account)

    @display(description="field", ordering="field")
    def field_shown(self, proposal: Proposal) -> str:
        return field_name(proposal)

    @display(description="state", label=DECISION_COLOURS, ordering="state")
    def state_shown(self, proposal: Proposal) -> tuple[str, str]:
        return proposal.state, proposal.get_state_display()

    @button(
        "Take the new value",
        icon="check",
        permission="decide",
        asks="Take the new value?",
        says="It replaces what we have now.",
        does="Take it",
    )
    def accept(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, proposals.accept, "Taken over.")

    @button(
        "Keep ours",
        icon="close",
        permission="decide",
        asks="Keep what we have?",
        says="This source’s value is not proposed again.",
    )
    def decline(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, proposals.decline, "Ours is kept.")

    @action(description="Take the new values", permissions=["decide"])
    def accept_chosen(self, request: HttpRequest, queryset: QuerySet[Proposal]) -> None:
        self._decide_all(request, queryset, proposals.accept, "taken over")

    @action(description="Keep ours", permissions=["decide"])
    def decline_chosen(self, request: HttpRequest, queryset: QuerySet[Proposal]) -> None:
        self._decide_all(request, queryset, proposals.decline, "kept as they are")

    def _decide(
        self, request: HttpRequest, object_id: str, verb: Any, sentence: str
    ) -> HttpResponse:
        proposal = self.row(request, object_id)

        def decide() -> str:
            verb(proposal, by=viewer(request), at=timezone.now())
            return sentence

        return self.press(request, decide, back_to=self.page_of(proposal))

    def _decide_all(
        self, request: HttpRequest, queryset: QuerySet[Proposal], verb: Any, words: str
    ) -> None:
        if queryset.count() > MOST_DECIDED:
            sentence = f"Select at most {MOST_DECIDED} values at once. Nothing was decided."
            self.message_user(request, sentence, messages.WARNING)
            return
        done, problems = 0, []
        for proposal in queryset:
            try:
                verb(proposal, by=viewer(request), at=timezone.now())
                done += 1
            except ValidationError as error:
                problems.append(f"{proposal}: {in_words(error)}")
        if done:
            self.message_user(request, f"{done} {words}.", messages.SUCCESS)
        for problem in problems[:MOST_SHOWN]:
            self.message_user(request, problem, messages.WARNING)
        if (more := len(problems) - MOST_SHOWN) > 0:
            sentence = f"{more} more could not be decided either. Open them one by one."
            self.message_user(request, sentence, messages.WARNING)


class ProposalsInline(ShownInline):
    """What somebody else says about this record, waiting for a decision."""

    model = Proposal
    fields = ["field_shown", "present", "proposed", "source", "at", "because"]
    readonly_fields = fields
    verbose_name_plural = "proposed values"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Proposal]:
        return super().get_queryset(request).filter(state=Proposal.State.OPEN)

    @display(description="field")
    def field_shown(self, proposal: Proposal) -> str:
        return field_name(proposal)

    @display(description="new value")
    def proposed(self, proposal: Proposal) -> str:
        url = reverse("admin:accounts_proposal_change", args=[proposal.pk])
        return format_html('<a href="{}">{}</a>', url, proposal.value)
