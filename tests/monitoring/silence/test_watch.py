"""Every feed of a hub is judged by its own past, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.activity import HOUR, Activity, Kind, tables
from hub.database import insert_rows, open_database, sqlite_url
from hub.eventlog import Message, Outputs
from hub.eventlog.sqlite import SqliteLog
from hub.topics import PIPELINE, RECEIVED
from monitoring.silence import Habits, Silence, Why, is_behind, silences
from monitoring.silence.habit import WINDOW
from monitoring.silence.watch import BEHIND
from tests.monitoring.silence.office import Rhythm, hours_of
from tests.monitoring.silence.test_habit import DAY, MONDAY, OFFICE, at


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty database."""
    engine = open_database(sqlite_url(tmp_path / "hub.db"))
    for table in (tables.activity, tables.names, tables.acknowledged):
        table.create(engine)
    yield engine
    engine.dispose()


def keep(engine: sa.Engine, kind: Kind, name: str, events: Sequence[int]) -> None:
    """Put a feed's past into the store."""
    with engine.begin() as connection:
        rows = [(kind.value, name, HOUR, one.at, one.events, one.minutes) for one in hours_of(name, events)]
        insert_rows(connection, tables.activity, rows)
        insert_rows(connection, tables.names, [(kind.value, name, events[0], events[-1])])


def past(until: int, days: int = WINDOW + 10, rhythm: Rhythm = OFFICE, seed: int = 1) -> list[int]:
    """Return what a feed has sent up to a moment."""
    return [one for one in rhythm.events(MONDAY - days, MONDAY + 8, seed) if one <= until]


def judged(engine: sa.Engine, now: int, agencies: Sequence[str] = ()) -> dict[str, Silence]:
    """Judge all feeds."""
    return {one.feed: one for one in silences(Activity(engine), now, agencies)}


def test_a_source_that_stops_is_silent_and_one_that_goes_on_is_not(engine: sa.Engine) -> None:
    keep(engine, Kind.SOURCE, "/stops", past(at(9)))
    keep(engine, Kind.SOURCE, "/goes-on", past(at(11), seed=2))
    found = judged(engine, at(11))
    assert (found["source:/stops"].silent, found["source:/stops"].known) == (True, True)
    assert not found["source:/goes-on"].silent
    stops = found["source:/stops"]
    assert stops.last_at is not None
    assert stops.silent_seconds == (at(11) - stops.last_at) / 1000
    assert stops.expected_seconds is not None
    assert 900 <= stops.expected_seconds <= 4500
    assert stops.usual == pytest.approx(12, rel=0.3)  # it closes at half past eleven


def test_an_outbox_is_judged_as_a_source_is(engine: sa.Engine) -> None:
    keep(engine, Kind.PUBLISHED, "tax", past(at(9)))
    keep(engine, Kind.PUBLISHED, "left", past(at(9)))
    keep(engine, Kind.DELIVERED, "tax", past(at(11)))
    found = judged(engine, at(11), ["tax", "land"])
    assert found["agency:tax"].silent
    assert found["agency:land"].why is Why.NEVER
    assert found["agency:land"].last_at is None
    assert set(found) == {"agency:tax", "agency:land"}  # who has no agreement any more is not asked after


def test_silent_feeds_speak_again(engine: sa.Engine) -> None:
    keep(engine, Kind.SOURCE, "/a", past(at(9)))
    habits, activity = Habits(), Activity(engine)
    assert silences(activity, at(11), (), habits=habits)[0].silent
    activity.add({(Kind.SOURCE, "/a", at(11)): 1})
    assert not silences(activity, at(11.05), (), habits=habits)[0].silent


def test_a_new_feed_is_not_judged(engine: sa.Engine) -> None:
    keep(engine, Kind.SOURCE, "/new", past(at(9), days=10))
    keep(engine, Kind.SOURCE, "/known", past(at(9), days=18))
    keep(engine, Kind.SOURCE, "/first", [at(9)])
    found = judged(engine, at(16))
    assert (found["source:/new"].known, found["source:/new"].why) == (False, Why.NEW)
    assert not found["source:/new"].silent
    assert found["source:/known"].silent
    assert found["source:/first"].why is Why.NEW


def test_a_silence_that_somebody_knows_of_alarms_nobody_until_the_feed_has_spoken_again(engine: sa.Engine) -> None:
    for kind in (Kind.SOURCE, Kind.PUBLISHED):
        keep(engine, kind, "/a", past(at(9)))
    known = {Kind.SOURCE: {"/a": past(at(9))[-1]}}
    source, outbox = silences(Activity(engine), at(11), ["/a"], acknowledged=known)
    assert (source.silent, source.known, source.why) == (False, False, Why.ACKNOWLEDGED)
    assert source.expected_seconds is not None
    assert outbox.silent, "another feed of the same name is not meant"
    Activity(engine).add({(Kind.SOURCE, "/a", at(11)): 1})
    [spoke, _] = silences(Activity(engine), at(11.05), ["/a"], acknowledged=known)
    assert (spoke.silent, spoke.why) == (False, None)
    [again, _] = silences(Activity(engine), at(15.5), ["/a"], acknowledged=known)
    assert (again.silent, again.why) == (True, None)


def test_a_rare_feed_is_not_judged(engine: sa.Engine) -> None:
    keep(engine, Kind.SOURCE, "/rare", [at(9, MONDAY - 7 * week) for week in range(10, 0, -1)])
    found = judged(engine, at(16))["source:/rare"]
    assert (found.silent, found.known, found.why) == (False, False, Why.RARE)


def test_a_silence_is_not_learnt_as_usual_and_ends_after_eight_weeks(engine: sa.Engine) -> None:
    keep(engine, Kind.SOURCE, "/a", past(at(9)))
    assert judged(engine, at(9) + (WINDOW - 1) * DAY)["source:/a"].silent
    gone = judged(engine, at(9) + WINDOW * DAY)["source:/a"]
    assert (gone.silent, gone.known, gone.why) == (False, False, Why.GONE)


def test_nobody_is_judged_while_the_pipeline_is_behind(engine: sa.Engine) -> None:
    keep(engine, Kind.SOURCE, "/a", past(at(9)))
    [found] = silences(Activity(engine), at(11), (), behind=True)
    assert (found.silent, found.known, found.why) == (False, False, Why.BEHIND)
    assert found.expected_seconds is not None


def test_a_clock_that_went_back_alarms_nobody(engine: sa.Engine) -> None:
    keep(engine, Kind.SOURCE, "/a", past(at(9)))
    found = judged(engine, at(3))["source:/a"]
    assert (found.silent, found.silent_seconds) == (False, 0)


def test_what_is_learnt_is_remembered_for_the_day_and_for_so_many_feeds(engine: sa.Engine) -> None:
    for n in range(5):
        keep(engine, Kind.SOURCE, f"/{n}", past(at(9), seed=n))
    activity, habits = Activity(engine), Habits(kept=3)
    feeds = activity.known(Kind.SOURCE)
    first = habits.of(activity, Kind.SOURCE, feeds)
    assert len(first) == 5
    assert habits.of(activity, Kind.SOURCE, feeds[3:])["/4"] is first["/4"]
    assert habits.of(activity, Kind.SOURCE, feeds[:1])["/0"] is not first["/0"]
    tomorrow = feeds[4]._replace(last_at=feeds[4].last_at + DAY)
    assert habits.of(activity, Kind.SOURCE, [tomorrow])["/4"] is not first["/4"]


feeds = st.dictionaries(
    st.sampled_from(["/a", "/b", "/c", "/d"]),
    st.tuples(st.sampled_from([8.0, 9.0, 10.9]), st.integers(12, 80), st.sampled_from([3, 30])),
    min_size=1,
)


@settings(max_examples=12, deadline=None)
@given(others=feeds, hour=st.floats(0, 30))
def test_a_verdict_does_not_depend_on_other_feeds(others: dict[str, tuple[float, int, int]], hour: float) -> None:
    together: dict[str, Silence] = {}
    alone: dict[str, Silence] = {}
    pasts = {
        name: past(at(stop), days, Rhythm(rate), seed) for seed, (name, (stop, days, rate)) in enumerate(others.items())
    }
    for chosen, into in ((list(pasts), together), *(([name], alone) for name in pasts)):
        engine = sa.create_engine("sqlite://")
        for table in (tables.activity, tables.names, tables.acknowledged):
            table.create(engine)
        for name in chosen:
            keep(engine, Kind.SOURCE, name, pasts[name])
        into |= judged(engine, at(hour))
        engine.dispose()
    assert together == alone


def test_an_event_that_waits_for_minutes_means_that_the_pipeline_is_behind(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "log.db") as log:
        assert not is_behind(log, 10**15)
        log.append(Outputs({RECEIVED: [Message("k", b"", {}), Message("k", b"", {})]}))
        taken_at = log.scan(RECEIVED, 0, 1)[0].at
        assert not is_behind(log, taken_at + BEHIND)
        assert is_behind(log, taken_at + BEHIND + 1)
        log.commit(log.read(RECEIVED, PIPELINE, 1), Outputs())
        assert is_behind(log, taken_at + BEHIND + 1_000_000)
        log.commit(log.read(RECEIVED, PIPELINE, 1), Outputs())
        assert not is_behind(log, taken_at + BEHIND + 1_000_000)
