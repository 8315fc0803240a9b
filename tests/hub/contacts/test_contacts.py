"""The store of contacts, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from hub.audit import check_trail, entries_of
from hub.contacts import Contact, Contacts, Failing, Outage, Suspension
from hub.database import reading

WHY = Suspension(5, "lan", "they move")


@pytest.fixture
def store(engine: sa.Engine) -> Iterator[Contacts]:
    """A store that writes only when it is told to."""
    store = Contacts(engine, every=3600)
    yield store
    store.close()


def _writes(engine: sa.Engine) -> list[str]:
    """Return a list that grows with every statement that writes."""
    seen: list[str] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().startswith(("SELECT", "WITH")):
            seen.append(statement)

    return seen


def test_what_is_noted_is_there_after_it_is_written(store: Contacts) -> None:
    store.reached("tax", 10)
    store.asked_behind("portal", 42, 11)
    assert store.all() == {}
    store.flush()
    assert store.of("tax") == Contact("tax", 10, 10)
    assert store.of("portal") == Contact("portal", 11, 11, asked_behind=42)
    assert store.of("land") == Contact("land")


def test_who_reads_with_its_own_client_is_in_contact_only_when_it_has_read_on(store: Contacts) -> None:
    minute = 60_000
    for at, position in ((1, 5), (2, 5), (3, 7), (4, 7)):
        store.read_up_to("portal", position, at * minute)
        store.flush()
    store.read_up_to("portal", 8, 3 * minute + 5_000)  # another process has looked at the same moment
    store.flush()
    found = store.of("portal")
    assert (found.first_ok_at, found.last_ok_at, found.asked_behind) == (minute, 3 * minute, 8)
    assert (found.usual_gap_ms, found.gaps) == (2 * minute, 1)


def test_thousands_of_notes_are_one_small_transaction(store: Contacts, engine: sa.Engine) -> None:
    seen = _writes(engine)
    for n in range(5000):
        store.reached(f"agency{n % 3}", n)
    assert seen == []
    store.flush()
    assert len(seen) < 10


def test_notes_are_written_by_themselves_after_a_while(engine: sa.Engine) -> None:
    store = Contacts(engine, every=0.01)
    store.reached("tax", 10)
    done = threading.Event()
    for _ in range(500):
        if store.of("tax").last_ok_at == 10:
            break
        done.wait(0.02)
    assert store.of("tax").last_ok_at == 10
    store.close()


def test_closing_writes_what_was_noted(engine: sa.Engine) -> None:
    store = Contacts(engine, every=3600)
    store.reached("tax", 10)
    store.close()
    assert Contacts(engine).of("tax").last_ok_at == 10


def test_an_outage_is_kept_from_its_beginning_to_its_end(store: Contacts) -> None:
    store.reached("tax", 5)
    store.failed("tax", 10, "refused", 20)
    store.flush()
    store.failed("tax", 20, "timeout", 40)
    store.flush()
    assert store.of("tax").failing == Failing(10, 2, "timeout", 40)
    assert store.outages("tax") == [Outage(10, None, 2, "timeout")]
    store.reached("tax", 30)
    store.failed("tax", 50, "refused", 60)
    store.flush()
    assert store.of("tax").failing == Failing(50, 1, "refused", 60)
    assert store.outages("tax") == [Outage(50, None, 1, "refused"), Outage(10, 30, 2, "timeout")]


def test_an_outage_shorter_than_the_time_between_two_writes_is_kept_too(store: Contacts) -> None:
    store.failed("tax", 10, "refused", 11)
    store.reached("tax", 12)
    store.flush()
    assert store.of("tax").failing is None
    assert store.outages("tax") == [Outage(10, 12, 1, "refused")]


def test_two_outages_at_the_same_time_of_a_clock_that_jumped_do_no_harm(store: Contacts) -> None:
    for _ in range(2):
        store.failed("tax", 10, "refused", 20)
        store.reached("tax", 15)
        store.flush()
    assert len(store.outages("tax")) == 1


def test_what_cannot_be_written_stays_noted(store: Contacts, engine: sa.Engine) -> None:
    store.reached("tax", 5)

    @sa.event.listens_for(engine, "begin")
    def away(_: object) -> None:
        raise sa.exc.OperationalError("BEGIN", {}, ConnectionError("away"))

    with pytest.raises(sa.exc.OperationalError):
        store.flush()
    sa.event.remove(engine, "begin", away)
    store.failed("tax", 10, "refused", 20)
    store.flush()
    assert store.of("tax") == Contact("tax", 5, 5, failing=Failing(10, 1, "refused", 20))


def test_suspending_and_resuming_is_done_once_and_told_in_the_audit_trail(store: Contacts, engine: sa.Engine) -> None:
    assert store.suspend("tax", WHY)
    assert not store.suspend("tax", Suspension(6, "minh", "me too"))
    assert store.of("tax").suspended == WHY
    assert store.suspended() == {"tax": WHY}
    assert store.resume("tax", Suspension(7, "minh", "done"))
    assert not store.resume("tax", Suspension(8, "minh", "done"))
    assert store.suspended() == {}
    with reading(engine) as connection:
        told = [(w.entry.action, w.entry.subject, w.entry.by, w.entry.reason) for w in entries_of(connection)]
        assert check_trail(connection) is None
    assert told == [("agency.suspended", "tax", "lan", "they move"), ("agency.resumed", "tax", "minh", "done")]


def test_a_loop_that_notes_a_contact_does_not_undo_a_suspension(store: Contacts) -> None:
    store.reached("tax", 4)
    store.suspend("tax", WHY)
    store.flush()
    assert store.of("tax").suspended == WHY
    assert store.of("tax").last_ok_at == 4


def test_of_several_operators_who_suspend_at_once_one_does(engine: sa.Engine) -> None:
    stores = [Contacts(engine) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda store: store.suspend("tax", WHY), stores))
    assert sorted(done) == [False, False, False, True]


def test_several_processes_may_note_the_same_agencies_at_once(engine: sa.Engine) -> None:
    def work(number: int) -> None:
        store = Contacts(engine, every=3600)
        for turn in range(10):
            for agency in ("tax", "land", "bank") if number % 2 else ("bank", "land", "tax"):
                store.reached(agency, turn * 10 + number)
            store.flush()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert set(Contacts(engine).all()) == {"tax", "land", "bank"}
