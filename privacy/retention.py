"""Forgets what is too old: takes the prospect out of it, or deletes it where it is no record.

Each rule has its days in settings.RETENTION (0: never). A thousand rows at most in a transaction;
what is interrupted goes on the next night.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog
from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import Attitude, CommitteeRole, Contact, InboundEvent, SourceRecord
from handoffs.models import Handoff, HandoffEvent
from messaging.models import Message
from privacy import rows
from privacy.models import ForgottenHandoff
from privacy.register import personal
from team.models import AuditEntry
from team.turns import give_way

AT_ONCE = 1000
ENDED = (Handoff.Status.QUALIFIED, Handoff.Status.DISQUALIFIED)
STOPPED = (Handoff.Status.REJECTED, Handoff.Status.WITHDRAWN)
SETTLED = (
    Message.State.SENT,
    Message.State.DEAD,
    Message.State.UNKNOWN,
    Message.State.EXPIRED,
    Message.State.CANCELLED,
)
NO_TEXT: dict[str, Any] = {"body": Message.REMOVED, "headers": {}, "calendar": ""}
# Words of ours about our own work, which say nothing about the prospect
KEPT_TEXTS = {"subject", "industry", "company_size"}


def forget(now: datetime, *, dry_run: bool = False) -> dict[str, int]:
    """Apply every rule; how many things each one touched, or would."""
    return {name: rule(now, dry_run) for name, rule in RULES.items()}


def _before(now: datetime, name: str) -> datetime | None:
    days = settings.RETENTION[name]
    return now - timedelta(days=days) if days else None


# --- Handoffs and their people -------------------------------------------------------------------


def _handoffs(now: datetime, dry_run: bool) -> int:
    old = _old_handoffs(now)
    count = old.count() if dry_run else 0
    while not dry_run and (pks := list(old.order_by("pk").values_list("pk", flat=True)[:100])):
        mark = f"[removed {now:%Y-%m-%d}]"
        with transaction.atomic():
            for queryset in rows.of_handoffs(set(pks)):
                if queryset.model is HandoffEvent:
                    _blank_events(queryset, mark)
                elif queryset.model is AuditEntry:
                    queryset.update(changes=[], note="")
                elif queryset.model is Message:
                    _blank_messages(queryset)
                else:
                    _blank(queryset, mark)
            ForgottenHandoff.objects.bulk_create(
                ForgottenHandoff(handoff_id=pk, at=now) for pk in pks
            )
        count += len(pks)
        give_way()
    return count


def _old_handoffs(now: datetime) -> "models.QuerySet[Handoff]":
    due = Q(pk=None)
    if (before := _before(now, "stopped")) is not None:
        due |= Q(status__in=STOPPED, updated_at__lt=before)
    if (before := _before(now, "ended")) is not None:
        due |= Q(status__in=ENDED, closed_at__lt=before)
    known = ForgottenHandoff.objects.filter(handoff=OuterRef("pk"))
    return Handoff.objects.filter(due).filter(~Exists(known))


def _blank(queryset: "models.QuerySet[Any]", mark: str) -> None:
    """Every personal text of these rows becomes the mark; what was empty stays empty."""
    for name in personal(queryset.model):
        if name in KEPT_TEXTS:
            continue
        field = queryset.model._meta.get_field(name)
        if isinstance(field, models.JSONField):
            queryset.exclude(**{name: field.get_default()}).update(**{name: field.get_default()})
        else:
            most = getattr(field, "max_length", None) or len(mark)
            queryset.exclude(**{name: ""}).update(**{name: mark[:most]})


def _blank_events(queryset: "models.QuerySet[Any]", mark: str) -> None:
    """The log keeps what happened and every figure; words and packages go."""
    queryset.exclude(note="").update(note=mark)
    for event in queryset.filter(data__has_key="package"):
        answers = event.data["package"].get("answers", [])
        kept = [{name: row.get(name) for name in ("criterion", "status")} for row in answers]
        data = {**event.data, "package": {"removed": mark, "answers": kept}}
        rows.all_of(HandoffEvent).filter(pk=event.pk).update(data=data)


def _blank_messages(queryset: "models.QuerySet[Any]") -> None:
    queryset.update(**NO_TEXT)
    to_them = queryset.filter(audience=Message.Audience.PROSPECT)
    for pk in to_them.values_list("pk", flat=True):
        rows.all_of(Message).filter(pk=pk).update(
            recipient=f"removed-{pk}@removed.invalid", subject="[removed]"
        )


def _contacts(now: datetime, dry_run: bool) -> int:
    """People whose every handoff was forgotten and of whom nothing was heard as long."""
    before = _before(now, "ended")
    if before is None:
        return 0
    theirs = Handoff.objects.filter(contact=OuterRef("pk"))
    known = ForgottenHandoff.objects.filter(handoff=OuterRef("pk"))
    old = Contact.objects.filter(
        Exists(theirs), ~Exists(theirs.filter(~Exists(known))), updated_at__lt=before
    ).exclude(last_name__startswith="[")
    count = old.count() if dry_run else 0
    while not dry_run and (pks := list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])):
        mark = f"[removed {now:%Y-%m-%d}]"
        with transaction.atomic():
            for queryset in rows.of_contacts(pks):
                _forget_rows(queryset, mark)
            empty: dict[str, Any] = dict.fromkeys(personal(Contact), "")
            Contact.objects.filter(pk__in=pks).update(
                **{**empty, "last_name": mark},
                role=CommitteeRole.UNKNOWN,
                attitude=Attitude.UNKNOWN,
            )
        count += len(pks)
        give_way()
    return count


def _forget_rows(queryset: "models.QuerySet[Any]", mark: str) -> None:
    """As `_blank`; a vendor's name for somebody we no longer know, and what was sent, go."""
    if queryset.model is SourceRecord:
        queryset.delete()
    elif queryset.model is InboundEvent:
        queryset.update(body="", record_key="", outcome="")
    else:
        _blank(queryset, mark)


# --- What is no record ---------------------------------------------------------------------------


def _outbox(now: datetime, dry_run: bool) -> int:
    """The texts of settled messages; that they went, when and how they fared stays."""
    before = _before(now, "outbox")
    if before is None:
        return 0
    old = Message.objects.filter(state__in=SETTLED, created_at__lt=before).exclude(
        body=Message.REMOVED
    )
    return _in_parts(old, dry_run, lambda part: part.update(**NO_TEXT))


def _audit(now: datetime, dry_run: bool) -> int:
    return _delete(rows.all_of(AuditEntry), "at", _before(now, "audit"), dry_run)


def _sign_in(now: datetime, dry_run: bool) -> int:
    before = _before(now, "sign_in")
    logs: tuple[Any, ...] = (AccessFailureLog, AccessAttempt)
    return sum(_delete(rows.all_of(log), "attempt_time", before, dry_run) for log in logs)


def _delete(found: "models.QuerySet[Any]", at: str, before: datetime | None, dry_run: bool) -> int:
    if before is None:
        return 0
    old = found.filter(**{f"{at}__lt": before})
    return _in_parts(old, dry_run, lambda part: part.delete())


def _in_parts(old: "models.QuerySet[Any]", dry_run: bool, change: Callable[[Any], object]) -> int:
    """Change all of `old`, a thousand rows in a transaction; how many."""
    count = old.count() if dry_run else 0
    while not dry_run and (pks := list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])):
        with transaction.atomic():
            change(rows.all_of(old.model).filter(pk__in=pks))
        count += len(pks)
        give_way()
    return count


RULES: dict[str, Callable[[datetime, bool], int]] = {
    "handoffs": _handoffs,
    "contacts": _contacts,
    "messages": _outbox,
    "audit_entries": _audit,
    "failed_sign_ins": _sign_in,
}
