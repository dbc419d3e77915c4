"""How ready an account is for the first dial."""

from datetime import timedelta

from django.utils import timezone

from accounts import readiness
from accounts.models import Account, Contact, GrowthSignal, Verification
from tests.factories import make_contact


def ready(account: Account) -> readiness.Readiness:
    return readiness.of(Account.objects.get(pk=account.pk), timezone.now())


def test_an_account_of_which_only_the_name_is_known(db: None) -> None:
    found = ready(Account.objects.create(name="Acme"))
    assert found.score == 0
    assert found.words.startswith("0 of 100. Missing: what they run, a growth signal")


def test_what_counts_and_what_is_missing(account: Account, contact: Contact) -> None:
    # All but who decides (10) and a second role (5)
    assert ready(account) == (85, ["who decides", "two roles in the purchase"])
    make_contact(account, role="economic")
    assert ready(account).score == 95
    make_contact(account, role="champion")
    assert ready(account).words == "100 of 100"


def test_what_is_old_counts_no_more(account: Account, contact: Contact) -> None:
    long_ago = timezone.now() - timedelta(days=400)
    GrowthSignal.objects.update(happened_on=long_ago.date())
    Verification.objects.filter(field="dial").update(verified_at=long_ago)
    assert ready(account).score == 60
    assert "a fresh direct dial" in ready(account).missing


def test_whoever_left_reaches_nobody(account: Account, contact: Contact) -> None:
    contact.left_on = timezone.now().date()
    contact.save()
    assert {"a fresh e-mail", "a fresh direct dial"} <= set(ready(account).missing)
