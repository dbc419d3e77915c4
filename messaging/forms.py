"""What an admin types about texts and channels, and what is refused with a sentence."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from messaging import texts
from messaging.catalogue import CATALOGUE, FIELDS
from messaging.channels import MENTION, check_webhook
from messaging.models import Channel, Endpoint, MessageTemplate
from team.bounds import check_one_line, check_storable
from team.outward import check_url


class TextForm(forms.ModelForm):
    """Checks that every {field} exists, and says where one does not."""

    class Meta:
        model = MessageTemplate
        fields = ["subject", "body"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        key = self.instance.key
        if key in CATALOGUE and "subject" in self.fields:
            self.fields[
                "subject"
            ].help_text = (
                f"Slack shows this line and the link. {_fields_in_words(texts.subject_fields(key))}"
            )
            self.fields["body"].help_text = (
                f"{_fields_in_words(CATALOGUE[key].fields)} "
                "A line whose fields are all empty is left out."
            )

    def clean_subject(self) -> str:
        subject = str(self.cleaned_data["subject"])
        check_storable(subject)
        texts.check_subject(self.instance.key, subject)
        return subject

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"]).replace("\r\n", "\n")
        check_storable(body)
        texts.check_body(self.instance.key, body)
        return body


class ChannelForm(forms.ModelForm):
    """Takes a webhook and never shows it again."""

    webhook_url = forms.CharField(
        label="Webhook",
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = Channel
        fields = ["name", "webhook_url", "is_enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "webhook_url" not in self.fields:
            return
        stored = self.instance.webhook_url
        self.initial["webhook_url"] = ""
        self.fields["webhook_url"].help_text = (
            f"Kept secret; the present one ends in …{stored[-4:]}. Enter another to replace it."
            if stored
            else "The incoming webhook that Slack shows for this channel."
        )

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        check_one_line(name)
        check_storable(name)
        if MENTION in name:
            raise ValidationError("A channel’s name has no space before an @.")
        return name

    def clean_webhook_url(self) -> str:
        url = str(self.cleaned_data["webhook_url"]).strip()
        if not url and self.instance.webhook_url:
            return str(self.instance.webhook_url)
        check_webhook(url)
        return url


class EndpointForm(forms.ModelForm):
    """Takes only addresses that may be contacted."""

    class Meta:
        model = Endpoint
        fields = ["name", "url", "is_enabled", "on_opportunity", "on_disqualified"]

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        check_url(url)
        return url


def _fields_in_words(names: tuple[str, ...]) -> str:
    return "Fields: " + "; ".join(f"{{{name}}} {FIELDS[name]}" for name in names) + "."
