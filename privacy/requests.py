"""What becomes of a person's request: filed by one admin, confirmed by another, done once."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from accounts.erased import digest_of
from privacy import erasing, exporting, people, person
from privacy.models import PersonRequest
from team.audit import note
from team.models import Deed, User

log = logging.getLogger("handoffdesk.privacy")
GOOD_FOR = timedelta(hours=24)  # how long what was confirmed may be taken along
Kind, State = PersonRequest.Kind, PersonRequest.State


class RequestRefused(Exception):
    """Nothing was changed; the text says why."""


def file(request: PersonRequest, *, by: User, at: datetime) -> PersonRequest:
    """Store a new request."""
    request.email = request.email.strip().lower()
    request.digest = digest_of(request.email)
    request.filed_by, request.filed_at = by, at
    request.save(force_insert=True)
    note(Deed.ASKED, by=by, about=request, name=_named(request), at=at)
    return request


def confirm(request: PersonRequest, *, by: User, at: datetime) -> None:
    """Let it be done: an erasure by the worker within a minute, an export by a download."""
    if request.filed_by_id == by.pk:
        raise RequestRefused("Somebody else has to confirm what you filed.")
    with transaction.atomic():
        _move(request, State.WAITING, State.CONFIRMED, decided_by=by, decided_at=at)
        note(Deed.CONFIRMED, by=by, about=request, name=_named(request), at=at)


def decline(request: PersonRequest, *, by: User, why: str, at: datetime) -> None:
    """Turn it down, or take it back; the address is not kept."""
    if not why.strip():
        raise RequestRefused("Write why, in a sentence.")
    with transaction.atomic():
        _move(
            request,
            State.WAITING,
            State.DECLINED,
            decided_by=by,
            decided_at=at,
            why=why.strip(),
            email="",
        )
        note(Deed.CHANGED, by=by, about=request, name=_named(request), words="Declined.", at=at)


def take_along(request: PersonRequest, *, by: User, at: datetime) -> bytes:
    """The archive of a confirmed export, once and within a day."""
    if request.kind != Kind.EXPORT or request.decided_at is None:
        raise RequestRefused("There is nothing to download.")
    if at >= request.decided_at + GOOD_FOR:
        raise RequestRefused("It was confirmed more than a day ago: file it again.")
    email = request.email
    with transaction.atomic():
        _move(request, State.CONFIRMED, State.DONE, done_at=at, email="")
        return exporting.archive(people.export(email, by=by, at=at))


def work(at: datetime) -> dict[str, int]:
    """Count what waits, erase what was confirmed, drop what nobody downloaded: for the worker.

    One that breaks keeps none of the others waiting; its error is raised when they are done.
    """
    counted = erased = 0
    broken: Exception | None = None
    for request in PersonRequest.objects.filter(kind=Kind.ERASE, state=State.WAITING, result={}):
        try:
            found = erasing.erase(person.find(request.email), at=at, dry_run=True)
        except erasing.NotErasable as refusal:
            _refuse(request, str(refusal), at)
            continue
        except Exception as error:
            log.exception("person request %s could not be worked on", request.pk)
            broken = error
            continue
        PersonRequest.objects.filter(pk=request.pk).update(result=found.as_data())
        counted += 1
    for request in PersonRequest.objects.filter(kind=Kind.ERASE, state=State.CONFIRMED):
        try:
            result = people.erase(request.email, by=request.decided_by, at=at)
        except erasing.NotErasable as refusal:
            _refuse(request, str(refusal), at)
            continue
        except Exception as error:
            log.exception("person request %s could not be worked on", request.pk)
            broken = error
            continue
        PersonRequest.objects.filter(pk=request.pk).update(
            state=State.DONE, done_at=at, email="", result=result.as_data()
        )
        erased += 1
    late = PersonRequest.objects.filter(kind=Kind.EXPORT, state=State.CONFIRMED)
    dropped = late.filter(decided_at__lte=at - GOOD_FOR).update(
        state=State.REFUSED, email="", why="Nobody downloaded it within a day."
    )
    if broken is not None:
        raise broken
    return {"counted": counted, "erased": erased, "dropped": dropped}


def _refuse(request: PersonRequest, why: str, at: datetime) -> None:
    PersonRequest.objects.filter(pk=request.pk).update(
        state=State.REFUSED, why=why[:300], email="", done_at=at
    )


def _move(
    request: PersonRequest, old: PersonRequest.State, new: PersonRequest.State, **changes: object
) -> None:
    """Change the state if it still is `old`; two at once are one."""
    known = PersonRequest.objects.filter(pk=request.pk, state=old)
    if not known.update(state=new, **changes):
        raise RequestRefused("Somebody has decided on this request meanwhile.")
    request.refresh_from_db()


def _named(request: PersonRequest) -> str:
    """As the trail may keep it: without the address."""
    return f"{request.get_kind_display()}: person {request.digest[:12]}"
