"""Where messages go besides e-mail: Slack channels, and other systems that are told."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from messaging import outbox
from messaging.forms import ChannelForm, EndpointForm
from messaging.models import Channel, Endpoint, Message
from messaging.transports.webhook import body_of
from team.admin_base import DeskAdmin
from team.admin_kit import leave_dialog
from team.key_admin import SigningKeyAdmin


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
