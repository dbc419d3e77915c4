"""The lists that the demo brings in as people do, through the real import."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Contact
from config.demo.lists import bring_lists
from team.models import Import, User
from tests.factories import make_account, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_elsewhere(tmp_path: Path, settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }


def test_of_its_imports_one_is_done_one_is_refused_and_one_undone(revops: User, sdr: User) -> None:
    accounts = [make_account(name=f"Firm {n}", sdr=sdr) for n in range(8)]
    known = [make_contact(account, email=f"known@{account.domain}") for account in accounts]
    bring_lists(accounts, {"sdr": sdr, "revops": revops}, timezone.now())
    fair, bought, old = Import.objects.all()
    assert (old.state, old.summary) == ("undone", "Undone: 5 removed, 0 set back, 0 kept")
    assert bought.state == "refused"
    assert [row[:2] for row in bought.report["problems"]] == [
        [2, "Email Address"],
        [4, "Email Address"],
    ]
    assert (fair.state, fair.summary) == ("done", "8 new, 8 changed, 0 the same, 0 wrong")
    assert Contact.objects.exclude(pk__in=[one.pk for one in known]).count() == 8
