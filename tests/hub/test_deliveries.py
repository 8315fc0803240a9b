"""The store of the deliveries, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.database import open_database, sqlite_url
from hub.deliveries import (
    Account,
    Deliveries,
    DeliveryBrowser,
    FactKind,
    Failure,
    Held,
    Link,
    Outcome,
    Request,
    State,
    Summary,
    Trial,
    Waiting,
)
from hub.deliveries.rows import MESSAGE_LENGTH
from hub.deliveries.tables import delivered, held, metadata
from hub.eventlog import Record

ALL = sa.true()
ASKED = Request("lan", "mended", 50)
REJECTED = Failure(Outcome.REJECTED, "constraint", "no such title")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database with the tables."""
    sqlite = request.param == "sqlite"
    url = sqlite_url(tmp_path / "hub.db") if sqlite else request.getfixturevalue("postgres_url")
    engine = open_database(url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: sa.Engine) -> Deliveries:
    """The store of the loop."""
    return Deliveries(engine)


@pytest.fixture
def browser(engine: sa.Engine) -> DeliveryBrowser:
    """The read side."""
    return DeliveryBrowser(engine)


def _record(position: int, key: str = "A", event_id: str | None = None) -> Record:
    headers = {"ce_id": event_id or f"e{position}", "ce_type": "DeathRegistered", "ce_purpose": "đăng ký"}
    return Record(position, 1, key, b"\0\xff%d" % position, headers)


def _trial(record: Record, failure: Failure | None = None, at: int = 10, next_at: int | None = None) -> Trial:
    return Trial(record, failure, at, 0.25, next_at)


def _account(*trials: Trial, waiting: Sequence[Waiting] = ()) -> Account:
    return Account(trials, waiting, {entry.record.key: [entry.record.key] for entry in waiting}, at=10)


def _chain(store: Deliveries, length: int, key: str = "A", agency: str = "tax") -> None:
    """Park the event at position 1 and let those at 2, 3, … wait."""
    waiting = [Waiting(_record(place, key), place - 1) for place in range(2, length + 1)]
    store.record(agency, _account(_trial(_record(1, key), REJECTED), waiting=waiting))


def _due(store: Deliveries, now: int = 100) -> dict[int, Held]:
    return {entry.record.position: entry for entry in store.due("tax", now, 100)}


def test_preparing_twice_changes_nothing(engine: sa.Engine, store: Deliveries, browser: DeliveryBrowser) -> None:
    _chain(store, 2)
    metadata.create_all(engine)
    assert browser.summary("tax") == Summary(parked=1, waiting=1)


def test_recording_a_position_again_changes_nothing(store: Deliveries, browser: DeliveryBrowser) -> None:
    store.record("tax", _account(_trial(_record(1)), _trial(_record(2, "B"), REJECTED)))
    store.record("tax", _account(_trial(_record(1), REJECTED, 99), _trial(_record(2, "B"), at=99), _trial(_record(3))))
    assert browser.summary("tax") == Summary(parked=1)
    assert [(f.kind, f.at) for f in browser.story("e1")] == [(FactKind.DELIVERED, 10)]
    assert [(f.kind, f.at) for f in browser.story("e2")] == [(FactKind.PARKED, 10)]
    assert store.settled("tax", 1, 3) == {1, 2, 3}


def test_two_loops_that_record_at_once_record_once(
    store: Deliveries, browser: DeliveryBrowser, engine: sa.Engine
) -> None:
    account = _account(
        *(_trial(_record(n, f"p{n}"), REJECTED if n % 5 == 0 else None) for n in range(1, 101)),
        waiting=[Waiting(_record(101, "p5"), 5)],
    )
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.record("tax", account), range(16)))
    assert browser.summary("tax") == Summary(parked=20, waiting=1)
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(delivered)).scalar_one() == 80


def test_agencies_do_not_touch_each_other(store: Deliveries, browser: DeliveryBrowser) -> None:
    _chain(store, 3)
    assert store.settled("land", 1, 3) == set()
    assert store.open_ends("land", ["A"]) == {}
    assert browser.summary("land") == Summary()


def test_a_parked_event_is_kept_whole(store: Deliveries, browser: DeliveryBrowser) -> None:
    record = _record(7, "079204000001")
    store.record("tax", _account(_trial(record, REJECTED)))
    entry = browser.parked("tax")[0]
    assert entry.record == record
    assert (entry.event_id, entry.type) == ("e7", "DeathRegistered")
    assert (entry.error_class, entry.message, entry.attempts, entry.held_at) == (
        "constraint",
        "no such title",
        1,
        10,
    )


@pytest.mark.parametrize("message", ["a\0b", "\ud800", "x" * 100_000, "không có thửa đất"])
def test_any_error_text_can_be_kept(store: Deliveries, browser: DeliveryBrowser, message: str) -> None:
    store.record("tax", _account(_trial(_record(1), Failure(Outcome.REJECTED, "constraint", message))))
    kept = browser.parked("tax")[0].message
    assert kept == message.replace("\0", "").replace("\ud800", "?")[:MESSAGE_LENGTH]


def test_the_open_ends_are_the_first_and_last_open_position_of_a_key(store: Deliveries) -> None:
    _chain(store, 4)
    store.record("tax", _account(_trial(_record(5, "B"))))
    assert store.open_ends("tax", ["A", "B", "C"]) == {"A": (1, 4)}


def test_what_is_taken_frees_the_next_and_only_the_next(store: Deliveries, browser: DeliveryBrowser) -> None:
    _chain(store, 3)
    assert store.make_due(ALL, ASKED) == 1
    tried = _due(store)
    assert list(tried) == [1]
    assert store.keys_behind("tax", [1]) == {"A"}
    store.record_due("tax", tried, [_trial(_record(1), at=60)], {"A": ["A"]})
    assert browser.summary("tax") == Summary(waiting=1, due=1, replayed=1)
    following = _due(store)[2]
    assert (following.attempts, following.request) == (0, ASKED)
    assert store.open_ends("tax", ["A"]) == {"A": (2, 3)}


def test_a_second_loop_that_brings_the_same_due_event_records_nothing(
    store: Deliveries, browser: DeliveryBrowser
) -> None:
    _chain(store, 2)
    store.make_due(ALL, ASKED)
    tried = _due(store)
    store.record_due("tax", tried, [_trial(_record(1), REJECTED, 60)], {})
    store.record_due("tax", tried, [_trial(_record(1), at=70)], {})
    assert browser.summary("tax") == Summary(parked=1, waiting=1)
    assert browser.parked("tax")[0].attempts == 2


def test_an_event_may_not_wait_behind_what_is_open_no_more(store: Deliveries, browser: DeliveryBrowser) -> None:
    store.record("tax", _account(_trial(_record(1))))
    store.record("tax", _account(waiting=[Waiting(_record(2), 1), Waiting(_record(3), 2)]))
    assert browser.summary("tax") == Summary(waiting=1, due=1)
    assert list(_due(store)) == [2]


def test_what_waited_is_linked_anew_when_another_number_of_the_person_is_before_it(
    store: Deliveries, browser: DeliveryBrowser
) -> None:
    store.record("tax", _account(_trial(_record(1, "A"), REJECTED), _trial(_record(2, "B"), REJECTED)))
    store.record("tax", _account(waiting=[Waiting(_record(3, "A"), 1)]))
    store.make_due(held.c.position == 1, ASKED)
    store.record_due("tax", _due(store), [_trial(_record(1, "A"), at=60)], {"A": ["A", "B"]})
    waiting = browser.parked("tax", states=[State.WAITING])
    assert [(entry.record.position, entry.behind) for entry in waiting] == [(3, 2)]


def test_due_events_come_longest_due_first_and_no_more_than_the_limit(store: Deliveries) -> None:
    store.record("tax", _account(*(_trial(_record(n, f"p{n}"), REJECTED, next_at=100 - n) for n in range(1, 10))))
    assert [entry.record.position for entry in store.due("tax", 95, 3)] == [9, 8, 7]
    assert [entry.record.position for entry in store.due("tax", 92, 10)] == [9, 8]
    assert store.due("tax", 90, 10) == []


def test_only_what_is_due_is_put_off(store: Deliveries, browser: DeliveryBrowser) -> None:
    _chain(store, 2)
    store.postpone("tax", [1, 2], 1000)
    assert browser.summary("tax") == Summary(parked=1, waiting=1)
    store.make_due(ALL, ASKED)
    store.postpone("tax", [1, 2], 1000)
    assert (list(_due(store, 999)), list(_due(store, 1000))) == ([], [1])


def test_a_due_event_is_held_back_only_behind_what_is_open(store: Deliveries, browser: DeliveryBrowser) -> None:
    store.record("tax", _account(_trial(_record(1, "A"), REJECTED), _trial(_record(2, "B"), REJECTED)))
    store.make_due(held.c.position == 2, ASKED)
    store.hold_back("tax", [Link(2, 99)], 60)
    assert list(_due(store)) == [2]
    store.hold_back("tax", [Link(2, 1)], 60)
    assert list(_due(store)) == []
    store.hold_back("tax", [Link(1, 2)], 60)  # not due
    assert browser.summary("tax") == Summary(parked=1, waiting=1)


def test_making_due_counts_before_what_it_does_after(store: Deliveries) -> None:
    _chain(store, 3)
    store.record("land", _account(_trial(_record(1), REJECTED)))
    chosen = held.c.agency == "tax"
    assert store.count_due(chosen, 50) == 1
    assert store.make_due(chosen, ASKED) == 1
    assert store.count_due(chosen, 50) == 0
    assert store.due("land", 100, 10) == []


def test_the_parked_are_listed_page_by_page_over_all_agencies(store: Deliveries, browser: DeliveryBrowser) -> None:
    for agency in ("tax", "land"):
        store.record(agency, _account(*(_trial(_record(n, f"p{n}"), REJECTED) for n in range(1, 6))))
    listed: list[tuple[str, int]] = []
    after = ("", 0)
    while page := browser.parked(after=after, limit=3):
        listed += [(entry.agency, entry.record.position) for entry in page]
        after = listed[-1]
    assert listed == [(agency, n) for agency in ("land", "tax") for n in range(1, 6)]
    assert len(browser.parked("land", after=("land", 4))) == 1


def test_the_story_covers_every_agency(store: Deliveries, browser: DeliveryBrowser) -> None:
    store.record("land", _account(_trial(_record(4, event_id="same"), at=20)))
    store.record("tax", _account(_trial(_record(9, event_id="same"), REJECTED, 15)))
    assert [(f.at, f.agency, f.position, f.kind, f.attempt) for f in browser.story("same")] == [
        (15, "tax", 9, FactKind.PARKED, 1),
        (20, "land", 4, FactKind.DELIVERED, 1),
    ]
    assert browser.story("unknown") == []


def test_the_questions_of_every_batch_are_answered_by_indexes(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "hub.db"))
    metadata.create_all(engine)
    plans: list[str] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def explain(_: object, cursor: object, statement: str, parameters: object, *__: object) -> None:
        if statement.startswith("SELECT") and "deliver" in statement:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[attr-defined]
            plans.extend(row[3] for row in cursor.fetchall())  # type: ignore[attr-defined]

    store = Deliveries(engine)
    store.settled("tax", 1, 500)
    store.open_ends("tax", ["A", "B"])
    store.due("tax", 100, 500)
    store.keys_behind("tax", [1, 2])
    engine.dispose()
    assert len(plans) >= 4
    assert not [plan for plan in plans if "SCAN" in plan and "json_each" not in plan]
