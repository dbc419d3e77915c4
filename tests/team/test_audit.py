"""The audit trail is written once: no door, queryset or instance changes or deletes an entry."""

from datetime import UTC, date, datetime

import pytest
from django.db import transaction
from django.utils import timezone

from team import audit
from team.models import AuditEntry, Deed, Territory, User


@pytest.fixture
def entry(revops: User, north: Territory) -> AuditEntry:
    changes = [audit.Change("primary", "Ana Silva", "Ben Okafor")]
    return audit.note(Deed.CHANGED, by=revops, about=north, changes=changes)


def test_it_says_who_what_when_before_and_after(entry: AuditEntry, revops: User) -> None:
    kept = AuditEntry.objects.get()
    assert (kept.by, kept.deed, kept.name, kept.at) == (revops, "changed", "North", timezone.now())
    assert kept.changes == [{"field": "primary", "before": "Ana Silva", "after": "Ben Okafor"}]
    assert str(kept) == "Rita Vance changed North"


def test_the_entries_of_a_row_are_found_by_the_row(
    entry: AuditEntry, north: Territory, south: Territory
) -> None:
    assert list(AuditEntry.objects.of(north)) == [entry]
    assert list(AuditEntry.objects.of(south)) == []


def test_nobody_changes_or_deletes_an_entry(entry: AuditEntry) -> None:
    entry.note = "It was somebody else."
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(note=""),
        lambda: AuditEntry.objects.bulk_update([entry], ["note"]),
        lambda: AuditEntry._base_manager.filter(pk=entry.pk).update(note=""),
    ):
        with pytest.raises(TypeError, match="append-only"), transaction.atomic():
            attempt()
    assert AuditEntry.objects.get().note == ""


def test_values_are_put_into_words(ae: User) -> None:
    assert audit.in_words("is_active", True) == "yes"
    assert audit.in_words("day", date(2026, 3, 2)) == "2 Mar 2026"
    assert audit.in_words("at", datetime(2026, 3, 2, 9, tzinfo=UTC)) == "2 Mar 2026 09:00 UTC"
    assert audit.in_words("people", [ae]) == "Ana Silva"
    assert audit.in_words("reports_to", ae.pk, User._meta.get_field("reports_to")) == "Ana Silva"
    assert audit.in_words("note", None) == ""


def test_a_secret_is_never_put_into_words() -> None:
    assert audit.in_words("webhook_url", "https://hooks.example/T0/x") == "(secret)"
    assert audit.in_words("password", "") == ""
