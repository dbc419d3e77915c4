"""The admin's pages of the post office: what leaves and what failed, its words, its channels."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import linebreaksbr
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from unfold.decorators import action, display

from messaging import outbox, texts
from messaging.catalogue import CATALOGUE, SAMPLES
from messaging.forms import ChannelForm, EndpointForm, TextForm
from messaging.models import Channel, Endpoint, Message, MessageTemplate
from messaging.transports.webhook import body_of
from team.admin_base import DeskAdmin
from team.admin_kit import ShownOnly, leave_dialog
from team.key_admin import SigningKeyAdmin
from team.models import User

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
        user = request.user
        if not isinstance(user, User):
            return rows.none()
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
            return f"waiting, next try {at:%-d %b %H:%M %Z} (try {message.attempts + 1} of 8)"
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
                outbox.resend(message, by=_user(request), now=timezone.now())
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
            verb(message, by=_user(request), now=timezone.now())
            self.message_user(request, sentence, messages.SUCCESS)
        except outbox.ResendRefused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
        return leave_dialog(request, reverse("admin:messaging_message_change", args=[message.pk]))


@admin.register(MessageTemplate)
class MessageTemplateAdmin(DeskAdmin):
    """The words of each message, with a preview that follows the typing."""

    help_words = {
        "subject": "Words in braces are filled in; this page lists which there are.",
        "body": "Plain text. Words in braces are filled in.",
    }
    form = TextForm
    list_display = ["name", "subject", "updated_at"]
    search_fields = ["name", "subject"]
    fields = ["name", "subject", "body"]
    readonly_fields = ["name"]
    change_form_after_template = "messaging/text_preview.html"
    actions_detail = ["back_to_shipped"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "<int:pk>/preview/",
            self.admin_site.admin_view(require_POST(self.preview)),
            name="messaging_messagetemplate_preview",
        )
        return [preview, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        text = self.get_object(request, object_id)
        shown = _preview(text, text.subject, text.body) if text else {}
        context = {**shown, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How what is typed would read, with sample values; nothing is saved."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        text = self.get_object(request, str(pk))
        if text is None:
            raise Http404
        subject, body = request.POST.get("subject", ""), request.POST.get("body", "")
        return render(request, "messaging/preview.html", _preview(text, subject, body))

    @action(
        description="Back to the shipped text",
        icon="undo",
        permissions=["change"],
        dialog={
            "title": "Back to the shipped text?",
            "description": "Your own words for this message are replaced.",
            "form_class": None,
            "form_submit_text": "Replace",
        },
    )
    def back_to_shipped(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        text = self.get_object(request, object_id)
        if text is None or text.key not in CATALOGUE:
            raise Http404
        shipped = CATALOGUE[text.key]
        text.subject, text.body = shipped.subject, shipped.body
        text.save(update_fields=["subject", "body", "updated_at"])
        self.log_change(request, text, "Back to the shipped text.")
        self.message_user(request, "The shipped text is back.", messages.SUCCESS)
        return leave_dialog(
            request, reverse("admin:messaging_messagetemplate_change", args=[text.pk])
        )


@admin.register(Channel)
class ChannelAdmin(DeskAdmin):
    """The Slack channels that are posted to."""

    help_words = {
        "is_enabled": "Off: nothing is posted there.",
    }
    form = ChannelForm
    empty_words = (
        "No Slack channel yet. Add the address of an incoming webhook; until then everything "
        "goes by e-mail."
    )
    list_display = ["name", "is_enabled", "off_reason"]
    fields = ["name", "webhook_url", "is_enabled", "off_reason", "off_at"]
    actions_detail = ["send_test"]

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> list[str]:
        # Messages that wait name their channel.
        return ["off_reason", "off_at", *(["name"] if obj else [])]

    def get_fields(self, request: HttpRequest, obj: Channel | None = None) -> list[str]:
        hidden = set() if self.has_change_permission(request) else {"webhook_url"}
        if obj is None or obj.is_enabled:
            hidden |= {"off_reason", "off_at"}
        return [name for name in self.fields if name not in hidden]

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        if "is_enabled" in form.changed_data or not change:
            if obj.is_enabled:
                obj.off_reason, obj.off_at, obj.free_at = "", None, None
            else:
                obj.off_reason = f"Switched off by {request.user}."
                obj.off_at = timezone.now()
        super().save_model(request, obj, form, change)

    @action(
        description="Send a test message",
        icon="send",
        permissions=["change"],
        dialog={
            "title": "Send a test message?",
            "description": "It is posted to the channel, where everybody in it can read it.",
            "form_class": None,
            "form_submit_text": "Send",
        },
    )
    def send_test(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        channel = self.get_object(request, object_id)
        if channel is None:
            raise Http404
        now = timezone.now()
        message = outbox.post(
            event_key=f"test:{channel.pk}:{now.isoformat()}",
            medium=Message.Medium.SLACK,
            recipient=channel.name,
            kind="test",
            subject=f"{request.user} is testing whether Handoff Desk reaches this channel.",
            body="It does.",
            now=now,
        )
        sentence = "The test is in the outbox and leaves within a minute."
        self.message_user(request, sentence, messages.SUCCESS)
        return leave_dialog(request, reverse("admin:messaging_message_change", args=[message.pk]))


@admin.register(Endpoint)
class EndpointAdmin(SigningKeyAdmin):
    """Other systems that are told, such as the CRM."""

    help_words = {
        "is_enabled": "Off: nothing is sent there.",
    }
    form = EndpointForm
    instead = "Switch it off instead."
    empty_words = (
        "No other system is told yet. Add the address of your CRM to send it every "
        "opportunity, signed."
    )
    list_display = ["name", "url", "is_enabled", "off_reason", "secret_end"]
    fieldsets = [
        (None, {"fields": ["name", "url", "is_enabled", "off_reason"]}),
        ("Tell it", {"fields": ["on_opportunity", "on_disqualified"]}),
        ("Signature", {"fields": ["secret_end"]}),
    ]
    actions_detail = ["send_test", *SigningKeyAdmin.actions_detail]

    def get_readonly_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> list[str]:
        # Messages that wait name their endpoint.
        fixed = ["off_reason", *(["name"] if obj else [])]
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_fieldsets(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if obj and obj.off_reason:
            return found
        return [(None, {"fields": ["name", "url", "is_enabled"]}), *found[1:]]

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        if "is_enabled" in form.changed_data and obj.is_enabled:
            obj.off_reason, obj.off_at = "", None
        super().save_model(request, obj, form, change)

    @action(
        description="Send a test",
        icon="send",
        permissions=["change"],
        dialog={
            "title": "Send a test?",
            "description": "A signed event of the type “test” is posted to the address.",
            "form_class": None,
            "form_submit_text": "Send",
        },
    )
    def send_test(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        endpoint, now = self.row(request, object_id), timezone.now()
        message = outbox.post(
            event_key=f"test-webhook:{endpoint.pk}:{now.isoformat()}",
            medium=Message.Medium.WEBHOOK,
            recipient=endpoint.name,
            kind="test",
            subject="A test",
            body=body_of("test", now, {"sent_by": str(request.user)}),
            now=now,
        )
        sentence = "The test is in the outbox and leaves within a minute."
        self.message_user(request, sentence, messages.SUCCESS)
        return leave_dialog(request, reverse("admin:messaging_message_change", args=[message.pk]))


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _preview(text: MessageTemplate, subject: str, body: str) -> dict[str, Any]:
    """What the preview shows: the filled text, or why it cannot be filled."""
    if text.key not in CATALOGUE:
        return {"preview_error": "The product no longer sends this message."}
    try:
        shown_subject, shown_body = texts.fill(text.key, subject, body, SAMPLES)
    except ValidationError as error:
        return {"preview_error": error.message}
    return {"preview_subject": shown_subject, "preview_body": shown_body}
