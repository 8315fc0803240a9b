"""What a process does is added up and written down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.activity import HOUR, Activity, Kind, tables
from hub.database import open_database, sqlite_url
from hub.observe import AgencyUnavailable, BatchDelivered, BatchProcessed, EventsTaken, FeedRead
from hub.topics import REFUSED, outbox
from monitoring.recording import BUCKETS, OTHER, Recorder

#: 1 June 2026, 09:30 in Hanoi.
NOW = 1_780_281_000_000
ALL = (NOW - 48 * 3_600_000, NOW + 3_600_000 - NOW % 3_600_000)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A database, at first without any table."""
    engine = open_database(sqlite_url(tmp_path / "hub.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def activity(engine: sa.Engine) -> Activity:
    """No counts yet."""
    make_tables(engine)
    return Activity(engine)


def make_tables(engine: sa.Engine) -> None:
    for table in (tables.activity, tables.names, tables.acknowledged):
        table.create(engine)


def recorder(activity: Activity) -> Recorder:
    """Return one that only writes when it ends."""
    return Recorder(activity, lambda: NOW, every=3600)


def test_what_the_pipeline_decided_counts_when_the_log_took_it(activity: Activity) -> None:
    an_hour_ago = NOW - 3_600_000
    with recorder(activity) as record:
        record(
            BatchProcessed(
                received=5,
                outputs={outbox("tax"): 3, outbox("land"): 1, REFUSED: 1},
                seconds=0.1,
                at=an_hour_ago,
                tallies={("duplicate", "fact"): 1, ("refused", "late"): 2, ("withheld", "bank"): 4, ("tick", ""): 1},
                types={"BirthRegistered": 3},
                sources={"/registers/civil-status/01": 3},
                provinces={"01": 2, "79": 1},
            )
        )
    then = {kind: activity.totals(kind, an_hour_ago, an_hour_ago + 60_000) for kind in Kind}
    now = {kind: activity.totals(kind, NOW, NOW + 60_000) for kind in Kind}
    assert {kind: counts for kind, counts in then.items() if counts} == {
        Kind.TYPE: {"BirthRegistered": 3},
        Kind.SOURCE: {"/registers/civil-status/01": 3},
        Kind.PROVINCE: {"01": 2, "79": 1},
        Kind.PUBLISHED: {"tax": 3, "land": 1},
    }
    assert {kind: counts for kind, counts in now.items() if counts} == {
        Kind.DUPLICATE: {"fact": 1},
        Kind.REFUSED: {"late": 2},
        Kind.WITHHELD: {"bank": 4},
    }


def test_what_agencies_took_counts_now_with_how_late_it_was(activity: Activity) -> None:
    with recorder(activity) as record:
        record(BatchDelivered("tax", 3, 1, 5, 0, 0.1, latencies=[0.1, 0.11, 90_000]))
        record(FeedRead("bank", 2, latencies=[59]))
        record(EventsTaken(7, 1, {"not_json": 2}))
        record(AgencyUnavailable("tax", "away", 1, 1.0))
    assert activity.totals(Kind.DELIVERED, *ALL) == {"tax": 3, "bank": 2}
    assert activity.totals(Kind.REJECTED, *ALL) == {"tax": 1}
    assert activity.totals(Kind.REFUSED, *ALL) == {"not_json": 2}
    assert activity.totals(Kind.LATENCY, *ALL) == {"0.1": 1, "0.25": 1, "60": 1, "+Inf": 1}
    assert set(activity.totals(Kind.LATENCY, *ALL)) <= set(BUCKETS)


def test_a_time_ahead_of_ours_counts_now(activity: Activity) -> None:
    with recorder(activity) as record:
        record(BatchProcessed(1, {}, 0.1, at=NOW + 10**9, sources={"/a": 1}))
    assert [one.last_at for one in activity.known(Kind.SOURCE)] == [NOW]


def test_nothing_is_written_when_nothing_happened(engine: sa.Engine) -> None:
    with recorder(Activity(engine)):
        pass
    assert not sa.inspect(engine).get_table_names()


def test_it_writes_while_the_process_goes_on(activity: Activity) -> None:
    written = threading.Event()

    class Told(Activity):
        def add(self, counts: object) -> None:
            super().add(counts)  # type: ignore[arg-type]
            written.set()

    with Recorder(Told(activity._engine), lambda: NOW, every=0.01) as record:
        record(EventsTaken(0, 0, {"not_json": 1}))
        assert written.wait(30)
        assert activity.totals(Kind.REFUSED, *ALL) == {"not_json": 1}


def test_what_can_not_be_written_now_is_written_later(engine: sa.Engine, caplog: pytest.LogCaptureFixture) -> None:
    with recorder(Activity(engine)) as record:
        record(EventsTaken(0, 0, {"not_json": 1}))
        record.write()
        record(EventsTaken(0, 0, {"not_json": 2}))
        record.write()
        assert len(caplog.records) == 1
        make_tables(engine)
    assert Activity(engine).totals(Kind.REFUSED, *ALL) == {"not_json": 3}


def test_a_sender_makes_no_endless_names_and_no_personal_number_is_one(
    activity: Activity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.recording._MOST", 3)
    with recorder(activity) as record:
        record(BatchProcessed(1, {}, 0.1, at=NOW, sources={"/001090000001": 1, "/001090000002": 1, "/b": 1}))
    with recorder(activity) as record:
        record(BatchProcessed(1, {}, 0.1, at=NOW, sources={f"/c/{n}": 1 for n in range(5)} | {"/b": 1}))
    counts = activity.totals(Kind.SOURCE, *ALL)
    assert counts == {"/…": 2, "/b": 2, "/c/0": 1, OTHER: 4}


def _tell(record: Recorder, times: int) -> None:
    for _ in range(times):
        record(FeedRead("tax", 1))


def test_several_threads_lose_nothing(activity: Activity) -> None:
    with Recorder(activity, lambda: NOW, every=0.001) as record:
        threads = [threading.Thread(target=_tell, args=(record, 500)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert activity.totals(Kind.DELIVERED, *ALL) == {"tax": 2000}


def test_old_counts_are_forgotten_on_the_way(activity: Activity) -> None:
    activity.add({(Kind.TYPE, "a", NOW - 200 * 86_400_000): 1})
    with recorder(activity) as record:
        record(EventsTaken(0, 0, {"not_json": 1}))
    assert activity.series(Kind.TYPE, ["a"], NOW - 201 * 86_400_000, NOW, HOUR)["a"].count(1) == 0


def test_a_database_that_hangs_does_not_hold_up_the_end(activity: Activity, monkeypatch: pytest.MonkeyPatch) -> None:
    released, wrote = threading.Event(), threading.Event()

    class Hanging(Activity):
        def add(self, counts: object) -> None:
            assert counts
            released.wait(60)
            wrote.set()

    monkeypatch.setattr("monitoring.recording._LAST", 0.01)
    with recorder(Hanging(activity._engine)) as record:
        record(FeedRead("tax", 1))
    assert not wrote.is_set()
    released.set()
    assert wrote.wait(60)
