"""Takes refused events in once more, each once, whatever is killed in between.

What was taken in is marked in the log together with the events. So whoever goes on after a crash knows where to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import sqlalchemy as sa

from hub import headers as h
from hub.database import among, reading
from hub.eventlog import Mark, Message, Outputs, Record
from hub.intake.desk import Sent
from hub.registers.refused import forget_refused
from hub.registers.tables import refusals
from hub.replays import Item, ItemState, items
from hub.replays.locked import running
from hub.topics import RECEIVED
from replay.refused import RefusedEvents, TakeIn

#: Of the refusal, and of where the event was put then.
_NOT_AGAIN = frozenset({h.REASON, h.DETAIL, h.PLACE, h.PARTITION, h.AFTER, h.REPLAY})


@dataclass(frozen=True, slots=True)
class Door:
    """Where refused events come in again."""

    refused: RefusedEvents
    #: Takes pieces in like intake does (`hub.intake.desk.Desk.take`).
    take_in: TakeIn

    def let_in(self, engine: sa.Engine, replay_id: str, runner: str, most: int, now: int) -> int:
        """Take in the next ones, at most so many; return how many ended. 0: nothing is left, or it is not ours."""
        producer = f"replay.{replay_id}"
        with engine.begin() as connection:  # held all the time: another process waits, then finds our mark
            if not running(connection, replay_id, runner):
                return 0
            todo = items.next_of(connection, replay_id, "", most)
            reached = int(self.refused.log.mark(producer) or 0)
            fresh = [item for item in todo if item.position > reached]
            behind = len(todo) - len(fresh)
            if fresh and not behind:
                reached = self._let_in(producer, replay_id, fresh, connection, now)
            done = [item for item in todo if item.position <= reached]
            again = self._refused_again(producer, done)
            still = {item.position for item in items.next_of(connection, replay_id, "", most)}
            changes = [
                items.ended(
                    one,
                    ItemState.FAILED if one.position in again else ItemState.DELIVERED,
                    again.get(one.position),
                    now,
                )
                for one in done
                if one.position in still
            ]
            items.note_asked(connection, replay_id, "", {one.position: 0 for one in done if one.position in still}, now)
            items.settle(connection, replay_id, changes)
            return max(len(done), len(todo) - len(still))

    def _let_in(self, producer: str, replay_id: str, todo: Sequence[Item], connection: sa.Connection, now: int) -> int:
        """Take in the first ones, as far as they are of one sort; return up to which place."""
        found = [(item, self.refused.at(item.position)) for item in todo]
        why = self.refused.why_not([record for _, record in found if record is not None])
        skipped = [
            items.ended(item, ItemState.SKIPPED, why.get(item.position, "gone"), now)
            for item, record in found
            if record is None or item.position in why
        ]
        items.settle(connection, replay_id, skipped)
        open_ = [record for item, record in found if record is not None and item.position not in why]
        if not open_:
            return 0
        by_intake = h.PLACE in open_[0].headers
        alike = list(takewhile(lambda record: (h.PLACE in record.headers) is by_intake, open_))
        last = str(alike[-1].position)
        if by_intake:
            self.take_in(producer, [Sent(str(record.position), record.value) for record in alike], lambda _: last)
        else:
            forget_refused(self.refused.registers, [r.headers[h.ID] for r in alike if h.ID in r.headers])
            messages = [_as_it_came(record, replay_id) for record in alike]
            self.refused.log.append(Outputs({RECEIVED: messages}, Mark(producer, last)))
        return alike[-1].position

    def _refused_again(self, producer: str, done: Sequence[Item]) -> dict[int, str]:
        """Return position → reason for those that intake has refused once more."""
        places = {f"{producer}:{item.position}": item.position for item in done}
        query = sa.select(refusals.c.place, refusals.c.reason).where(among(refusals.c.place, places))
        with reading(self.refused.registers) as connection:
            return {places[place]: reason for place, reason in connection.execute(query)}


def _as_it_came(record: Record, replay_id: str) -> Message:
    headers = {name: value for name, value in record.headers.items() if name not in _NOT_AGAIN}
    return Message(record.key, record.value, {**headers, h.REPLAY: replay_id})
