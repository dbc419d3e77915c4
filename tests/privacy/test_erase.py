"""Erasing a person: nothing of them is left in a full dump, and every figure stays equal."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts import merging
from accounts.erased import is_erased
from accounts.hooks import inbox
from accounts.models import (
    Account,
    Contact,
    EnrichmentSource,
    ErasedAddress,
    InboundEvent,
)
from handoffs.models import Handoff, HandoffEvent
from messaging.models import Message
from privacy import people, person
from reports import facts, review
from reports.models import Fact, Review
from team.models import AuditEntry, Territory, User
from tests.accounts.hooks import event, post
from tests.factories import make_account, make_contact, submitted
from tests.privacy.conftest import EMAIL, FIRST, LAST, NAME, PHONE, Planted
from tests.privacy.dump import dump


def found_in_dump(canaries: list[str]) -> list[str]:
    text = dump().casefold()
    return [canary for canary in canaries if canary.casefold() in text]


def erase(email: str, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("erase_person", email, *options, stdout=out)
    return json.loads(out.getvalue())


def test_every_planted_word_is_in_the_dump_before(planted: Planted) -> None:
    assert found_in_dump(planted.canaries) == planted.canaries


def test_nothing_of_them_is_left_in_a_full_dump(planted: Planted) -> None:
    erase(EMAIL.upper())
    assert found_in_dump(planted.canaries) == []


def test_a_dry_run_counts_the_same_rows_and_changes_nothing(planted: Planted) -> None:
    before = dump()
    tried = erase(EMAIL, "--dry-run")
    assert dump() == before
    done = erase(EMAIL)
    assert tried.pop("dry_run") is True
    assert done.pop("dry_run") is False
    assert tried == done
    assert done["rows"]["handoff events"] == 3
    assert done["open_handoffs"] == [planted.handoff.pk]


def test_erasing_twice_changes_nothing_more(planted: Planted) -> None:
    erase(EMAIL)
    before = HandoffEvent.objects.count(), dump().count("[erased")
    assert erase(EMAIL)["rows"] == {}
    assert (HandoffEvent.objects.count(), dump().count("[erased")) == before


def test_ids_dates_statuses_and_the_log_stay(planted: Planted) -> None:
    def skeleton() -> list[Any]:
        events = HandoffEvent.objects.order_by("pk")
        rows = events.values_list("pk", "kind", "occurred_at", "actor_id", "to_status", "reason_id")
        handoffs = Handoff.objects.order_by("pk").values_list("pk", "status", "owner", "contact")
        return [*rows, *handoffs]

    before = skeleton()
    erase(EMAIL)
    assert skeleton() == before
    package = HandoffEvent.objects.filter(handoff=planted.handoff, kind="submitted").get().data
    assert package["package"]["answers"][0]["status"] == "confirmed"
    assert package["routing"]["candidates"]


def test_what_others_said_stays(planted: Planted) -> None:
    erase(EMAIL)
    assert "Mark Dell" in dump()
    assert "she decides" in dump()
    assert "Second Company" in dump()
    assert "Old hand" in dump()


def test_unsent_mail_to_them_is_cancelled(planted: Planted) -> None:
    assert erase(EMAIL)["unsent_messages_cancelled"] >= 1
    mail = Message.objects.get(event_key="letter:canary")
    assert mail.state == Message.State.CANCELLED
    assert mail.recipient == f"erased-{mail.pk}@erased.invalid"


def test_the_trail_says_that_it_was_done_and_not_to_whom(planted: Planted) -> None:
    erase(EMAIL)
    entry = AuditEntry.objects.filter(deed="erased").get()
    assert entry.by is None
    assert EMAIL not in str(entry) + entry.note


def test_one_of_our_own_people_is_not_erased(planted: Planted, ae: User) -> None:
    User.objects.filter(pk=ae.pk).update(email="Ana.Silva@Desk.example")
    ae.refresh_from_db()
    with pytest.raises(CommandError, match="deactivate them"):
        call_command("erase_person", ae.email)


def test_their_address_does_not_come_back_by_a_form(planted: Planted, account: Account) -> None:
    erase(EMAIL)
    contact = Contact(account=account, last_name="Again", email=f" {EMAIL.title()}")
    with pytest.raises(Exception, match="asked us to erase"):
        contact.full_clean()
    assert is_erased("ZQ@canary-former.example")
    assert not is_erased("somebody.else@canary-person.example")


def test_a_merge_of_theirs_is_not_undone_any_more(planted: Planted, revops: User) -> None:
    contact = Contact.objects.get(email=EMAIL)
    contact.mobile = ""
    contact.save()
    twin = make_contact(contact.account, first_name=FIRST, last_name=LAST, mobile="+4915112345999")
    done = merging.merge(contact, twin, by=revops, at=timezone.now())
    assert done.filled
    erase(EMAIL)
    done.refresh_from_db()
    assert done.filled == {}
    with pytest.raises(ValidationError, match="has been erased"):
        merging.undo(done, by=revops, at=timezone.now())
    assert found_in_dump(["+4915112345999"]) == []


def test_who_came_back_by_a_backup_is_erased_again(planted: Planted, account: Account) -> None:
    erase(EMAIL)
    Contact.objects.create(
        account=account, first_name="Zoëmira", last_name="Quokkasson", email=EMAIL
    )
    assert people.erase_again(at=timezone.now()) == 1
    assert found_in_dump(planted.canaries) == []
    assert people.erase_again(at=timezone.now()) == 0


def test_a_former_address_leads_to_them_too(planted: Planted) -> None:
    erase("zq@canary-former.example")
    assert found_in_dump(planted.canaries) == []


def test_somebody_with_the_same_name_elsewhere_is_left_alone(
    planted: Planted, south: Territory, other_sdr: User
) -> None:
    firm = make_account(name="Far Away", territory=south, fit_reason=f"{NAME} is a fan of ours.")
    make_contact(firm, first_name="Zoëmira", last_name="Quokkasson", email="zq@far-away.example")
    assert erase(EMAIL)["somebody_else_has_the_same_name"] is True
    firm.refresh_from_db()
    assert NAME in firm.fit_reason
    assert found_in_dump([EMAIL, "canarynotes"]) == []


def test_a_surname_that_is_a_word_leaves_the_word(
    account: Account, sdr: User, ae: User, contact: Contact
) -> None:
    Contact.objects.filter(pk=contact.pk).update(first_name="Ann", last_name="Price")
    handoff = submitted(
        sdr=sdr,
        account=account,
        contact=contact,
        tech_stack="They copy the price by hand, says Ann Price",
    )
    erase(contact.email)
    handoff.refresh_from_db()
    assert handoff.tech_stack == "They copy the price by hand, says [erased 2026-03-02]"


def test_the_figures_read_off_the_log_are_the_same_afterwards(planted: Planted) -> None:
    def figures() -> Any:
        facts.rebuild()
        rows = list(Fact.objects.order_by("handoff_id").values())
        return [{**row, "id": None} for row in rows], review.figures("2026-03", timezone.now())

    before = figures()
    assert before[0]
    erase(EMAIL)
    assert figures() == before


def test_a_signed_review_keeps_a_seal_that_fits(planted: Planted) -> None:
    signed = Review.objects.get()
    signed.frozen_at, signed.digest = timezone.now(), review.digest(signed)
    signed.save()
    erase(EMAIL)
    signed.refresh_from_db()
    assert signed.notes == "[erased 2026-03-02] was a good one."
    assert signed.digest == review.digest(signed)


@pytest.mark.parametrize(
    "written", ["+49 30 901 830 11", "0049 30 90183011", "030/90183011", "+49 (0)30-901-83011"]
)
def test_a_number_is_found_however_it_is_written(written: str) -> None:
    words = person.Words(phones=["+493090183011"])
    assert words.replaced(f"Call {written} now.", "X") == "Call X now."


def test_an_address_inside_a_longer_one_is_somebody_else() -> None:
    words = person.Words(["ann@x.example"])
    assert words.replaced("joann@x.example, ann@x.example.org", "X") == (
        "joann@x.example, ann@x.example.org"
    )
    assert words.replaced("<ann@x.example>, Ann@X.example.", "X") == "<X>, X."


def test_the_list_of_erasures_survives_a_restored_backup(planted: Planted, tmp_path: Path) -> None:
    out = StringIO()
    with transaction.atomic():
        erase(EMAIL)
        call_command("erasures", stdout=out)
        transaction.set_rollback(True)  # as a backup from before would
    assert Contact.objects.filter(email=EMAIL).exists()
    kept = tmp_path / "erasures.txt"
    kept.write_text(out.getvalue())
    assert EMAIL not in out.getvalue()
    said = StringIO()
    call_command("erasures", "--apply", str(kept), stdout=said)
    assert said.getvalue() == "5 digests added, 1 people erased again.\n"
    assert found_in_dump(planted.canaries) == []


@pytest.mark.parametrize("line", ["nonsense", "a" * 64, f"{'a' * 64} 2026-03-02", "é" * 64])
def test_another_file_is_refused_whole(line: str, tmp_path: Path, db: None) -> None:
    kept = tmp_path / "other.txt"
    kept.write_text(f"{'b' * 64} 2026-03-02T10:00:00+00:00\n{line}\n")
    with pytest.raises(CommandError, match="Line 2"):
        call_command("erasures", "--apply", str(kept))
    assert not ErasedAddress.objects.exists()


def test_a_vendor_cannot_bring_them_back(planted: Planted) -> None:
    erase(EMAIL)
    source = EnrichmentSource.objects.get()
    contacts = Contact.objects.count()
    for event_id, data in (
        ("by_address", {"email": EMAIL, "last_name": "Quokkasson"}),
        ("by_their_id", {"id": "canaryvendorid", "last_name": "Quokkasson", "phone": PHONE}),
    ):
        post(source, event_id, event("contact.created", timezone.now(), **data))
        inbox.process_due()
        delivery = InboundEvent.objects.get(event_id=event_id)
        assert (delivery.state, delivery.body) == ("refused", "")
        assert "asked us to erase" in delivery.outcome
    assert Contact.objects.count() == contacts
    assert found_in_dump(planted.canaries) == []


def test_an_update_that_waited_is_not_read_any_more(planted: Planted) -> None:
    erase(EMAIL)
    assert inbox.process_due()["done"] == 0
    assert not InboundEvent.objects.exclude(state__in=("done", "refused")).exists()


def test_an_import_names_the_row_of_somebody_who_was_erased(
    planted: Planted, tmp_path: Path
) -> None:
    erase(EMAIL)
    for column, value in (("Email", EMAIL), ("HubSpot Record ID", "canaryhubspot-77")):
        file = tmp_path / "contacts.csv"
        file.write_text(f"First Name,Last Name,{column}\nZoe,Again,{value}\n")
        with pytest.raises(CommandError), transaction.atomic():
            call_command("import_contacts", str(file), stdout=StringIO(), stderr=StringIO())
    assert not Contact.objects.filter(last_name="Again").exists()
