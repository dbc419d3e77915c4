"""`make test-postgres` leaves out what SQLite has answered already: tests that ask for no database.

pytest-django refuses every query of such a test, so that none of them can differ between the two.
"""

import pytest

# Whatever opens the database for a test asks for one of these in the end
ASKS = {"db", "transactional_db", "live_server", "django_db_setup"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    alike = [item for item in items if not asks_for_a_database(item)]
    config.hook.pytest_deselected(items=alike)
    items[:] = [item for item in items if asks_for_a_database(item)]


def asks_for_a_database(item: pytest.Item) -> bool:
    needs = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or ASKS & needs)
