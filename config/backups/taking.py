"""Taking a backup, and putting one back with everything that has to happen around it."""

import tempfile
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from accounts.models import Account
from config.backups import again, archive, invariants, postgres, sqlite
from config.backups.archive import BackupRefused, Facts, Manifest
from config.leftovers import Note
from handoffs.models import Handoff
from privacy.rows import unhurried
from team.models import User


def take(path: Path, *, now: datetime) -> Manifest:
    """Write a backup of the database to `path` while people work; raises BackupRefused."""
    if "django_migrations" not in connection.introspection.table_names():
        raise BackupRefused("The database is empty: manage.py migrate was never run on it.")
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR, prefix="backup-") as folder:
        return archive.write(path, lambda out: _engine().copy(out, Path(folder)), now.isoformat())


def restore(path: Path, *, overwrite: bool = False) -> tuple[Manifest, list[str]]:
    """Put the backup at `path` back; what it was and what was done after it, in sentences.

    Raises BackupRefused, and then nothing was changed, unless the text says otherwise.
    """
    _refuse_beside_others()
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR, prefix="restore-") as folder:
        copy = Path(folder) / "database"
        manifest = archive.read(path, copy)
        _refuse_what_does_not_fit(manifest)
        if not overwrite and (found := _what_is_there()):
            raise BackupRefused(f"The database holds {found}. To lose that, add --yes.")
        remembered = [_remember(step) for step in again.STEPS]
        _engine().put_back(copy, Facts(manifest.engine, manifest.rows, manifest.migrations))
    call_command("migrate", interactive=False, verbosity=0)
    done = [step.again(kept) for step, kept in zip(again.STEPS, remembered, strict=True)]
    with unhurried():
        wrong = invariants.broken()
    if wrong:
        raise BackupRefused(f"It was put back, but it is not sound: {' '.join(wrong)}")
    return manifest, done


def _engine() -> ModuleType:
    return sqlite if settings.ON_SQLITE else postgres


def _refuse_beside_others() -> None:
    if workers := Note(settings.VAR_DIR, settings.DATABASES["default"]).living():
        raise BackupRefused(f"A worker runs here (process {workers[0]}). End it first.")
    if others := _engine().others_at_work():
        raise BackupRefused(
            f"{others} other programs are connected. End the web part and the workers first, on "
            "every machine."
        )


def _refuse_what_does_not_fit(manifest: Manifest) -> None:
    if manifest.engine != connection.vendor:
        raise BackupRefused(
            f"This is a backup of {manifest.engine}; DATABASE_URL names {connection.vendor}."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := sorted(set(manifest.migrations) - known):
        raise BackupRefused(
            f"It was taken by release {manifest.release}, which knows {unknown[-1]}; this one "
            "does not. Install that release, or a newer one, and restore there."
        )


def _what_is_there() -> str:
    """What would be lost, in words; "" for a database that is empty or only migrated."""
    tables = set(connection.introspection.table_names())
    ours = set(connection.introspection.django_table_names(include_views=False))
    ours.add("django_migrations")
    if strangers := sorted(tables - ours):
        return f"tables that are not ours, such as {strangers[0]}"
    for model in (Handoff, Account, User):
        if model._meta.db_table in tables and (count := model._default_manager.count()):
            return f"{count} {model._meta.verbose_name_plural}"
    return ""


def _remember(step: again.Step) -> Any:
    """None where the database that goes is empty, damaged or of another release."""
    try:
        return step.remember()
    except DatabaseError:
        return None
