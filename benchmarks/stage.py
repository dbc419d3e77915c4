"""Where benchmarks play: throwaway databases with demo histories of several lengths.

A history is played once through the real verbs and then copied (`config.demo.multiply`), so a long
one takes minutes. Nothing here measures.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
# Handoffs that are played, a third of a second each; the rest of a history is copied from them
PLAYED, PLAYED_IF_SHORT, SHORT = 300, 120, 10_000


@contextmanager
def histories(vendor: str, sizes: list[int], played: int = 0) -> Iterator[dict[int, str]]:
    """The address of a database for each size, all of them copies of one that was played.

    `played` 0: as many handoffs as suit the longest.
    """
    played = played or (PLAYED if max(sizes) > SHORT else PLAYED_IF_SHORT)
    with ExitStack() as stack:
        if vendor == "postgresql":
            yield _on_postgres(stack, sizes, played)
        else:
            yield _on_sqlite(stack, sizes, played)


def child(script: str, url: str, *arguments: str) -> subprocess.Popen[str]:
    """A benchmark's own script against one of the databases, to be talked to line by line."""
    return subprocess.Popen(
        [sys.executable, script, *arguments],
        env={**os.environ, "DATABASE_URL": url, "DEBUG": "false"},
        cwd=HOME,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _on_sqlite(stack: ExitStack, sizes: list[int], count: int) -> dict[int, str]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="desk-bench-")))
    played = folder / "played.sqlite3"
    manage(f"sqlite:///{played}", "migrate", "-v0")
    manage(f"sqlite:///{played}", "demo", "--months", "24", "--handoffs", str(count))
    urls = {}
    for size in sizes:
        path = folder / f"{size}.sqlite3"
        shutil.copy(played, path)
        urls[size] = f"sqlite:///{path}"
        _lengthen(urls[size], size)
    return urls


def _on_postgres(stack: ExitStack, sizes: list[int], count: int) -> dict[int, str]:
    sys.path.insert(0, str(HOME))
    from tests.postgres import new_database, start_postgres

    server = stack.enter_context(start_postgres())
    played = stack.enter_context(new_database(server))
    manage(played, "migrate", "-v0")
    manage(played, "demo", "--months", "24", "--handoffs", str(count))
    name = played.rsplit("/", 1)[1]
    urls = {}
    for size in sizes:
        urls[size] = stack.enter_context(new_database(server, like=name))
        _lengthen(urls[size], size)
    return urls


def manage(url: str, *command: str) -> None:
    """One of the product’s own commands on the database at `url`."""
    subprocess.run(
        [sys.executable, "manage.py", *command],
        env={**os.environ, "DATABASE_URL": url},
        cwd=HOME,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _lengthen(url: str, size: int) -> None:
    code = (
        "from django.utils import timezone; from reports import facts, rollup;"
        "from config.demo.multiply import multiply;"
        f"facts.catch_up(); multiply(to={size});"
        # The copies are facts of days that have been counted without them
        "rollup.count_all_anew(); rollup.roll(timezone.now())"
    )
    manage(url, "shell", "-v0", "-c", code)
    print(f"{size:,} handoffs are there", flush=True)
