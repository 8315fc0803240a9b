"""Which of the events kept back are out of date: a later version of the same fact has come for the agency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
import sqlalchemy as sa

from hub import headers as h
from hub.database import among
from hub.deliveries.delivery import Held
from hub.deliveries.tables import held


def superseding(
    connection: sa.Connection, entries: Sequence[Held], numbers: Mapping[str, Sequence[str]]
) -> dict[tuple[str, int], str]:
    """Return (agency, position) → id of the newest version of its fact, for each entry that is not that itself.

    `numbers` gives every number of a person, by number; a number that is not in it stands for itself. Only what was
    kept back for the agency itself is looked at: no later event of a person passes one that is kept back.
    """
    found: dict[tuple[str, int], str] = {}
    for agency in sorted({entry.agency for entry in entries}):
        mine = [entry for entry in entries if entry.agency == agency]
        persons = {n: _person(one.record.key, numbers) for one in mine for n in _all(one.record.key, numbers)}
        later = _versions(connection, agency, persons, min(one.record.position for one in mine))
        for one in mine:
            newest = later.get((persons[one.record.key], *_fact(one.record.headers)), (0, ""))
            if newest[0] > _version(one.record.headers):
                found[agency, one.record.position] = newest[1]
    return found


def _versions(
    connection: sa.Connection, agency: str, persons: Mapping[str, str], after: int
) -> dict[tuple[str, ...], tuple[int, str]]:
    """Return fact → (newest version, its event's id) of what was kept back of some persons behind a position."""
    query = sa.select(held.c.key, held.c.event_id, held.c.headers).where(
        held.c.agency == agency, among(held.c.key, persons), held.c.position > after
    )
    newest: dict[tuple[str, ...], tuple[int, str]] = {}
    for key, event_id, content in connection.execute(query):
        headers = orjson.loads(content)
        if h.FACT_ID in headers:
            fact = (persons[key], *_fact(headers))
            newest[fact] = max(newest.get(fact, (0, "")), (_version(headers), event_id))
    return newest


def _all(key: str, numbers: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return (key, *numbers.get(key, ()))


def _person(key: str, numbers: Mapping[str, Sequence[str]]) -> str:
    return min(_all(key, numbers))


def _fact(headers: Mapping[str, str]) -> tuple[str, str]:
    """The register is no part of it: it is hidden for persons who are protected by now."""
    return headers.get(h.TYPE, ""), headers.get(h.FACT_ID, "")


def _version(headers: Mapping[str, str]) -> int:
    text = headers.get(h.FACT_VERSION, "")
    return int(text) if text.isdecimal() else 0
