"""What the import commands share: options, all or nothing, and what is printed."""

from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone

from team.models import User
from team.sheets.core import Context, Importer, Report, run_import
from team.sheets.formats import choose
from team.sheets.limits import COMMAND
from team.sheets.problems import FileRefused
from team.sheets.reading import open_table
from team.sheets.text_tables import ENCODINGS


class ImportCommand(BaseCommand):
    """Imports one file. Nothing is written if any row is wrong, unless --skip-bad-rows."""

    importer: ClassVar[type[Importer]]
    takes_country = False

    def add_arguments(self, parser: CommandParser) -> None:
        keys = [item.key for item in self.importer.formats]
        parser.add_argument("file", type=Path, help="a .csv or .xlsx file")
        parser.add_argument(
            "--format",
            choices=["auto", *keys],
            default="auto",
            help="the columns of which system; auto finds out from the header",
        )
        parser.add_argument(
            "--encoding",
            choices=["", *ENCODINGS],
            default="",
            help="of a CSV file that is neither UTF-8 nor UTF-16",
        )
        parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")
        parser.add_argument(
            "--skip-bad-rows", action="store_true", help="import the right rows, report the wrong"
        )
        parser.add_argument("--by", default="", help="user name of whoever imports")
        if self.takes_country:
            parser.add_argument(
                "--country", default="", help="of phone numbers without country code, such as US"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        context = Context(
            by=self._person(options["by"]),
            now=timezone.now(),
            writing=not options["dry_run"],
            skip_wrong=options["skip_bad_rows"],
            country=options.get("country", "").upper(),
        )
        try:
            with path.open("rb") as stream:
                table = open_table(stream, path.name, COMMAND, options["encoding"])
                mapping = choose(self.importer.formats, table.headers, options["format"])
                report = run_import(self.importer(mapping, context), table.rows)
        except FileRefused as error:
            raise CommandError(f"{path.name}: {error} Nothing was imported.") from None
        except IntegrityError:
            raise CommandError(
                "Somebody has added one of these records meanwhile. Nothing was imported; run it "
                "again."
            ) from None
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}.") from None
        self._print(report)
        if report.wrong and not context.skip_wrong:
            raise CommandError(
                f"{report.wrong:,} of {report.rows:,} rows are wrong, so nothing was imported. "
                "Correct them, or leave them out with --skip-bad-rows."
            )

    def _person(self, username: str) -> User | None:
        if not username:
            return None
        person = User.objects.active().filter(username=username).first()
        if person is None:
            raise CommandError(f"Nobody signs in as “{username}”.")
        return person

    def _print(self, report: Report) -> None:
        out = self.stdout.write
        out(f"Format: {report.mapping.format.title}")
        for sentence in report.mapping.remarks():
            out(sentence)
        for text, rows in report.notes.items():
            out(f"Note ({_rows(rows)}): {text}")
        for problem in report.problems:
            out(str(problem))
        if report.problem_count > len(report.problems):
            out(f"… and {report.problem_count - len(report.problems):,} more.")
        words = "Imported" if report.written else "Nothing was written. It would be"
        out(f"{words}: {report.summary()}.")


def _rows(rows: list[int]) -> str:
    shown = ", ".join(map(str, sorted(rows)[:5]))
    if len(rows) == 1:
        return f"row {shown}"
    return f"{len(rows):,} rows: {shown}{' …' if len(rows) > 5 else ''}"
