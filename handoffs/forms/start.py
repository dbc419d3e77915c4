"""The first step of a handoff: which account, existing or new, and where the lead comes from."""

from typing import Any

from django import forms

from accounts.models import Account
from accounts.querysets import AccountQuerySet
from handoffs.models import LeadSource
from team.models import User


class StartForm(forms.Form):
    """One choice is enough; without an account the draft starts empty."""

    use_required_attribute = False

    account = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(required=False)
    lead_source = forms.ChoiceField(
        choices=LeadSource.choices,
        initial=LeadSource.MEETING,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose one of the lead sources."},
    )

    def __init__(self, *args: Any, accounts: AccountQuerySet, asked: str | None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.accounts = accounts
        typed = self.data.get("account") if self.is_bound else asked
        self.chosen: Account | None = self._find(typed or "")

    def wants_new_account(self) -> bool:
        """Whether a company was typed that is to be added."""
        return self.is_bound and bool(self.data.get("new_account")) and self.chosen is None

    def clean_account(self) -> Account | None:
        if self.cleaned_data["account"] and self.chosen is None:
            raise forms.ValidationError("Choose an account from the list.")
        return self.chosen

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        typed = str(self.data.get("name", "")).strip()
        if typed and self.chosen is None and not self.wants_new_account() and not self.errors:
            found["account"] = self.chosen = self._by_name(typed)
            if self.chosen is None:
                self.add_error(
                    "account", "Choose an account from the list, or add the company below."
                )
        return found

    def _find(self, typed: str) -> Account | None:
        if not (typed.isascii() and typed.isdigit() and len(typed) < 19):
            return None
        return self.accounts.filter(pk=int(typed)).first()

    def _by_name(self, typed: str) -> Account | None:
        """The one account of exactly this name or domain, for those who type and press Enter."""
        if "\x00" in typed or len(typed) > 253:
            return None
        same = list(self.accounts.filter(name__iexact=typed)[:2])
        same = same or list(self.accounts.filter(domain__iexact=typed)[:2])
        return same[0] if len(same) == 1 else None


class NewAccountForm(forms.ModelForm):
    """A company that is not among the accounts yet."""

    use_required_attribute = False
    prefix = "new"

    class Meta:
        model = Account
        fields = ["name", "domain"]
        widgets = {
            "domain": forms.TextInput(attrs={"placeholder": "acme.com", "autocapitalize": "none"})
        }
        labels = {"name": "Company", "domain": "Web domain"}
        error_messages = {"name": {"required": "Enter the company’s name."}}

    def save_for(self, user: User) -> Account:
        self.instance.sdr = user if user.is_sdr else None
        self.instance.source = "Handoff form"
        account: Account = self.save()
        return account
