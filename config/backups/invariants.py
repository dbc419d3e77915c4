"""What holds in every sound database of ours, beyond what its constraints see to."""

from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Subquery, Value, Window
from django.db.models.functions import Lag

from handoffs.models import Handoff, HandoffEvent


def broken() -> list[str]:
    """A sentence for each rule that does not hold; [] when all do."""
    return [
        f"{count} {words}"
        for words, rows in (
            ("events do not begin in the state in which the one before ended.", _gaps()),
            ("handoffs stand in another state than their last event says.", _strays()),
            ("handoffs have no event.", _silent()),
        )
        if (count := rows.count())
    ]


def _gaps() -> QuerySet[HandoffEvent]:
    ended = Lag("to_status", default=Value("", output_field=CharField()))
    before = Window(ended, partition_by="handoff", order_by=F("pk").asc())
    return HandoffEvent.objects.annotate(before=before).exclude(from_status=F("before"))


def _strays() -> QuerySet[Handoff]:
    last = HandoffEvent.objects.filter(handoff=OuterRef("pk")).order_by("-pk")
    return Handoff.objects.annotate(said=Subquery(last.values("to_status")[:1])).exclude(
        status=F("said")
    )


def _silent() -> QuerySet[Handoff]:
    return Handoff.objects.exclude(Exists(HandoffEvent.objects.filter(handoff=OuterRef("pk"))))
