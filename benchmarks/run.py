"""Runs every benchmark one after the other, in its short or its full form; measures nothing.

The short form of all of them takes less than ten minutes on two idle cores, the full one hours.
Peers live in an environment of their own, `.bench`, which is made from the hashes of `peers.txt`
where it is missing or old. Run: python benchmarks/run.py [short|full] [names, such as sweep accept]
"""

import filecmp
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from time import perf_counter

HOME = Path(__file__).resolve().parent.parent
HERE = HOME / "benchmarks"
PEERS = HOME / ".bench"
LOCK = HERE / "peers.txt"

# What stands behind each name on its command line, in the short and in the full form
FORMS: dict[str, tuple[list[str], list[str]]] = {
    "business_time": (["25"], ["200"]),
    "start": (["3"], ["9"]),
    "outbox": (["postgresql,sqlite", "100"], ["postgresql,sqlite", "1000"]),
    "accept": (["postgresql,sqlite", "48"], ["postgresql,sqlite", "500"]),
    "sweep": (["postgresql,sqlite", "1000,10000"], ["postgresql,sqlite", "10000,100000,1000000"]),
    "import": (["3000", "1"], ["100000", "3"]),
    "pages": (["postgresql", "1000,10000"], ["postgresql", "10000,100000,1000000"]),
    "reports": (["postgresql", "10000"], ["postgresql", "1000000"]),
}
BESIDE_PEERS = {"business_time"}  # needs nothing of ours but the standard library


def main(form: str, names: list[str]) -> None:
    if form not in ("short", "full") or not set(names) <= set(FORMS):
        raise SystemExit(f"short or full, then names out of: {', '.join(FORMS)}")
    failed, began = [], perf_counter()
    for name in names or FORMS:
        arguments = FORMS[name][form == "full"]
        script = HERE / f"bench_{name}.py"
        print(f"\n== {script.name} {' '.join(arguments)}", flush=True)
        python = _peers() if name in BESIDE_PEERS else sys.executable
        since = perf_counter()
        if subprocess.run([python, str(script), *arguments], cwd=HOME, check=False).returncode:
            failed.append(script.name)
        print(f"({perf_counter() - since:.0f} s)", flush=True)
    print(f"\n{perf_counter() - began:.0f} seconds in all")
    if failed:
        raise SystemExit(f"Ended with an error: {', '.join(failed)}")


def _peers() -> str:
    """The Python that has the peers."""
    python, have = PEERS / "bin" / "python", PEERS / LOCK.name
    if not (have.exists() and filecmp.cmp(have, LOCK, shallow=False)):
        print("Installing the libraries that stand beside us…", flush=True)
        venv.create(PEERS, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)
        shutil.copy(LOCK, have)
    return str(python)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "short", sys.argv[2:])
