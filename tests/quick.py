"""`make quick`: a slice through every file of the tests, small enough to wait for.

Of a test with many cases its first, and of the tests of each file every so-manieth from the first
on; nothing that drives browsers, kills processes, or asks everything of everybody. It says soon
that something is wrong, never that nothing is: `make test` runs them all.
"""

from itertools import groupby

import pytest

EVERY = 5
DEAR = ("browser", "faults", "fuzz", "matrix", "concurrency", "postgres", "slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept = [item for item in items if not any(item.get_closest_marker(name) for name in DEAR)]
    chosen: set[pytest.Item] = set()
    for _, in_file in groupby(kept, key=lambda item: item.path):
        firsts = [next(cases) for _, cases in groupby(in_file, key=_function)]
        chosen |= set(firsts[::EVERY])
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = [item for item in items if item in chosen]


def _function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]
