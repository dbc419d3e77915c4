"""The outbox in the admin: what leaves, what failed and why, to be sent again or settled."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display

from messaging import outbox
from messaging.delivery import WAITS
from messaging.models import Message
from team.admin_base import DeskAdmin
from team.admin_kit import ShownOnly, leave_dialog, viewer

MOST_RESENT = 500
STATE_COLOURS = {
    Message.State.PENDING: "info",
    Message.State.SENDING: "info",
    Message.State.SENT: "success",
    Message.State.RETRY: "warning",
    Message.State.DEAD: "danger",
    Message.State.UNKNOWN: "danger",
    Message.State.EXPIRED: "default",
    Message.State.CANCELLED: "default",
}


@admin.register(Message)
class MessageAdmin(ShownOnly, DeskAdmin):
    """The outbox: read, send again, settle.

    RevOps sees all of it, a manager what went to their team or is answered for by it.
    """

    empty_words = (
        "No message has been written yet. Every e-mail and Slack message stands here before "
        "it leaves, and what became of it."
    )
    list_display = ["what", "recipient", "medium", "state_shown", "then", "created_at"]
    list_filter = ["state", "medium", "audience"]
    list_select_related = ["person"]
    search_fields = ["^recipient", "^subject", "=about", "=event_key"]
    search_help_text = "The start of an address or subject, or a cause such as handoff:42."
    actions = ["resend_selected"]
    actions_detail = ["resend", "it_arrived", "send_it_again"]
    fieldsets = [
        (None, {"fields": ["state", "then", "happened", "attempts"]}),
        (
            "The message",
            {"fields": ["recipient", "person", "medium", "subject", "words", "shown_headers",
                        "invitation"]},
        ),
        ("Where it comes from", {"fields": ["kind", "about_page", "event_key", "created_at"]}),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        rows: QuerySet[Message] = super().get_queryset(request)
        user = viewer(request)
        if user.is_superuser or user.is_revops:
            return rows
        if user.is_manager:
            team = [user.pk, *user.team_ids()]
            return rows.filter(person__in=team)
        return rows.none()

    def has_resend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever sees a message in the outbox may send it again; others find nothing there."""
        if object_id is not None and self.get_object(request, str(object_id)) is None:
            raise Http404
        return bool(self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only the buttons that this message's state leaves."""
        message = self.get_object(request, str(object_id))
        settles = ["it_arrived", "send_it_again"]
        failed = message is not None and message.state in outbox.FAILED
        unknown = message is not None and message.state == Message.State.UNKNOWN
        wanted = settles if unknown else ["resend"] if failed else []
        found = super().get_actions_detail(request, object_id)
        return [one for one in found if one.method.original_function_name in wanted]

    @display(description="message")
    def what(self, message: Message) -> str:
        return message.subject or message.kind

    @display(description="state", label=STATE_COLOURS, ordering="state")
    def state_shown(self, message: Message) -> tuple[str, str]:
        return message.state, message.get_state_display()

    @display(description="then")
    def then(self, message: Message) -> str:
        """What happens next, or what happened last."""
        if message.state == Message.State.RETRY and message.next_try_at:
            at = timezone.localtime(message.next_try_at)
            tries = f"try {message.attempts + 1} of {len(WAITS)}"
            return f"waiting, next try {at:%-d %b %H:%M %Z} ({tries})"
        if message.state == Message.State.SENT and message.sent_at:
            return f"{timezone.localtime(message.sent_at):%-d %b %H:%M %Z}"
        return message.error[:80]

    @display(description="what happened")
    def happened(self, message: Message) -> str:
        return message.error or "nothing to tell"

    @display(description="text")
    def words(self, message: Message) -> str:
        return linebreaksbr(message.body)

    @display(description="headers")
    def shown_headers(self, message: Message) -> str:
        lines = "\n".join(f"{name}: {value}" for name, value in message.headers.items())
        return linebreaksbr(lines or "only the usual ones")

    @display(description="invitation")
    def invitation(self, message: Message) -> str:
        return linebreaksbr(message.calendar or "none")

    @display(description="about")
    def about_page(self, message: Message) -> str:
        return outbox.about_url(message.about) or message.about or "nothing else"

    @action(description="Send again", permissions=["resend"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        if queryset.count() > MOST_RESENT:
            sentence = f"Select at most {MOST_RESENT} messages at once. Nothing was sent."
            self.message_user(request, sentence, messages.WARNING)
            return
        sent = left = 0
        # One whose fate is unknown wants a look of its own first.
        for message in queryset:
            try:
                if message.state == Message.State.UNKNOWN:
                    raise outbox.ResendRefused
                outbox.resend(message, by=viewer(request), now=timezone.now())
                sent += 1
            except outbox.ResendRefused:
                left += 1
        if sent:
            self.message_user(request, f"{sent} will be sent again.", messages.SUCCESS)
        if left:
            sentence = (
                f"{left} left as they are: they have not failed, or nobody knows whether they "
                "arrived. Open those one by one."
            )
            self.message_user(request, sentence, messages.WARNING)

    @action(
        description="Send again",
        icon="send",
        permissions=["resend"],
        dialog={
            "title": "Send this message again?",
            "description": "It goes back into the outbox and leaves within a minute.",
            "form_class": None,
            "form_submit_text": "Send again",
        },
    )
    def resend(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, outbox.resend, "It will be sent again.")

    @action(
        description="It arrived",
        icon="check",
        permissions=["resend"],
        dialog={
            "title": "Did it arrive?",
            "description": "Say so once you have asked. It will not be sent again.",
            "form_class": None,
            "form_submit_text": "It arrived",
        },
    )
    def it_arrived(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, outbox.confirm_arrived, "Noted that it arrived.")

    @action(
        description="Send it again",
        icon="send",
        permissions=["resend"],
        dialog={
            "title": "Send it again?",
            "description": "If it did arrive after all, they will get it twice.",
            "form_class": None,
            "form_submit_text": "Send it again",
        },
    )
    def send_it_again(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, outbox.resend, "It will be sent again.")

    def _settle(
        self, request: HttpRequest, object_id: str, verb: Any, sentence: str
    ) -> HttpResponse:
        message = self.get_object(request, object_id)
        if message is None:
            raise Http404
        try:
            verb(message, by=viewer(request), now=timezone.now())
            self.message_user(request, sentence, messages.SUCCESS)
        except outbox.ResendRefused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
        return leave_dialog(request, reverse("admin:messaging_message_change", args=[message.pk]))
