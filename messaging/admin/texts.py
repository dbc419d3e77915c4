"""The words of each message in the admin, with a preview that follows the typing."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import action

from messaging import texts
from messaging.catalogue import CATALOGUE, SAMPLES
from messaging.forms import TextForm
from messaging.models import MessageTemplate
from team.admin_base import DeskAdmin
from team.admin_kit import leave_dialog


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


def _preview(text: MessageTemplate, subject: str, body: str) -> dict[str, Any]:
    """What the preview shows: the filled text, or why it cannot be filled."""
    if text.key not in CATALOGUE:
        return {"preview_error": "The product no longer sends this message."}
    try:
        shown_subject, shown_body = texts.fill(text.key, subject, body, SAMPLES)
    except ValidationError as error:
        return {"preview_error": error.message}
    return {"preview_subject": shown_subject, "preview_body": shown_body}
