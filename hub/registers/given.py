"""Who was given facts beside its feed, by a snapshot: noted, so that what follows the data follows it there too.

The note stands beside those of the feeds, in `events.sent_to`, with the time as a fourth value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa

from hub.database import take_turns
from hub.registers import tables as t
from hub.registers.past import Past
from hub.steps.permit import Permitted

#: The number of our advisory lock in PostgreSQL. Who notes is alone; who is about to let an annulment go asks beside
#: others who do so. So either the annulment sees the note, or the note sees the annulment.
_TURN: Final = 7_310_005


def be_alone(connection: sa.Connection) -> None:
    """Let nobody decide what follows from data while notes are being made; until the transaction ends."""
    take_turns(connection, _TURN)


def note(connection: sa.Connection, given: Iterable[Permitted], at: int) -> None:
    """Note that agencies have these events, at a time in milliseconds. The caller is alone (`be_alone`)."""
    more: dict[int, dict[str, Sequence[Any]]] = {}
    for one in given:
        more.setdefault(one.arrival.position, {})[one.agency] = (one.purpose, one.basis, one.shielded, at)
    if not more:
        return
    c = t.events.c
    rows = connection.execute(sa.select(c.position, c.sent_to).where(c.position.in_(sorted(more)))).all()
    changed = [
        {"b_position": position, "b_sent": orjson.dumps({**more[position], **known}).decode()}
        for position, sent_to in rows
        if more[position].keys() - (known := orjson.loads(sent_to or "{}")).keys()
    ]
    if changed:
        statement = sa.update(t.events).where(c.position == sa.bindparam("b_position"))
        connection.execute(statement.values(sent_to=sa.bindparam("b_sent")), changed)


def given_meanwhile(connection: sa.Connection, past: Past) -> bool:
    """Whether somebody was given data, since this past was looked up, that what was decided by it annuls or protects.

    Nobody notes anything from now until the transaction ends.
    """
    if not past.is_followed:
        return False
    take_turns(connection, _TURN, together=True)
    return not past.holds(connection)
