"""A snapshot as lines: what they say, going on after a break, and tokens that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from consumers.cloudevents import cursor_of
from consumers.snapshot import (
    Asked,
    ForeignSnapshot,
    SnapshotRefused,
    Stores,
    snapshot,
    take_moment,
    tally_of,
    token_of,
)
from hub.audit import check_trail, entries_of
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata
from hub.eventlog import Outputs
from hub.topics import RECEIVED, outbox
from tests.consumers.snapshot.world import join, messages, stores_of, without
from tests.hub.making import NOW, Hub, a_hub

ASKED = Asked("an", "tax begins", lambda: NOW)


@contextmanager
def scene(folder: Path) -> Iterator[tuple[Hub, Stores, sa.Engine]]:
    """A hub that tax has just joined, and the audit trail."""
    with a_hub(folder / "hub", agreements=without("tax")) as hub:
        hub.log.append(Outputs({RECEIVED: messages(1200, 3)}))
        hub.run()
        hub.flush()
        join(hub)
        engine = open_database(sqlite_url(folder / "deliveries.db"))
        metadata.create_all(engine)
        yield hub, stores_of(hub), engine
        engine.dispose()


def read(pieces: list[bytes]) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in b"".join(pieces).splitlines()]


def test_the_lines_are_cloudevents_that_say_where_to_follow_from(tmp_path: Path) -> None:
    with scene(tmp_path) as (hub, stores, audit):
        found = read(list(snapshot(stores, audit, "tax", ASKED)))
        end = cursor_of("tax", hub.log.extent(outbox("tax"), "deliver")[1])
        with audit.connect() as connection:
            assert check_trail(connection) is None
            told = [(one.entry.action, one.entry.by, one.entry.subject) for one in entries_of(connection)]
    first, *between, last = found
    assert (first["type"], last["type"]) == ("vn.dancu.snapshot.begun", "vn.dancu.snapshot.ended")
    assert first["data"]["cursor"] == last["data"]["cursor"] == end
    events = [one for one in between if one.get("snapshot")]
    assert last["data"]["events"] == len(events) == sum(last["data"]["types"].values()) > 300
    assert last["data"]["complete"]
    assert {"sequence", "cursor"}.isdisjoint(events[0])
    for one in found:
        JSONFormat().read(CloudEvent, orjson.dumps(one))
    assert told == [("snapshot.begun", "an", "tax"), ("snapshot.ended", "an", "tax")]


def test_a_snapshot_that_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    with scene(tmp_path) as (_, stores, audit):
        whole = read(list(snapshot(stores, audit, "tax", ASKED)))
        pieces = snapshot(stores, audit, "tax", ASKED)
        begun = [next(pieces) for _ in range(2)]
        reached = read(begun)[-1]["data"]
        tally = tally_of({name: reached[name] for name in ("events", "types", "withheld", "unreadable", "complete")})
        rest = read(list(snapshot(stores, audit, "tax", ASKED, (reached["resume"], tally))))
    ids = [one["id"] for one in (*read(begun), *rest) if one.get("snapshot")]
    assert ids == [one["id"] for one in whole if one.get("snapshot")]
    assert rest[-1]["data"] == whole[-1]["data"]


def test_a_token_that_is_damaged_or_of_another_agency_is_refused(tmp_path: Path) -> None:
    with scene(tmp_path) as (_, stores, audit):
        of_land = token_of(take_moment(stores, "land"))
        for token in ("", "x", "é", of_land[:-1], of_land, cursor_of("tax", 7)):
            with pytest.raises(ForeignSnapshot, match="Begin a new snapshot"):
                snapshot(stores, audit, "tax", ASKED, (token, tally_of(_NOTHING)))


_NOTHING = {"events": 0, "types": {}, "withheld": {}, "unreadable": 0, "complete": True}


def test_who_has_no_agreement_gets_nothing(tmp_path: Path) -> None:
    with scene(tmp_path) as (hub, stores, audit):
        hub.rules = stores.rules
        with pytest.raises(SnapshotRefused, match="no agreement"):
            list(snapshot(stores, audit, "police", ASKED))


def test_what_the_log_has_lost_by_its_retention_is_said(tmp_path: Path) -> None:
    class Forgetful:
        """A log that keeps nothing from before a position."""

        def __init__(self, log: Any, first: int) -> None:
            self._log, self._first = log, first

        def __getattr__(self, name: str) -> Any:
            return getattr(self._log, name)

        def scan(self, topic: str, after: int, limit: int) -> Any:
            return self._log.scan(topic, max(after, self._first - 1) if topic == RECEIVED else after, limit)

    with scene(tmp_path) as (hub, stores, audit):
        for first in (300, 10**6):
            forgets: Any = Forgetful(hub.log, first)
            last = read(list(snapshot(replace(stores, log=forgets), audit, "tax", ASKED)))[-1]
            assert not last["data"]["complete"]
