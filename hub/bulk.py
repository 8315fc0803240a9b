"""The lane of mass runs: kept beside the log and let in only when the hub has nothing else to do.

So a correction of millions of addresses delays no death and no annulment, neither in the pipeline nor in the feeds.
A person's order stays all the same: whoever has events in the lane gets them let in before the next other event.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson
import sqlalchemy as sa

from hub.database import among, reading, take_turns
from hub.eventlog import Log, Mark, Message, Outputs
from hub.registers import tables as t
from hub.registers.today import Today
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox

#: The lane as a producer: its mark says what it appended last.
_PRODUCER = "bulk"
#: Filling the lane and emptying it is for one process at a time.
_LOCK = 0x64616E6375_02
#: How many undelivered events a feed may have for a mass run to go on.
_AHEAD = 2000


class BulkLane:
    """Mass runs on their way into `received`."""

    def __init__(self, log: Log, engine: sa.Engine, agencies: Sequence[str] = (), piece: int = 500) -> None:
        """Use the registers' database. `piece` is the most events let in at once: what a death may wait behind."""
        self._log = log
        self._engine = engine
        self._feeds = [outbox(agency) for agency in agencies]
        self._piece = piece
        self._seen: dict[str, int] = {}

    def put(self, messages: Mapping[str, Message], at: int) -> None:
        """Keep events of a mass run, by the place they came from; a place that is kept already changes nothing.

        `at` is the time in milliseconds since 1970 UTC.
        """
        if not messages:
            return
        with self._engine.begin() as connection:
            take_turns(connection, _LOCK)
            known = connection.scalars(sa.select(t.bulk.c.place).where(among(t.bulk.c.place, messages)))
            fresh = messages.keys() - set(known)
            rows = [_row(place, message, at) for place, message in messages.items() if place in fresh]
            if rows:
                connection.execute(sa.insert(t.bulk), rows)

    def count(self) -> int:
        """Return how many events are in the lane."""
        moved = orjson.loads(self._log.mark(_PRODUCER) or "[]")  # says it also when we were killed right after
        in_lane = sa.select(sa.func.count()).select_from(t.bulk).where(_IN_LANE, t.bulk.c.id.not_in(moved))
        with reading(self._engine) as connection:
            return connection.execute(in_lane).scalar_one()

    def let_in(self) -> bool:
        """Move the next piece when there is time for it; say whether one was moved."""
        with reading(self._engine) as connection:
            if connection.execute(sa.select(t.bulk.c.id).where(_IN_LANE).limit(1)).first() is None:
                return False
        committed, last = self._log.extent(RECEIVED, PIPELINE)
        return committed == last and self.count() > 0 and self._has_room() and self._move(sa.true()) > 0

    def let_in_of(self, persons: Collection[str]) -> None:
        """Move everything of these persons (by any of their numbers), because another event of them comes."""
        if not persons or not self.count():
            return
        numbers = Today(self._engine).numbers_of(list(persons))
        every = {number for known in numbers.values() for number in known}
        while self._move(among(t.bulk.c.key, every)):
            pass

    def _move(self, chosen: sa.ColumnElement[bool]) -> int:
        """Append a piece and mark it as moved. Killed in between, the mark in the log tells what was appended."""
        c = t.bulk.c
        with self._engine.begin() as connection:
            take_turns(connection, _LOCK)
            _empty(connection, orjson.loads(self._log.mark(_PRODUCER) or "[]"))
            query = sa.select(t.bulk).where(_IN_LANE, chosen).order_by(c.id).limit(self._piece)
            rows = connection.execute(query).all()
            if rows:
                messages = [Message(row.key, row.value, orjson.loads(row.headers)) for row in rows]
                moved = [row.id for row in rows]
                self._log.append(Outputs({RECEIVED: messages}, Mark(_PRODUCER, orjson.dumps(moved).decode())))
                _empty(connection, moved)
        return len(rows)

    def _has_room(self) -> bool:
        """Whether no feed is far behind, but for those that don't move at all: a dead agency holds up nobody."""
        crowded = False
        for feed in self._feeds:
            committed, last = self._log.extent(feed, DELIVER)
            moves = committed != self._seen.get(feed, committed)
            self._seen[feed] = committed
            crowded = crowded or (last - committed > _AHEAD and moves)
        return not crowded


def _empty(connection: sa.Connection, moved: Sequence[int]) -> None:
    connection.execute(sa.update(t.bulk).where(t.bulk.c.id.in_(moved)).values(key=None, headers=None, value=None))


_IN_LANE = t.bulk.c.key.is_not(None)


def _row(place: str, message: Message, at: int) -> dict[str, object]:
    headers = orjson.dumps(dict(message.headers)).decode()
    return {"place": place, "at": at, "key": message.key, "headers": headers, "value": message.value}
