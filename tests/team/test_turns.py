"""Whoever writes for long on SQLite lets others write in between."""

import pytest
from django.db import connection

from team import turns
from team.turns import A_MOMENT, TURN, give_way


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(turns._Mine, "since", float("-inf"))
    monkeypatch.setattr(turns.time, "sleep", made.append)
    return made


@pytest.mark.django_db(transaction=True)
def test_once_each_turn_others_write_where_one_writes_at_a_time(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(turns.time, "monotonic", lambda: now)
    give_way()
    give_way()  # of the same turn
    once = [A_MOMENT] if connection.vendor == "sqlite" else []
    assert pauses == once
    now += TURN
    give_way()
    assert pauses == once * 2


@pytest.mark.django_db
def test_nobody_waits_within_a_transaction(pauses: list[float]) -> None:
    assert connection.in_atomic_block
    give_way()
    assert pauses == []
