"""Starting, ending and tidying up child processes so that none is left behind. No Django here."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial

import psutil

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    if_we_die: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """`command` as the leader of a process group of its own; gets `if_we_die` when we are gone."""
    return subprocess.Popen(  # noqa: S603  the commands are our own, not typed by anybody
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=partial(die_with_parent, if_we_die, os.getpid()),
    )


def die_with_parent(with_signal: int, parent: int) -> None:
    """Have the kernel send us `with_signal` when `parent` is gone; Linux only."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, with_signal)
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), with_signal)


def keep_family_together() -> None:
    """Every process that this one forks from now on dies with the process that forked it.

    django-q2's workers otherwise live on when their parent is killed, and a restart makes two
    clusters of one.
    """

    forking = [os.getpid()]

    def remember() -> None:
        forking[0] = os.getpid()

    def bind() -> None:
        die_with_parent(signal.SIGKILL, forking[0])

    if _libc is not None:
        os.register_at_fork(before=remember, after_in_child=bind)


def end(process: subprocess.Popen[bytes], patience: float) -> bool:
    """Ask the leader alone to end; after `patience` seconds kill its whole group.

    Only the leader: django-q2 hangs for good when its whole group gets SIGTERM. True if it
    ended by itself.
    """
    try:
        process.terminate()
        process.wait(patience)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        kill_group(process.pid)
        process.wait()


def kill_group(group: int) -> None:
    """SIGKILL to every process of `group` that is left."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def born_at(pid: int) -> float | None:
    """When the process started, in seconds since 1970; tells it from a later one of its number."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def members(group: int, since: float) -> list[int]:
    """The processes of `group` that started at `since` or later."""
    found = []
    for process in psutil.process_iter(["create_time"]):
        try:
            same = os.getpgid(process.pid) == group
        except (ProcessLookupError, PermissionError):
            continue
        if same and (process.info["create_time"] or 0) >= since - 1:
            found.append(process.pid)
    return found
