"""Migrations that people do not notice: the release before goes on working on the new tables."""

from pathlib import Path

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from tests.test_settings import ROOT

OURS = {"team", "accounts", "messaging", "handoffs", "sla", "reports", "privacy"}
BASELINE = Path(ROOT, "tests", "data", "migrations-before-the-rule.txt")
TAKES_AWAY = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
    operations.RunSQL,
)


def why_not(operation: Operation) -> str:
    """Why a release that does not know of `operation` would break on it; "" when it would not."""
    if isinstance(operation, TAKES_AWAY):
        return "takes away or renames what the release before reads and writes"
    if isinstance(operation, operations.SeparateDatabaseAndState):
        return next(filter(None, map(why_not, operation.database_operations)), "")
    if isinstance(operation, (operations.AddField, operations.AlterField)):
        field = operation.field
        many = isinstance(field, models.ManyToManyField)
        if not (many or field.null or field.has_db_default()):
            return "the release before writes rows without it: null=True or db_default"
    return ""


def test_a_new_migration_only_adds() -> None:
    before = set(BASELINE.read_text().split())
    bad = [
        f"{app}.{name}: {type(operation).__name__} {why}"
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in OURS and f"{app}.{name}" not in before
        for operation in migration.operations
        if (why := why_not(operation))
    ]
    assert bad == [], "see docs/operations.md, Upgrading"


@pytest.mark.parametrize(
    ("operation", "is_fine"),
    [
        (operations.AddField("x", "y", models.CharField(max_length=3)), False),
        (operations.AddField("x", "y", models.CharField(max_length=3, default="")), False),
        (operations.AddField("x", "y", models.CharField(max_length=3, db_default="")), True),
        (operations.AddField("x", "y", models.DateField(null=True)), True),
        (operations.AddField("x", "y", models.ManyToManyField("team.User")), True),
        (operations.AlterField("x", "y", models.DateField()), False),
        (operations.RemoveField("x", "y"), False),
        (operations.RenameField("x", "y", "z"), False),
        (operations.DeleteModel("x"), False),
        (operations.RunSQL("SELECT 1"), False),
        (operations.CreateModel("x", []), True),
        (
            operations.SeparateDatabaseAndState(
                database_operations=[operations.RemoveField("x", "y")]
            ),
            False,
        ),
        (
            operations.SeparateDatabaseAndState(
                state_operations=[operations.RemoveField("x", "y")]
            ),
            True,
        ),
    ],
)
def test_what_takes_away_is_told_from_what_adds(operation: Operation, is_fine: bool) -> None:
    assert (why_not(operation) == "") is is_fine
