"""Admin pages of rows with a signing secret: it is shown once, when it is made."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from unfold.decorators import action, display

from team.admin_kit import KeptAdmin
from team.keys import SigningKey


class SigningKeyAdmin(KeptAdmin):
    """Makes, replaces and never repeats a secret. List `secret_end` among the fields."""

    change_form_outer_before_template = "admin/secret_once.html"
    actions_detail = ["renew_secret", "drop_old_secret"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), "secret_end"]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        found = super().get_actions_detail(request, object_id)
        row = self.get_object(request, str(object_id))
        if row is not None and len(row.secrets_at(timezone.now())) > 1:
            return list(found)
        return [one for one in found if one.method.original_function_name != "drop_old_secret"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            self._show_once(request, obj)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        super().response_add(request, obj, post_url_continue)
        return HttpResponseRedirect(self.page_of(obj))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        may = request.method == "GET" and self.has_change_permission(request)
        shown = request.session.pop(self._place(object_id), "") if may else ""
        context = {**(extra_context or {}), "new_secret": shown}
        return super().change_view(request, object_id, form_url, context)

    @display(description="secret")
    def secret_end(self, row: SigningKey) -> str:
        if row.pk is None:
            return "It is made when you save, and shown once."
        words = f"ends in …{row.secret[-4:]}"
        if len(row.secrets_at(timezone.now())) > 1 and row.old_until:
            until = timezone.localtime(row.old_until)
            words += f"; the one before (…{row.old_secret[-4:]}) is good until "
            words += f"{until:%-d %b %H:%M %Z}"
        return words

    @action(
        description="New secret",
        icon="key",
        permissions=["change"],
        dialog={
            "title": "Make a new secret?",
            "description": "It is shown once. The present one stays good for 24 hours, so that "
            "the other side can change over.",
            "form_class": None,
            "form_submit_text": "Make it",
        },
    )
    def renew_secret(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def renew() -> str:
            row.renew_secret(timezone.now())
            self._show_once(request, row)
            self.log_change(request, row, "New secret.")
            return ""

        return self.press(request, renew, back_to=self.page_of(row))

    @action(
        description="End the old secret now",
        icon="key_off",
        permissions=["change"],
        dialog={
            "title": "End the old secret now?",
            "description": "What is still signed with it is refused from now on.",
            "form_class": None,
            "form_submit_text": "End it",
        },
    )
    def drop_old_secret(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def drop() -> str:
            row.drop_old_secret()
            self.log_change(request, row, "Old secret ended.")
            return "Only the present secret is good now."

        return self.press(request, drop, back_to=self.page_of(row))

    def _show_once(self, request: HttpRequest, row: Any) -> None:
        request.session[self._place(row.pk)] = row.secret

    def _place(self, identifier: object) -> str:
        return f"secret-of:{self.opts.label_lower}:{identifier}"
