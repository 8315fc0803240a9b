"""The store of rewinds, on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from hub.audit import entries_of
from hub.contacts import RewindRefused, Rewinds
from hub.database import reading
from hub.deliveries import (
    Account,
    Deliveries,
    DeliveryBrowser,
    Failure,
    Outcome,
    Request,
    State,
    Summary,
    Trial,
    Waiting,
)
from hub.eventlog import Record

WHY = Request("lan", "a backup was restored", 100)
NO = Failure(Outcome.REJECTED, "constraint", "no such title")


def _record(position: int, key: str = "A") -> Record:
    return Record(position, 1, key, b"x", {"ce_id": f"e{position}", "ce_type": "DeathRegistered"})


def _account(*trials: Trial, waiting: tuple[Waiting, ...] = ()) -> Account:
    return Account(trials, waiting, {w.record.key: [w.record.key] for w in waiting}, at=200)


def _delivered(engine: sa.Engine, count: int) -> Deliveries:
    store = Deliveries(engine)
    store.record("tax", _account(*(Trial(_record(n), None, 10, 0.1) for n in range(1, count + 1))))
    return store


def test_a_rewind_goes_on_page_by_page_until_it_is_through(engine: sa.Engine) -> None:
    _delivered(engine, 4)
    store = Rewinds(engine)
    first = store.ask("tax", 1, 4, WHY)
    assert store.open() == {"tax": first}
    second = store.advance(first, _account(Trial(_record(2), None, 20, 0.1), Trial(_record(3), None, 20, 0.1)), 3)
    assert second is not None
    assert (second.reached, second.taken, second.refused, second.ended_at) == (3, 2, 0, None)
    last = store.advance(second, _account(Trial(_record(4), None, 20, 0.1)), 4)
    assert last is not None
    assert (last.reached, last.taken, last.ended_at) == (4, 3, 200)
    assert store.open() == {}
    assert store.of("tax") == [last]


def test_what_is_refused_when_it_comes_again_is_parked_and_no_longer_delivered(engine: sa.Engine) -> None:
    deliveries, store = _delivered(engine, 3), Rewinds(engine)
    rewind = store.ask("tax", 0, 3, WHY)
    account = _account(Trial(_record(1), NO, 20, 0.1), waiting=(Waiting(_record(2), 1), Waiting(_record(3), 2)))
    found = store.advance(rewind, account, 3)
    assert found is not None
    assert (found.taken, found.refused) == (0, 1)
    browser = DeliveryBrowser(engine)
    assert browser.summary("tax") == Summary(parked=1, waiting=2)
    kept = browser.parked("tax", states=list(State))
    assert [(one.record.position, one.attempts) for one in kept] == [(1, 2), (2, 1), (3, 1)]
    assert deliveries.taken("tax", [1, 2, 3]) == {}
    assert deliveries.settled("tax", 1, 3) == {1, 2, 3}


def test_another_loop_that_was_quicker_is_noticed_and_nothing_is_parked_twice(engine: sa.Engine) -> None:
    _delivered(engine, 2)
    store = Rewinds(engine)
    rewind = store.ask("tax", 0, 2, WHY)
    account = _account(Trial(_record(1), NO, 20, 0.1), Trial(_record(2, "B"), None, 20, 0.1))
    assert store.advance(rewind, account, 2) is not None
    assert store.advance(rewind, account, 2) is None
    assert DeliveryBrowser(engine).summary("tax") == Summary(parked=1)
    assert DeliveryBrowser(engine).parked("tax")[0].state is State.PARKED


def test_a_rewind_that_was_cancelled_does_not_go_on(engine: sa.Engine) -> None:
    _delivered(engine, 2)
    store = Rewinds(engine)
    rewind = store.ask("tax", 0, 2, WHY)
    cancelled = store.cancel("tax", Request("minh", "wrong agency", 150))
    assert cancelled is not None
    assert store.cancel("tax", WHY) is None
    assert store.advance(rewind, _account(), 1) is None
    (found,) = store.of("tax")
    assert (found.reached, found.ended_at, found.cancelled_by) == (0, 150, "minh")
    with reading(engine) as connection:
        told = [(w.entry.action, w.entry.by, w.entry.reason, w.entry.detail["rewind"]) for w in entries_of(connection)]
    assert told == [
        ("feed.rewound", "lan", "a backup was restored", rewind.id),
        ("feed.rewind_cancelled", "minh", "wrong agency", rewind.id),
    ]


def test_one_feed_is_rewound_once_at_a_time_whoever_asks(engine: sa.Engine) -> None:
    def ask(_: int) -> bool:
        try:
            Rewinds(engine).ask("tax", 0, 2, WHY)
        except RewindRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(ask, range(4))) == [False, False, False, True]
    Rewinds(engine).ask("land", 0, 2, WHY)


def test_a_rewind_of_nothing_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(RewindRefused, match="nothing"):
        Rewinds(engine).ask("tax", 7, 7, WHY)


def test_one_asked_for_twice_under_one_id_is_one_and_nobody_elses(engine: sa.Engine) -> None:
    _delivered(engine, 4)
    store = Rewinds(engine)
    first = store.ask("tax", 1, 4, WHY, "an-id")
    assert (first.id, store.ask("tax", 1, 4, WHY, "an-id")) == ("an-id", first)
    assert store.cancel("tax", WHY) is not None
    assert store.ask("tax", 1, 4, WHY, "an-id").cancelled_by == "lan", "it is not begun anew"
    with pytest.raises(RewindRefused, match="somebody else"):
        store.ask("tax", 1, 4, Request("minh", "me too", 100), "an-id")
    assert len(store.of("tax")) == 1
    with reading(engine) as connection:
        assert [one.entry.action for one in entries_of(connection, "tax")] == ["feed.rewound", "feed.rewind_cancelled"]
