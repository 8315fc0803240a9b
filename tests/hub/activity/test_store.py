"""How much happened when, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.activity import HOUR, KEPT, MINUTE, Activity, Hour, Kind, Known, tables
from hub.activity.store import NAMES_KEPT
from hub.database import open_database, sqlite_url

#: 1 June 2026, 08:00 in Hanoi.
EIGHT = 1_780_275_600_000
M, H = 60_000, 3_600_000


def test_counts_add_up_by_minute_and_by_hour(activity: Activity) -> None:
    activity.add({(Kind.TYPE, "Birth", EIGHT + 5): 2, (Kind.TYPE, "Birth", EIGHT + M): 3})
    activity.add({(Kind.TYPE, "Birth", EIGHT + 59_999): 10, (Kind.TYPE, "Death", EIGHT): 1})
    by_minute = activity.series(Kind.TYPE, ["Birth", "Death", "Move"], EIGHT, EIGHT + 3 * M, MINUTE)
    assert by_minute == {"Birth": [12, 3, 0], "Death": [1, 0, 0], "Move": [0, 0, 0]}
    assert activity.series(Kind.TYPE, ["Birth"], EIGHT - H, EIGHT + 2 * H, HOUR) == {"Birth": [0, 15, 0]}


def test_a_series_has_every_span_that_it_touches(activity: Activity) -> None:
    activity.add({(Kind.TYPE, "Birth", EIGHT + 30 * M): 1})
    asked = activity.series(Kind.TYPE, ["Birth"], EIGHT + 10 * M + 1, EIGHT + H + 1, HOUR)
    assert asked == {"Birth": [1, 0]}
    assert activity.series(Kind.TYPE, ["Birth"], EIGHT, EIGHT, HOUR) == {"Birth": []}
    assert activity.series(Kind.TYPE, [], EIGHT, EIGHT + H, HOUR) == {}


def test_kinds_and_names_are_kept_apart(activity: Activity) -> None:
    activity.add(
        {(Kind.PUBLISHED, "tax", EIGHT): 1, (Kind.DELIVERED, "tax", EIGHT): 2, (Kind.DELIVERED, "land", EIGHT): 4}
    )
    assert activity.totals(Kind.DELIVERED, EIGHT, EIGHT + H) == {"tax": 2, "land": 4}
    assert activity.totals(Kind.PUBLISHED, EIGHT, EIGHT + H) == {"tax": 1}
    assert activity.totals(Kind.REJECTED, EIGHT, EIGHT + H) == {}


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (0, 3 * H, 111),
        (0, 2 * H + M, 11),
        (10 * M, 3 * H, 110),
        (9 * M, 12 * M, 0),
        (30 * M, 31 * M, 10),
        (30 * M + 1, 31 * M, 10),
        (31 * M, 32 * M, 0),
        (2 * H + 30 * M, 2 * H + 31 * M, 100),
        (3 * H, 3 * H, 0),
    ],
)
def test_totals_are_exact_to_the_minute(activity: Activity, since: int, until: int, expected: int) -> None:
    activity.add({(Kind.TYPE, "a", EIGHT): 1, (Kind.TYPE, "a", EIGHT + 30 * M): 10})
    activity.add({(Kind.TYPE, "a", EIGHT + 2 * H + 30 * M): 100})
    assert activity.totals(Kind.TYPE, EIGHT + since, EIGHT + until).get("a", 0) == expected


def test_an_hour_knows_in_which_minutes_something_happened(activity: Activity) -> None:
    activity.add({(Kind.SOURCE, "a", EIGHT + 5): 500, (Kind.SOURCE, "a", EIGHT + 7 * M): 1})
    activity.add({(Kind.SOURCE, "a", EIGHT + 9): 500, (Kind.SOURCE, "a", EIGHT + 8 * M): 1})
    activity.add({(Kind.SOURCE, "a", EIGHT + 2 * H): 1})
    expected = [Hour("a", EIGHT, 1002, 0b110000001), Hour("a", EIGHT + 2 * H, 1, 1)]
    assert activity.hours(Kind.SOURCE, ["a", "b"], EIGHT, EIGHT + 3 * H) == {"a": expected}
    assert activity.hours(Kind.SOURCE, ["a"], EIGHT + 1, EIGHT + 2 * H) == {}


def test_all_sixty_minutes_of_an_hour_are_told_apart(activity: Activity) -> None:
    for minute in range(60):
        activity.add({(Kind.SOURCE, "a", EIGHT + minute * M): 1})
    activity.prune(EIGHT + 30 * H)
    activity.add({(Kind.SOURCE, "a", EIGHT): 1})
    assert activity.hours(Kind.SOURCE, ["a"], EIGHT, EIGHT + H)["a"] == [Hour("a", EIGHT, 61, (1 << 60) - 1)]


def test_names_outlive_their_counts(activity: Activity) -> None:
    activity.add({(Kind.SOURCE, "b", EIGHT + 7): 1, (Kind.SOURCE, "b", EIGHT + 9): 1, (Kind.SOURCE, "a", EIGHT): 1})
    activity.add({(Kind.SOURCE, "b", EIGHT + 3): 1})
    activity.prune(EIGHT + 2 * KEPT[HOUR])
    assert activity.known(Kind.SOURCE) == [Known("a", EIGHT, EIGHT), Known("b", EIGHT + 3, EIGHT + 9)]
    assert activity.known(Kind.TYPE) == []
    assert activity.totals(Kind.SOURCE, EIGHT, EIGHT + H) == {}
    activity.prune(EIGHT + 8 + NAMES_KEPT)
    assert activity.known(Kind.SOURCE) == [Known("b", EIGHT + 3, EIGHT + 9)]


def test_minutes_are_forgotten_before_hours(activity: Activity) -> None:
    activity.add({(Kind.TYPE, "a", EIGHT): 1})
    activity.prune(EIGHT + KEPT[MINUTE])
    assert activity.series(Kind.TYPE, ["a"], EIGHT, EIGHT + M, MINUTE) == {"a": [1]}
    activity.prune(EIGHT + KEPT[MINUTE] + 1)
    assert activity.series(Kind.TYPE, ["a"], EIGHT, EIGHT + M, MINUTE) == {"a": [0]}
    assert activity.series(Kind.TYPE, ["a"], EIGHT, EIGHT + M, HOUR) == {"a": [1]}
    activity.prune(EIGHT + KEPT[HOUR] + 1)
    assert activity.series(Kind.TYPE, ["a"], EIGHT, EIGHT + M, HOUR) == {"a": [0]}


def test_nothing_leaves_no_trace(activity: Activity) -> None:
    activity.add({})
    activity.add({(Kind.TYPE, "a", EIGHT): 0})
    assert activity.known(Kind.TYPE) == []


def test_several_processes_add_to_the_same(activity: Activity) -> None:
    def add() -> None:
        for _ in range(10):
            activity.add({(Kind.TYPE, name, EIGHT): 1 for name in "abcde"})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert activity.totals(Kind.TYPE, EIGHT, EIGHT + H) == dict.fromkeys("abcde", 40)


def test_asking_uses_the_indices(tmp_path: Path) -> None:
    with _opened(tmp_path) as engine, engine.connect() as connection:
        for where in ("kind = 'a' AND name = 'a' AND grain = 60 AND at > 5", "grain = 60 AND kind = 'a' AND at < 5"):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN SELECT name, count FROM activity WHERE {where}")
            assert "SEARCH" in plan.one().detail


@contextmanager
def _opened(folder: Path) -> Iterator[sa.Engine]:
    engine = open_database(sqlite_url(folder / "hub.db"))
    for table in (tables.activity, tables.names, tables.acknowledged):
        table.create(engine)
    yield engine
    engine.dispose()


times = st.integers(EIGHT, EIGHT + 26 * H)
additions = st.lists(
    st.dictionaries(st.tuples(st.sampled_from("ab"), times), st.integers(1, 1000), max_size=8), max_size=8
)


@given(additions=additions, edges=st.tuples(times, times))
def _check(engine: sa.Engine, additions: list[dict[tuple[str, int], int]], edges: tuple[int, int]) -> None:
    with engine.begin() as connection:
        connection.execute(sa.delete(tables.activity))
    activity = Activity(engine)
    expected: Counter[tuple[str, int]] = Counter()
    for one in additions:
        activity.add({(Kind.TYPE, name, at): count for (name, at), count in one.items()})
        for (name, at), count in one.items():
            expected[name, at - at % M] += count
    since, until = (edge - edge % M for edge in sorted(edges))
    found = activity.totals(Kind.TYPE, since, until)
    by_minute = activity.series(Kind.TYPE, "ab", since, until, MINUTE)
    hours = activity.hours(Kind.TYPE, "ab", EIGHT, EIGHT + 27 * H)
    for name in "ab":
        inside = sum(count for (who, at), count in expected.items() if who == name and since <= at < until)
        assert found.get(name, 0) == sum(by_minute[name]) == inside
        minutes = Counter(at - at % H for who, at in expected if who == name)
        assert {hour.at: hour.minutes.bit_count() for hour in hours.get(name, [])} == minutes


def test_nothing_is_lost_and_nothing_counts_twice(tmp_path: Path) -> None:
    with _opened(tmp_path) as engine:
        settings(max_examples=40, deadline=None)(_check)(engine)
