"""Many handoffs at once, for tests of lists; a test about states walks the lifecycle instead."""

from datetime import timedelta

from django.utils import timezone

from handoffs.models import Handoff


def crowd_around(pattern: Handoff, size: int) -> None:
    """`size` more submitted handoffs like `pattern`, their deadlines a minute apart."""
    now = timezone.now()
    rows = []
    for number in range(size):
        row = Handoff.objects.get(pk=pattern.pk) if number == 0 else _copy(rows[0])
        row.pk = None
        row.next_due_at = now + timedelta(minutes=number + 1)
        rows.append(row)
    Handoff.objects.bulk_create(rows, batch_size=500)


def _copy(row: Handoff) -> Handoff:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return Handoff(**values)
