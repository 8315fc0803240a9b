"""Acknowledged silences, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa

from hub.activity import Acknowledged, Activity, Kind
from hub.activity.store import NAMES_KEPT
from hub.audit import Entry, entries_of
from hub.database import reading

NOW = 1_780_275_600_000
ENTRY = Entry(NOW, "lan", "feed.silence_acknowledged", "source:a", "merged", {})


def test_the_silence_that_lasts_now_is_acknowledged_and_who_did_so_is_kept(engine: sa.Engine) -> None:
    activity, known = Activity(engine), Acknowledged(engine)
    activity.add({(Kind.SOURCE, "a", NOW - 5): 1, (Kind.PUBLISHED, "a", NOW - 3): 1})
    assert known.add(Kind.SOURCE, "a", ENTRY)
    assert (known.of(Kind.SOURCE), known.of(Kind.PUBLISHED)) == ({"a": NOW - 5}, {})
    with reading(engine) as connection:
        (found,) = [one.entry for one in entries_of(connection)]
    assert found == ENTRY


def test_a_later_silence_is_another_one(engine: sa.Engine) -> None:
    activity, known = Activity(engine), Acknowledged(engine)
    activity.add({(Kind.SOURCE, "a", NOW): 1})
    known.add(Kind.SOURCE, "a", ENTRY)
    activity.add({(Kind.SOURCE, "a", NOW + 9): 1})
    assert known.of(Kind.SOURCE) == {"a": NOW}
    assert known.add(Kind.SOURCE, "a", ENTRY)
    assert known.of(Kind.SOURCE) == {"a": NOW + 9}


def test_where_nothing_ever_came_there_is_no_silence(engine: sa.Engine) -> None:
    known = Acknowledged(engine)
    assert not known.add(Kind.SOURCE, "a", ENTRY)
    with reading(engine) as connection:
        assert entries_of(connection) == []


def test_it_is_forgotten_with_the_feed(engine: sa.Engine) -> None:
    activity, known = Activity(engine), Acknowledged(engine)
    activity.add({(Kind.SOURCE, "a", NOW): 1})
    known.add(Kind.SOURCE, "a", ENTRY)
    activity.prune(NOW + NAMES_KEPT)
    assert known.of(Kind.SOURCE) == {"a": NOW}
    activity.prune(NOW + NAMES_KEPT + 1)
    assert known.of(Kind.SOURCE) == {}
