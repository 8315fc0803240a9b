"""What an agency that fetches its feed has already: it is nowhere written down, only how far the agency has asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import sqlalchemy as sa

from hub import headers as h
from hub.contacts.tables import contacts
from hub.database import reading
from hub.eventlog import LogBrowser, Record
from hub.topics import outbox

#: An event that was decided about so shortly before the place of the agency (ms) may stand behind it all the same.
_CLOSE: Final = 60_000
#: So many records behind the place are looked at then.
_AHEAD: Final = 1000


class Sent(NamedTuple):
    """An event that was put into an agency's feed, and when that was decided (ms since 1970 UTC)."""

    agency: str
    event_id: str
    decided_at: int


def fetched(log: LogBrowser, deliveries: sa.Engine, every: Iterable[Sent]) -> set[tuple[str, str]]:
    """Return (agency, event) of those events that agencies which fetch have asked behind."""
    wanted: dict[str, list[Sent]] = {}
    for one in every:
        wanted.setdefault(one.agency, []).append(one)
    if not wanted:
        return set()
    c = contacts.c
    asked = sa.select(c.agency, c.asked_behind).where(c.asked_behind > 0, c.agency.in_(list(wanted)))
    with reading(deliveries) as connection:
        places = connection.execute(asked).all()
    return {found for agency, place in places for found in _of(log, agency, place, wanted[agency])}


def _of(log: LogBrowser, agency: str, place: int, sent: list[Sent]) -> Iterator[tuple[str, str]]:
    reached = _at(log, agency, place)
    if reached is None:
        return
    before = [one for one in sent if one.decided_at <= reached.at]
    close = any(one.decided_at > reached.at - _CLOSE for one in before)
    ahead = {record.headers.get(h.ID) for record in log.scan(outbox(agency), place, _AHEAD)} if close else set()
    yield from ((agency, one.event_id) for one in before if one.event_id not in ahead)


def _at(log: LogBrowser, agency: str, position: int) -> Record | None:
    found = next(iter(log.scan(outbox(agency), position - 1, 1)), None)
    return found if found is not None and found.position == position else None
