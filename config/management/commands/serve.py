"""`manage.py serve`: the web part and the worker together, for one machine."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from config import processes
from config.demo import cast
from config.worker import command
from team.models import User

PATIENCE = 40  # seconds, for both parts: more than the worker gives its own tasks


class Command(BaseCommand):
    help = "Serves the pages and runs the worker. Ctrl-C ends both."
    requires_system_checks = []  # they are run below, once the database is there

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", nargs="?", default="127.0.0.1:8000", help="HOST:PORT")
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="First migrate, collect static files, and put the demo into an empty database.",
        )
        parser.add_argument(
            "--no-demo", action="store_true", help="Serve no database that holds the demo."
        )
        parser.add_argument("--workers", type=int, default=2, help="web processes (default 2)")
        parser.add_argument("--threads", type=int, default=8, help="threads in each (default 8)")

    def handle(self, *args: Any, **options: Any) -> None:
        host, _, port = options["address"].rpartition(":")
        host = host or "127.0.0.1"
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise CommandError(f"“{options['address']}” is not HOST:PORT, such as 127.0.0.1:8000.")
        refuse_a_taken_port(host, int(port))
        if options["prepare"]:
            try:
                prepare(self.say, demo=not options["no_demo"])
            except KeyboardInterrupt:
                raise CommandError("Stopped before it was ready.") from None
        self.check()
        if options["no_demo"] and demo_sign_ins():
            raise CommandError(
                "This database holds the demo, whose sign-ins everybody knows. To begin for real, "
                f"move {settings.VAR_DIR} away (or set DATABASE_URL) and start again."
            )
        web = f"http://{host}:{port}"
        self.say(f"\nHandoff Desk is at {web}/", *demo_sign_ins(), "Ctrl-C ends it.\n")
        connection.close()
        environment = {**os.environ, "BASE_URL": os.environ.get("BASE_URL") or web}
        sys.exit(
            run_until_told(
                gunicorn(f"{host}:{port}", options["workers"], options["threads"]),
                command("run_worker"),
                environment,
            )
        )

    def say(self, *lines: str) -> None:
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def gunicorn(address: str, workers: int, threads: int) -> list[str]:
    """The web server’s command line; the rest stands in gunicorn.conf.py."""
    return [
        sys.executable, "-m", "gunicorn", "config.wsgi:application",
        "--config", str(settings.BASE_DIR / "gunicorn.conf.py"),
        "--bind", address,
        "--workers", str(workers),
        "--threads", str(threads),
        "--chdir", str(settings.BASE_DIR),
    ]  # fmt: skip


def run_until_told(web: list[str], worker: list[str], environment: dict[str, str]) -> int:
    """Run both until SIGINT or SIGTERM; the exit status: 0 when told to end, 1 when the web died.

    A worker’s supervisor that ends is started again; without the web part there is no point.
    """
    told: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        told.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)
    pages = processes.start(web, env=environment)
    tasks = processes.start(worker, env=environment)
    while not told and pages.poll() is None:
        if tasks.poll() is not None:
            processes.kill_group(tasks.pid)
            time.sleep(1)
            tasks = processes.start(worker, env=environment)
        time.sleep(0.2)
    died = pages.poll() is not None
    end_together(pages, tasks)
    return 1 if died else 0


def end_together(*children: subprocess.Popen[bytes]) -> None:
    """Ask all to end at once, then wait for each."""
    for child in children:
        child.terminate()
    until = time.monotonic() + PATIENCE
    for child in children:
        processes.end(child, max(0.1, until - time.monotonic()))


def refuse_a_taken_port(host: str, port: int) -> None:
    """Raises CommandError, in one line, when somebody listens there already."""
    try:
        family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        raise CommandError(
            f"{host}:{port} cannot be used ({error.strerror}). "
            "Choose another port: the same command with PORT=8001 behind it."
        ) from error


def prepare(say: Callable[[str], None], *, demo: bool) -> None:
    """Bring database and static files up to date, doing only what is not done yet.

    With `demo`, an empty database is filled with it.
    """
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Preparing the database…")
        call_command("migrate", verbosity=0, interactive=False)
    collect_static(say)
    if not demo:
        return
    with transaction.atomic():  # whoever stops it half-way finds an empty database again
        call_command("demo", "--if-empty")


def collect_static(say: Callable[[str], None]) -> None:
    """Collect the static files unless none has changed since the last time."""
    stamp = settings.VAR_DIR / "static.json"
    present = sorted(_static_files())
    known = json.loads(stamp.read_text()) if stamp.exists() else None
    if known == present and Path(settings.STATIC_ROOT, "staticfiles.json").exists():
        return
    say("Preparing the pages…")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(json.dumps(present))


def _static_files() -> Iterator[list[Any]]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            path = Path(storage.path(name))
            yield [str(path), int(path.stat().st_mtime), path.stat().st_size]


def demo_sign_ins() -> list[str]:
    """What to tell somebody who tries the demo; nothing on a database of their own."""
    people = {user.username: user for user in User.objects.filter(username__in=cast.SIGN_INS)}
    if not people or not next(iter(people.values())).check_password(cast.PASSWORD):
        return []
    names = ", ".join(name for name in cast.SIGN_INS if name in people)
    return [f"Sign in as {names}; the password is {cast.PASSWORD}."]
