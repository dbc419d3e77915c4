"""An import is taken back within a day: what it added goes, what it changed is set back."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Account, AccountTechnology, Contact, ContactChange
from team.models import Import, User
from team.sheets import runs
from tests.accounts.importing import (
    ACCOUNTS,
    Killed,
    door,
    imported,
    people,
    short,
    shown,
)
from tests.factories import make_account, make_contact, make_user

pytestmark = pytest.mark.usefixtures("files_elsewhere")


def undone(user: User, run: Import) -> str:
    door(user).post(f"/imports/{run.pk}/undo/")
    runs.work()
    return shown(user, run)


@pytest.mark.parametrize("count", [4, 600])
def test_an_undone_import_leaves_everything_as_it_was(revops: User, count: int) -> None:
    acme = make_account(name="Acme", domain="acme.example")
    known = make_contact(
        acme, email="p1@acme.example", title="Old", first_name="First1", last_name="Last1"
    )
    careful = make_contact(
        acme, email="p2@acme.example", title="Older", first_name="X", last_name="Y"
    )
    before = list(
        Contact.objects.order_by("pk").values("pk", "title", "email", "last_name", "account")
    )
    run = (imported if count > 500 else short)(revops, people(count))
    assert Contact.objects.count() == count
    page = undone(revops, run)
    assert "was undone" in page
    assert f"{count - 2} removed, 2 set back, 0 kept" in page
    after = list(
        Contact.objects.order_by("pk").values("pk", "title", "email", "last_name", "account")
    )
    assert after == before
    told = ContactChange.objects.filter(contact=known, field="title").order_by("pk")
    assert list(told.values_list("old", "new")) == [("Old", "CEO"), ("CEO", "Old")]
    assert careful.changes.filter(field="title").count() == 2
    assert "Undo this import" not in page


def test_what_was_worked_on_since_is_kept_and_named(
    revops: User, clock: time_machine.Traveller
) -> None:
    known = make_contact(None, email="p1@acme.example", title="Old")
    run = short(revops, people(4))
    clock.shift(timedelta(minutes=5))
    Contact.objects.filter(pk=known.pk).update(title="President")
    mine = Contact.objects.get(email="p2@acme.example")
    mine.title = "Mine"
    mine.save()
    used = Contact.objects.get(email="p3@acme.example")
    used.verifications.create(
        field="title", value="CEO", method="spoke", verified_at=run.created_at
    )
    page = undone(revops, run)
    known.refresh_from_db()
    assert known.title == "President"
    assert set(Contact.objects.values_list("email", flat=True)) == {
        "p1@acme.example", "p2@acme.example", "p3@acme.example",
    }  # fmt: skip
    assert "title was changed since, to “President”" in page
    assert "First2 Last2: changed since." in page
    assert "First3 Last3: something refers to it." in page


def test_companies_and_technologies_are_taken_back_too(revops: User) -> None:
    known = make_account(name="Acme", domain="acme.example", city="Ulm")
    AccountTechnology.objects.all().delete()
    AccountTechnology.objects.create(account=known, name="SAP")
    text = (
        "name,domain,city,technologies\nAcme,acme.example,Bonn,SAP; Oracle\nNew,new.example,Rome,\n"
    )
    run = short(revops, text, ACCOUNTS)
    assert Account.objects.count() == 2 and AccountTechnology.objects.count() == 2
    undone(revops, run)
    known.refresh_from_db()
    assert (Account.objects.get(), known.city) == (known, "Ulm")
    assert AccountTechnology.objects.get().name == "SAP"


def test_an_undo_takes_no_address_from_somebody_else(revops: User) -> None:
    known = make_contact(None, email="old@acme.example", external_id="e-1")
    text = "external_id,last_name,email\ne-1,Lee,new@acme.example\n"
    run = short(revops, text)
    make_contact(None, email="old@acme.example", external_id="e-2")
    page = undone(revops, run)
    known.refresh_from_db()
    assert known.email == "new@acme.example"
    assert "“old@acme.example” is somebody else’s now" in page


def test_an_import_is_undone_within_a_day_only(
    revops: User, clock: time_machine.Traveller, calendar: object
) -> None:
    run = short(revops, people(2))
    clock.shift(timedelta(hours=24))
    door(make_user("r2", "revops")).post(f"/imports/{run.pk}/undo/")
    assert Contact.objects.count() == 2


def test_an_interrupted_undo_begins_again(revops: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = imported(revops, people(600))
    runs.ask_to_undo(run, by=revops, at=run.created_at)

    def dying(*args: Any, **values: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(runs, "_turn", dying)
        with pytest.raises(Killed):
            runs.work()
    assert Contact.objects.count() == 600
    runs.work()
    assert not Contact.objects.exists()
