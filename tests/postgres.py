"""A throwaway PostgreSQL server for tests: this machine’s own, or what TEST_DATABASE_URL names.

`python -m tests.postgres COMMAND …` runs any command with DATABASE_URL pointing at a fresh one.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit, urlunsplit

import psutil
import psycopg
import pytest
from psycopg import sql

OWNER = "desk"
READY_WITHIN = 30  # seconds, on a busy machine
# Durability is of no use to a server that is thrown away; PostgreSQL's docs, "Non-Durable Settings"
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "120",
    "listen_addresses": "",
    "log_min_messages": "fatal",
}


@contextmanager
def start_postgres() -> Iterator[str]:
    """The URL of an empty database on a real server, gone afterwards.

    Without a server on this machine the test is skipped with the reason; in CI it fails.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        with new_database(given) as url:
            yield url
        return
    with own_folder() as (folder, account):
        server = _start(folder, account)
        try:
            url = f"postgres://{OWNER}@{quote(str(folder), safe='')}/postgres"
            _wait_until_ready(url, server)
            yield url
        finally:
            _stop(server)


class Breakable:
    """A server at a port of its own that a test stops, starts again, and halts."""

    def __init__(self, folder: Path, account: dict[str, Any], port: int, **options: str) -> None:
        self.url = f"postgres://{OWNER}@127.0.0.1:{port}/postgres"
        self._options = {"listen_addresses": "127.0.0.1", "port": str(port), **options}
        self._home = folder, account
        self.start()

    def start(self) -> None:
        self._process = _start(*self._home, self._options)
        _wait_until_ready(self.url, self._process)

    def stop(self) -> None:
        """At once, and without a word to anybody who is connected: the “immediate” shutdown."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    @contextmanager
    def halted(self) -> Iterator[None]:
        """It keeps every connection and answers on none: its processes stand still."""
        try:
            os.killpg(self._process.pid, signal.SIGSTOP)
            for pid in self._backends():
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in self._backends():
                os.kill(pid, signal.SIGCONT)
            os.killpg(self._process.pid, signal.SIGCONT)

    def _backends(self) -> list[int]:
        """Its processes; each of them is in a session of its own."""
        return [child.pid for child in psutil.Process(self._process.pid).children()]

    def end(self) -> None:
        if self._process.poll() is None:
            _stop(self._process)


@contextmanager
def start_breakable(port: int, **options: str) -> Iterator[Breakable]:
    """A server of the test’s own, whatever TEST_DATABASE_URL names; gone afterwards."""
    with own_folder() as (folder, account):
        server = Breakable(folder, account, port, **options)
        try:
            yield server
        finally:
            server.end()


@contextmanager
def own_folder() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Where a new server keeps its data, and whom to run it as."""
    folder = Path(tempfile.mkdtemp(prefix="desk-pg-", dir="/tmp"))  # short: a socket
    try:
        account = _unprivileged(folder)
        _initialise(folder, account)
        yield folder, account
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_database(url: str, like: str = "template1") -> Iterator[str]:
    """The URL of a new database on the server at `url`, a copy of `like`; dropped afterwards."""
    name = f"desk_{uuid.uuid4().hex[:12]}"
    names = sql.Identifier(name), sql.Identifier(like)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def dump(url: str, path: Path) -> None:
    """Write everything of the database at `url` to `path`, for `restore`."""
    subprocess.run([binary("pg_dump"), "--no-owner", "-f", path, "-d", url], check=True)


def restore(path: Path, into: str) -> None:
    """Put what `dump` wrote into the empty database at `into`."""
    psql = [binary("psql"), "-q", "-X", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull]
    subprocess.run([*psql, "-f", path, "-d", into], check=True)


def missing(what: str) -> NoReturn:
    """Skip the test for want of `what`; in CI, where everything is installed, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI has to have it.", pytrace=False)
    pytest.skip(f"{what} is not on this machine.")


def binary(name: str) -> str:
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    path = os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")])
    return shutil.which(name, path=path) or missing(f"PostgreSQL ({name})")


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Whom to run the server as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, account.pw_uid, account.pw_gid)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    missing("An account to run PostgreSQL as, other than root,")


def _initialise(folder: Path, account: dict[str, Any]) -> None:
    initdb = binary("initdb")
    done = subprocess.run(
        [initdb, "-D", folder / "data", "-U", OWNER, "--auth=trust", "--no-sync",
         "--encoding=UTF8", "--locale=C.UTF-8"],
        capture_output=True, text=True, check=False, cwd=folder, **account,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()}")


def _start(
    folder: Path, account: dict[str, Any], more: Mapping[str, str] = MappingProxyType({})
) -> subprocess.Popen[bytes]:
    wanted = {**FAST, **more}
    options = [part for name, value in wanted.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [binary("postgres"), "-D", folder / "data", "-k", folder, *options],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder,
            start_new_session=True, **account,
        )  # fmt: skip


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # "fast": ends the connections that are left
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(10)


def main(command: list[str]) -> int:
    """Run `command` against a throwaway server; its exit status, or 0 when there is no server."""
    try:
        with start_postgres() as url:
            return subprocess.run(
                command, env={**os.environ, "DATABASE_URL": url}, check=False
            ).returncode
    except pytest.skip.Exception as reason:
        print(f"Skipped on PostgreSQL: {reason}")
        return 0
    except pytest.fail.Exception as reason:
        print(f"Failed on PostgreSQL: {reason}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
