"""Admin pages of rows with a signing secret: it is shown once, when it is made."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from unfold.decorators import display

from team.admin_kit import KeptAdmin, button
from team.keys import OVERLAP, SigningKey

# A second click would otherwise end at once the secret that the other side still signs with
A_MOMENT = timedelta(minutes=1)
A_MOMENT_AGO = "A new secret was made a moment ago. If you need another one, wait a minute."


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

    @button(
        "New secret",
        icon="key",
        permission="change",
        asks="Make a new secret?",
        says="It is shown once. The present one stays good for 24 hours, so that the other side "
        "can change over.",
        does="Make it",
    )
    def renew_secret(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def renew() -> str:
            now = timezone.now()
            key = self.model._default_manager.select_for_update().get(pk=row.pk)
            if key.old_until and key.old_until - OVERLAP > now - A_MOMENT:
                raise ValidationError(A_MOMENT_AGO)
            key.renew_secret(now)
            self._show_once(request, key)
            self.log_change(request, key, "New secret.")
            return ""

        return self.press(request, renew, back_to=self.page_of(row))

    @button(
        "End the old secret now",
        icon="key_off",
        permission="change",
        asks="End the old secret now?",
        says="What is still signed with it is refused from now on.",
        does="End it",
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
