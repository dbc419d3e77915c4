"""An import from the upload to its result: checked, confirmed, written, undone; killed and resumed.

Whoever works on one holds the lock of its note, which a process loses when it is killed; then the
next one starts again from the file. Rows are written in one transaction together with the state, so
that an import is in the database as a whole or not at all, and never twice. How far it is stands
in the note, a file beside the upload: nobody could read it in the database before the end.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, Any, BinaryIO, cast

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, models
from django.db.models import F
from django.utils import timezone
from django_q.tasks import async_task
from redis.exceptions import RedisError

from team.audit import Change, note
from team.models import Deed, Import, User
from team.models.imports import UNDO_FOR
from team.sheets import bulk, shelf, trail, undoing, uploads
from team.sheets.core import Context, Importer, Line, Report, run_import
from team.sheets.formats import choose
from team.sheets.limits import limits_for
from team.sheets.notes import Cancelled, Note, private
from team.sheets.problems import FileRefused
from team.sheets.reading import Table, open_table
from team.sheets.shown import SHOWN, Shown, told_of

FOLDER = "import-files"
AT_ONCE = 500  # rows that are checked while somebody waits; more go to the worker
MOST_ATTEMPTS = 3
CONFIRM_WITHIN = timedelta(hours=1)
DROPPED_WITHIN = timedelta(minutes=2)  # by whoever was at it, unless it was killed just then
State = Import.State
TASK = "config.tasks.run_imports"  # by name: it starts processes, which is a matter of config
RACED = (
    "Somebody has added one of these records since the check. Nothing was imported; upload the "
    "file again to see what is different now."
)
KILLED = "It was interrupted three times. Nothing was imported; ask whoever runs the server."
NOT_UNDONE = "It was interrupted three times. Nothing was undone; ask whoever runs the server."
GONE = "The file is no longer there. Nothing was imported; upload it again."
UNDO_GONE = "What it would take to undo it is no longer there. Nothing was undone."
TAKEN = "Somebody else has one of the old values now. Nothing was undone."
NO_NOTES = (
    "The server has no room left for its notes, or may not write them. Nothing was {done}. Tell "
    "whoever runs the server, then try again."
)
LEFT = "Whoever brought this file may no longer import. Nothing was imported."
log = logging.getLogger("handoffdesk.imports")


def digest_of(stream: Any) -> str:
    """SHA-256 of the content; leaves the stream at its start."""
    stream.seek(0)
    content = hashlib.sha256()
    while chunk := stream.read(1024 * 1024):
        content.update(chunk)
    stream.seek(0)
    return content.hexdigest()


def begin(
    content: Any, *, by: User, kind: str, options: dict[str, Any], state: State, at: datetime
) -> Import:
    """Keep the file and its import, `state` WAITING for the check or CONFIRMED to be written.

    Raises FileRefused where the file cannot be kept.
    """
    name = options["name"]
    digest = digest_of(content)
    file = shelf.put(File(content), FOLDER, name)
    return Import.objects.create(
        by=by, kind=kind, name=name[:200], digest=digest, file=file, options=options, state=state,
        created_at=at, since=at,
    )  # fmt: skip


def before(digest: str, kind: str, *, but: int | None = None) -> Import | None:
    """The last import of the same file that was done, or is about to be."""
    same = Import.objects.filter(kind=kind, digest=digest).exclude(pk=but or 0)
    return same.filter(state__in=(State.DONE, State.CONFIRMED, State.WAITING)).first()


def confirm(run: Import, *, at: datetime) -> bool:
    """Have it written; False where it was not waiting for that."""
    if not _turn(run, State.CHECKED, State.CONFIRMED, since=at, attempts=0):
        return False
    note_of(run).begin_anew()
    return True


def cancel(run: Import, *, at: datetime) -> bool:
    """Stop it, whoever is at work on it; False where it is over already, or being undone."""
    open_ones = (State.WAITING, State.CHECKED, State.CONFIRMED)
    run.refresh_from_db()
    if run.state in open_ones:
        # Before the state: on SQLite whoever writes it has to let go of the file first
        note_of(run).ask_to_stop()
    changed = Import.objects.filter(pk=run.pk, state__in=open_ones).update(
        state=State.CANCELLED, since=at, report={}
    )
    run.refresh_from_db()
    if not run.is_at_work:
        _drop_file(run)
    return bool(changed)


def may_undo(run: Import, now: datetime) -> bool:
    """Whether it can be taken back: done for less than a day, with its trail still there."""
    return (
        run.state == State.DONE
        and _importer(run).can_undo
        and run.done_at is not None
        and now < run.done_at + UNDO_FOR
        and default_storage.exists(_trail_name(run))
    )


def ask_to_undo(run: Import, *, by: User, at: datetime) -> bool:
    """Leave it to the worker to take it back; False where that is not possible any more."""
    asked = {"since": at, "attempts": 0, "options": {**run.options, "undone_by": by.pk}}
    if not may_undo(run, at) or not _turn(run, State.DONE, State.UNDOING, **asked):
        return False
    note_of(run).begin_anew()
    return True


def poke() -> None:
    """Have the worker look now rather than within a minute, if its queue can be reached."""
    try:
        async_task(TASK)
    except RedisError as error:
        log.warning("redis: %s, going on without", type(error).__name__)


def may_import(user: User, model: type[models.Model]) -> bool:
    """Whether somebody may bring files of these: an import adds and changes."""
    app, name = model._meta.app_label, model._meta.model_name
    return user.has_perms([f"{app}.add_{name}", f"{app}.change_{name}"])


def note_of(run: Import) -> Note:
    return Note(f"{FOLDER}/run-{run.pk}.note")


def work(now: datetime | None = None) -> int:
    """Do whatever waits and nobody is at; how many imports were moved on."""
    tidy(now or timezone.now())
    return sum(carry_on(run) for run in Import.objects.waiting())


def is_waited_for() -> bool:
    """Whether an import waits that no process is at."""
    return any(not note_of(run).is_held for run in Import.objects.waiting())


def carry_on(run: Import) -> bool:
    """Do what this import waits for; False where somebody else is at it or nothing waits."""
    with note_of(run).locked() as is_ours:
        if not is_ours:
            return False
        run.refresh_from_db()
        if not run.is_at_work:
            return False
        _take_step(run)
    run.refresh_from_db()
    if not run.is_at_work and run.state != State.CHECKED:
        _drop_file(run)
    return True


def tidy(now: datetime) -> None:
    """Drop what nobody confirmed in time, what was kept for undoing when that is over, and files
    that a process had no time to drop.
    """
    uploads.sweep(now)
    late = Import.objects.filter(state=State.CHECKED, since__lt=now - CONFIRM_WITHIN)
    for run in late:
        if _turn(run, State.CHECKED, State.CANCELLED, since=now, report={}):
            Import.objects.filter(pk=run.pk).update(problem="Nobody confirmed it within an hour.")
            _drop_file(run)
    for run in Import.objects.exclude(report={}).filter(since__lt=now - UNDO_FOR):
        if not run.is_at_work:
            Import.objects.filter(pk=run.pk).update(report={})
            default_storage.delete(_trail_name(run))
    over = Import.objects.exclude(file="").exclude(state__in=(*Import.WORK, State.CHECKED))
    for run in over.filter(since__lt=now - DROPPED_WITHIN):
        _drop_file(run)


# --- The three steps -------------------------------------------------------------------------


def _take_step(run: Import) -> None:
    undoing_it = run.state == State.UNDOING
    if run.attempts >= MOST_ATTEMPTS:
        _end(run, *((State.DONE, NOT_UNDONE) if undoing_it else (State.FAILED, KILLED)))
        return
    Import.objects.filter(pk=run.pk).update(attempts=F("attempts") + 1)
    step = {State.WAITING: _check, State.CONFIRMED: _write, State.UNDOING: _undo}
    try:
        step[State(run.state)](run)
    except Cancelled:
        log.info("import %s was cancelled", run.pk)
    except FileRefused as error:
        _end(run, State.REFUSED, str(error))
    except FileNotFoundError:
        _end(run, *((State.DONE, UNDO_GONE) if undoing_it else (State.FAILED, GONE)))
    except OSError as error:
        log.error("import %s: its notes could not be written: %s", run.pk, error.strerror)
        sentence = NO_NOTES.format(done="undone" if undoing_it else "imported")
        _end(run, State.DONE if undoing_it else State.FAILED, sentence)
    except IntegrityError:
        _end(run, *((State.DONE, TAKEN) if undoing_it else (State.REFUSED, RACED)))


def _check(run: Import) -> None:
    with _table(run) as table:
        total = sum(1 for _ in table.rows)
    Import.objects.filter(pk=run.pk).update(rows=total)
    report, told = _run(run, total, writing=False)
    state = State.REFUSED if report.wrong else State.CHECKED
    _turn(
        run, State.WAITING, state,
        since=timezone.now(), attempts=0, report=told, rows=report.rows,
        summary=report.summary()[:300],
    )  # fmt: skip


def _write(run: Import) -> None:
    if not may_import(run.by, _importer(run).model):
        _end(run, State.FAILED, LEFT)
        return
    with bulk.unhurried():
        now = timezone.now()
        with _fresh_trail(run) as file:
            report, told = _run(run, run.rows, writing=True, now=now, trail_file=file)
        state = State.DONE if report.written else State.REFUSED
        moved = _turn(
            run, State.CONFIRMED, state,
            since=now, done_at=timezone.now() if report.written else None, report=told,
            rows=report.rows,
            summary=report.summary()[:300],
        )  # fmt: skip
        if not moved:
            raise Cancelled
        if report.written:
            changes = [
                Change(f"{line.label}, {change.field}", change.old, change.new)
                for line in report.lines
                for change in line.changes
            ]
            note(
                Deed.IMPORTED,
                by=run.by,
                about=_importer(run).model,
                words=f"{report.summary()} from {run.name}",
                changes=changes if run.options.get("rows_in_trail") else (),
                at=now,
            )
    log.info("%s imported %s: %s", run.by_id, run.kind, report.summary())


def _undo(run: Import) -> None:
    now = timezone.now()
    assert run.done_at is not None  # noqa: S101
    by = User.objects.get(pk=run.options.get("undone_by", run.by_id))
    with bulk.unhurried():
        with default_storage.open(_trail_name(run), "r") as file:
            done = undoing.undo(
                _importer(run), trail.read(file), written_at=run.done_at,
                source=f"Undo of {run.name}"[:80], by=by, now=now, say=note_of(run).say,
            )  # fmt: skip
        told = {**run.report, "undone": {"named": done.named, "kept": done.kept}}
        _turn(
            run, State.UNDOING, State.UNDONE,
            since=now, report=told, summary=f"Undone: {done.summary()}",
        )  # fmt: skip
        note(
            Deed.CHANGED, by=by, about=_importer(run).model,
            words=f"import of {run.name} undone: {done.summary()}", at=now,
        )  # fmt: skip


def _run(
    run: Import,
    total: int,
    *,
    writing: bool,
    now: datetime | None = None,
    trail_file: IO[str] | None = None,
) -> tuple[Report, dict[str, Any]]:
    progress = note_of(run)
    progress.say(0, total)
    shown = Shown()

    def on_line(line: Line) -> None:
        shown.add(line)
        if shown.seen % 500 == 0:
            progress.say(shown.seen, total)

    with _table(run) as table:
        mapping = choose(
            _importer(run).formats,
            table.headers,
            run.options.get("format", "auto"),
            run.options.get("columns"),
        )
        context = Context(
            by=run.by, now=now or timezone.now(), writing=writing,
            country=run.options.get("country", ""),
        )  # fmt: skip
        importer = _importer(run)(mapping, context)
        importer.trail = trail.Trail(trail_file) if trail_file else None
        report = run_import(importer, table.rows, on_line=on_line, keep=SHOWN if writing else 0)
    progress.say(shown.seen, max(total, shown.seen))
    return report, told_of(report, shown.lines)


# --- Files and states -------------------------------------------------------------------------


def _importer(run: Import) -> type[Importer]:
    return Importer.known[run.kind]


@contextmanager
def _table(run: Import) -> Iterator[Table]:
    if not run.file or not default_storage.exists(run.file):
        raise FileNotFoundError(run.file)
    with default_storage.open(run.file, "rb") as stream:
        raw = cast(BinaryIO, stream.file)
        yield open_table(raw, run.name, limits_for(run.by), run.options.get("encoding", ""))


def _fresh_trail(run: Import) -> IO[str]:
    return open(default_storage.path(_trail_name(run)), "w", encoding="utf-8", opener=private)


def _trail_name(run: Import) -> str:
    return f"{FOLDER}/run-{run.pk}.undo"


def _turn(run: Import, old: State, new: State, **values: Any) -> bool:
    """Change the state from `old` to `new`, unless somebody else has changed it meanwhile."""
    moved = Import.objects.filter(pk=run.pk, state=old).update(state=new, **values)
    return bool(moved)


def _end(run: Import, state: State, sentence: str) -> None:
    _turn(run, State(run.state), state, since=timezone.now(), problem=sentence[:500])


def _drop_file(run: Import) -> None:
    """The upload is done with; so is the note."""
    if run.file:
        default_storage.delete(run.file)
        Import.objects.filter(pk=run.pk).update(file="")
    if not run.is_at_work:
        note_of(run).drop()
