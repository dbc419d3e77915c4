"""Saving a package: one transaction, one version, nothing lost, no status written."""

import dataclasses
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import Account, Contact
from handoffs import editing, lifecycle, merging
from handoffs.editing import EditConflict, Package, Row
from handoffs.models import Handoff, Quote
from handoffs.refusal import TransitionRefused
from team.models import User
from tests.factories import complete_package, submitted

SAVES = 16


@pytest.fixture
def draft(sdr: User, account: Account, contact: Contact) -> Handoff:
    return complete_package(sdr=sdr, account=account, contact=contact)


def quote(text: str, key: str = "n1", pk: int | None = None) -> Row:
    return Row(key, pk, {"text": text, "speaker": "Priya Nair", "topic": "quoting"})


def test_a_save_writes_fields_and_rows_and_counts_the_version(draft: Handoff, sdr: User) -> None:
    package = Package(fields={"industry": "Robots"}, lists={"quotes": [quote("We lose deals.")]})

    saved = editing.save(draft, package, by=sdr, version=1)

    assert saved.handoff.version == 2
    assert saved.handoff.industry == "Robots"
    assert [row.text for row in saved.handoff.quotes.all()] == ["We lose deals."]
    assert saved.ids == {("quotes", "n1"): saved.handoff.quotes.get().pk}
    assert saved.handoff.status == Handoff.Status.DRAFT


def test_what_a_package_leaves_out_stays(draft: Handoff, sdr: User) -> None:
    editing.save(draft, Package(fields={"industry": "Robots"}), by=sdr, version=1)

    assert draft.quotes.count() == 1
    assert draft.answers.count() == 4
    draft.refresh_from_db()
    assert draft.company_size == "420 employees"


def test_a_draft_may_be_emptied(draft: Handoff, sdr: User) -> None:
    standing = editing.read(draft)
    package = Package(
        fields={"next_step": "", "next_step_at": None, "contact": None, "why_targeted": ""},
        answers={criterion: {} for criterion in standing.answers},
        lists={name: [] for name in standing.lists},
    )

    editing.save(draft, package, by=sdr, version=1)

    draft.refresh_from_db()
    assert draft.contact is None
    assert not draft.answers.exists()
    assert not any(getattr(draft, name).exists() for name in standing.lists)


def test_an_old_version_is_refused_and_nothing_of_it_is_written(draft: Handoff, sdr: User) -> None:
    editing.save(draft, Package(fields={"industry": "Robots"}), by=sdr, version=1)
    late = Package(fields={"industry": "Pumps"}, lists={"quotes": [quote("Too late.")]})

    with pytest.raises(EditConflict):
        editing.save(draft, late, by=sdr, version=1)

    draft.refresh_from_db()
    assert draft.industry == "Robots"
    assert draft.version == 2
    assert draft.quotes.get().text.startswith("By the time")


def test_saving_what_stands_there_is_no_conflict(draft: Handoff, sdr: User) -> None:
    package = Package(fields={"industry": "Robots"}, lists={"quotes": [quote("We lose deals.")]})
    first = editing.save(draft, package, by=sdr, version=1)

    again = editing.save(draft, package, by=sdr, version=1)

    assert not again.changed
    assert again.handoff.version == 2
    assert again.ids == first.ids


def test_rows_keep_their_ids_when_they_are_edited(draft: Handoff, sdr: User) -> None:
    pk = draft.quotes.get().pk
    rows = [quote("Edited, word for word.", str(pk), pk), quote("And another one.")]

    editing.save(draft, Package(lists={"quotes": rows}), by=sdr, version=1)

    assert draft.quotes.first() == Quote(pk=pk)
    assert draft.quotes.get(pk=pk).text == "Edited, word for word."


def test_a_row_of_another_handoff_is_never_touched(
    draft: Handoff, sdr: User, account: Account, contact: Contact
) -> None:
    other = complete_package(sdr=sdr, account=account, contact=contact)
    foreign = other.quotes.get()

    rows = [quote("Mine now?", "x", foreign.pk)]
    editing.save(draft, Package(lists={"quotes": rows}), by=sdr, version=1)

    foreign.refresh_from_db()
    assert foreign.handoff_id == other.pk
    assert foreign.text.startswith("By the time")


def test_only_who_may_edit_may_save(draft: Handoff, other_sdr: User, manager: User) -> None:
    package = Package(fields={"industry": "Robots"})

    with pytest.raises(TransitionRefused, match="Sam Ortiz or their manager"):
        editing.save(draft, package, by=other_sdr, version=1)

    assert editing.save(draft, package, by=manager, version=1).handoff.version == 2


def test_a_submitted_package_is_out_of_hand(sdr: User, account: Account, contact: Contact) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)

    with pytest.raises(TransitionRefused, match="with the AE now"):
        editing.save(handoff, Package(fields={"industry": "x"}), by=sdr, version=handoff.version)


def test_a_returned_package_can_be_edited(
    sdr: User, ae: User, account: Account, contact: Contact
) -> None:
    handoff = submitted(sdr=sdr, account=account, contact=contact)
    handoff = lifecycle.return_for_information(
        handoff, by=ae, question="Which price list do they use today?"
    )

    saved = editing.save(
        handoff, Package(fields={"industry": "Robots"}), by=sdr, version=handoff.version
    )

    assert saved.handoff.status == Handoff.Status.RETURNED


def test_the_gate_sees_a_save_between_its_look_and_the_move(draft: Handoff, sdr: User) -> None:
    """A save counts the version, so a submission that read the package before it is refused."""
    before = Handoff.objects.get(pk=draft.pk)
    editing.save(draft, Package(fields={"next_step": ""}), by=sdr, version=1)

    with pytest.raises(TransitionRefused):
        lifecycle.submit(before, by=sdr)


def test_two_versions_differ_in_units_and_know_who_changed_them(draft: Handoff) -> None:
    opened = editing.read(draft)
    base = merging.fingerprints(opened)
    mine = dataclasses.replace(opened, fields={**opened.fields, "industry": "Mine"})
    theirs = dataclasses.replace(
        opened, fields={**opened.fields, "industry": "Theirs", "tech_stack": "Excel"}
    )

    found = {row.unit: row for row in merging.differences(mine, theirs, base)}

    assert set(found) == {"industry", "tech_stack"}
    assert found["industry"].changed_by_me and found["industry"].changed_by_them
    assert found["tech_stack"].suggestion == "theirs"


def test_rows_of_both_sides_survive_a_merge(draft: Handoff) -> None:
    opened = editing.read(draft)
    base = merging.fingerprints(opened)
    standing = opened.lists["quotes"][0]
    mine = dataclasses.replace(opened, lists={"quotes": [standing, quote("Mine, new.")]})
    theirs = dataclasses.replace(
        opened, lists={**opened.lists, "quotes": [standing, quote("Theirs, new.", "9", 9999)]}
    )

    merged = merging.resolve(mine, theirs, base, {})

    texts = [row.values["text"] for row in merged.lists["quotes"]]
    assert texts == [standing.values["text"], "Theirs, new.", "Mine, new."]


def test_a_row_they_removed_and_i_changed_is_asked_about(draft: Handoff) -> None:
    opened = editing.read(draft)
    base = merging.fingerprints(opened)
    pk = opened.lists["quotes"][0].pk
    mine = dataclasses.replace(opened, lists={"quotes": [quote("Changed.", str(pk), pk)]})
    theirs = dataclasses.replace(opened, lists={**opened.lists, "quotes": []})

    (found,) = merging.differences(mine, theirs, base)

    assert (found.changed_by_me, found.changed_by_them) == (True, True)
    assert merging.resolve(mine, theirs, base, {found.unit: "theirs"}).lists["quotes"] == []
    assert len(merging.resolve(mine, theirs, base, {}).lists["quotes"]) == 1


def test_an_instant_is_the_same_in_every_zone(draft: Handoff, sdr: User) -> None:
    opened = editing.read(draft)
    assert draft.next_step_at is not None
    moved = draft.next_step_at.astimezone(timezone.get_fixed_timezone(120))
    mine = dataclasses.replace(opened, fields={**opened.fields, "next_step_at": moved})

    assert merging.differences(mine, opened, {}) == []
    later = {"next_step_at": moved + timedelta(hours=1)}
    assert editing.save(draft, Package(fields=later), by=sdr, version=1).changed


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "[" * 100_000])
def test_an_unreadable_base_is_none(text: str) -> None:
    assert merging.load(text) == {}


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_many_saves_at_once_one_is_written_and_the_others_are_told(
    draft: Handoff, sdr: User
) -> None:
    start_line = threading.Barrier(SAVES)
    answers: list[object] = []

    def press(number: int) -> None:
        rows = [quote(f"Version {number} of what was said.")]
        package = Package(fields={"industry": f"Version {number}"}, lists={"quotes": rows})
        try:
            connection.ensure_connection()
            start_line.wait()
            answers.append(editing.save(draft, package, by=sdr, version=1))
        except Exception as error:  # noqa: BLE001  whatever came is the answer to be counted
            answers.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(number,)) for number in range(SAVES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    counted = Counter(type(answer).__name__ for answer in answers)
    assert counted == {"Saved": 1, "EditConflict": SAVES - 1}
    draft.refresh_from_db()
    assert draft.version == 2
    assert draft.quotes.get().text == f"{draft.industry} of what was said."
