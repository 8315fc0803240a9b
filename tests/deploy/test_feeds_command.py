"""What a run counts outlives it, and tells which feed is silent that should speak."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any

from hub.activity import HOUR, Activity, Kind, tables
from hub.database import insert_rows, open_database, sqlite_url
from monitoring.silence.calendar import begin_of, day_of
from tests.commands import Dancu, applied, terminate, wait_for
from tests.deploy.sample import TAKE_MOVES, lines, move

RESIDENCE = "/registers/residence/79"
_EVER = 60 * 86_400_000


@contextmanager
def counts_of(dancu: Dancu) -> Any:
    """Open the counts of a home."""
    engine = open_database(sqlite_url(dancu.home / "deliveries.db"))
    yield Activity(engine)
    engine.dispose()


def totals(dancu: Dancu) -> dict[Kind, Mapping[str, int]]:
    """Return what was counted lately."""
    now = time.time_ns() // 1_000_000
    with counts_of(dancu) as activity:
        return {kind: activity.totals(kind, now - 86_400_000, now + 3_600_000) for kind in Kind}


def make_past(dancu: Dancu, source: str) -> None:
    """Let a source have sent events every minute, day and night, until two days ago."""
    now = time.time_ns() // 1_000_000
    last, first = begin_of(day_of(now) - 1) - 3_600_000, now - _EVER
    first -= first % 3_600_000
    always = (1 << 60) - 1
    with counts_of(dancu) as activity:
        hours = [(Kind.SOURCE.value, source, HOUR, at, 60, always) for at in range(first, last, 3_600_000)]
        with activity._engine.begin() as connection:
            insert_rows(connection, tables.activity, hours)
            insert_rows(connection, tables.names, [(Kind.SOURCE.value, source, first, last)])


def test_a_run_until_idle_leaves_its_counts(dancu: Dancu) -> None:
    again = move(1, id="again")
    dancu.ingest("-", stdin=lines(move(1), move(2), again) + b"{}\n")
    dancu.run_until_idle()
    found = totals(dancu)
    assert found[Kind.TYPE] == {"ResidenceChanged": 3}
    assert found[Kind.SOURCE] == {RESIDENCE: 3}
    assert found[Kind.DUPLICATE] == {"fact": 1}
    assert sum(found[Kind.REFUSED].values()) == 1
    assert found[Kind.PUBLISHED] == found[Kind.DELIVERED] == dict.fromkeys(TAKE_MOVES, 2)
    assert sum(found[Kind.LATENCY].values()) == 2 * len(TAKE_MOVES)


def test_a_run_that_is_told_to_stop_writes_its_counts(dancu: Dancu) -> None:
    with dancu.started("run", "--no-web", "--registry-port", "0") as process:
        dancu.ingest("-", stdin=lines(*map(move, range(20))))
        wait_for(process, lambda: len(applied(dancu.home, "tax")) == 20)
        assert terminate(process) == 0
    found = totals(dancu)
    assert found[Kind.SOURCE] == {RESIDENCE: 20}
    assert found[Kind.PUBLISHED]["tax"] == 20
    assert 0 < found[Kind.DELIVERED]["tax"] <= 20


def test_feeds_and_status_name_a_feed_that_is_silent(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(move(1)))
    dancu.run_until_idle()
    assert "im lặng" not in dancu("status").out
    make_past(dancu, "/registers/identity")
    first, *others = dancu("feeds", "--json").json["feeds"]
    assert first["feed"] == "source:/registers/identity"
    assert (first["silent"], first["known"], first["why"]) == (True, True, None)
    assert first["silent_seconds"] > 86_400
    assert 900 <= first["expected_seconds"] <= 7200
    assert first["usual_per_hour"] == 60
    by_feed = {one["feed"]: one for one in others}
    assert by_feed[f"source:{RESIDENCE}"]["why"] == "new"
    assert by_feed[f"source:{RESIDENCE}"]["last_hour"] == by_feed["agency:tax"]["last_hour"] == 1
    assert first["last_hour"] == 0
    assert by_feed["agency:bank"]["why"] == "never"
    assert not any(one["silent"] for one in others)
    for command in ("feeds", "status"):
        assert "source:/registers/identity: im lặng / silent" in dancu(command).out
    assert "Không có gì cần chú ý" not in dancu("status").out


def test_a_silence_is_acknowledged_with_a_reason_that_is_kept(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(move(1)))
    dancu.run_until_idle()
    make_past(dancu, "/registers/identity")
    words = ("feeds", "acknowledge", "source:/registers/identity", "--by", "lan")
    assert dancu(*words).code == 2, "it takes a reason"
    assert dancu(*words, "--reason", " ").code == 2
    said = dancu(*words, "--reason", "merged into 01", "--json").json
    assert (said["feed"], said["acknowledged"]["by"]) == ("source:/registers/identity", "lan")
    by_feed = {one["feed"]: one for one in dancu("feeds", "--json").json["feeds"]}
    found = by_feed["source:/registers/identity"]
    assert (found["silent"], found["known"], found["why"]) == (False, False, "acknowledged")
    assert "im lặng / silent" not in dancu("status").out
    (entry,) = dancu("audit", "list", "--subject", "source:/registers/identity", "--json").json["entries"]
    assert (entry["action"], entry["by"], entry["reason"]) == ("feed.silence_acknowledged", "lan", "merged into 01")
    for unknown in ("source:/registers/elsewhere", "agency:bank", "/registers/identity", "tax"):
        answer = dancu("feeds", "acknowledge", unknown, "--reason", "x")
        assert (answer.code, "nothing ever came" in answer.err) == (1, True), unknown
