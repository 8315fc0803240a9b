"""Looks for what no event tells of: devices that have gone silent, and deaths registered after a card's use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.database import among, reading
from hub.edge import tables as t
from hub.edge.alerts import Alert, Kind, raise_alerts
from hub.edge.devices import Devices
from hub.edge.marks import Marks
from hub.edge.oddities import Thresholds, after_death
from hub.edge.standing import Standings
from hub.eventlog import partition_of, start_of
from hub.facts import Fate
from hub.registers import tables as registers_tables
from hub.registers.past import Past

#: Persons are recognised again for so long: a death must be registered within 15 days (Law on Civil Status
#: 60/2014/QH13, article 33), and many are later.
MARKS_KEPT: Final = 60 * 86_400_000
#: Positions of one partition that one look goes through.
_STRETCH = 100_000
_HOUR = 3_600_000


class _Death(NamedTuple):
    """A death that was published since the last look."""

    position: int
    numbers: Sequence[str]


class Watch:
    """Looks now and then. Whatever it finds is an alert; the same is raised once."""

    def __init__(
        self, deliveries: sa.Engine, registers: sa.Engine, facts: Standings, marks: Marks, thresholds: Thresholds
    ) -> None:
        self._deliveries = deliveries
        self._registers = registers
        self._facts = facts
        self._marks = marks
        self._thresholds = thresholds

    def look(self, now: int) -> None:
        """Raise the alerts that are due at a time (ms since 1970 UTC), and forget who is not needed any more."""
        look_for_silent(self._deliveries, self._thresholds, now)
        looked, ends = self._looked(), self._ends()
        deaths = list(self._deaths({part: looked[part] for part in ends if part in looked}))
        with self._deliveries.begin() as connection:
            raise_alerts(connection, self._late_deaths(connection, deaths, now))
            for part, end in sorted(ends.items()):
                reached = min(end, looked[part] + _STRETCH) if part in looked else end
                _note(connection, part, reached)
            c = t.events.c
            old = sa.and_(c.person_mark.is_not(None), c.occurred_at < now - MARKS_KEPT - self._thresholds.window)
            connection.execute(sa.update(t.events).where(old).values(person_mark=None))

    def _looked(self) -> Mapping[int, int]:
        with reading(self._deliveries) as connection:
            return {row.partition: row.position for row in connection.execute(sa.select(t.looked))}

    def _ends(self) -> Mapping[int, int]:
        progress = registers_tables.progress.c
        with reading(self._registers) as connection:
            rows = connection.execute(sa.select(progress.partition, progress.position))
            return {row.partition: row.position for row in rows}

    def _deaths(self, looked: Mapping[int, int]) -> Iterator[_Death]:
        """Yield the deaths whose fate was decided since: some had been kept back for a while."""
        c = registers_tables.events.c
        with reading(self._registers) as connection:
            past = Past(connection)
            for after in looked.values():
                end = min(after + _STRETCH, start_of(partition_of(after) + 1) - 1)
                at_once = sa.and_(c.position.between(after + 1, end), c.fate_position == c.position)
                later = sa.and_(c.fate_position.between(after + 1, end), c.fate_position != c.position)
                is_death = sa.and_(c.type == "DeathRegistered", c.fate == Fate.PUBLISHED.value)
                brings = c.change.in_(("CREATED", "CORRECTED"))
                rows = connection.execute(sa.select(c.position, c.person).where(is_death, brings, at_once | later))
                for position, person in rows.all():
                    numbers = past.numbers_of([person])
                    yield _Death(position, numbers.numbers_of(numbers.person(person)))

    def _late_deaths(self, connection: sa.Connection, deaths: Sequence[_Death], now: int) -> Iterator[Alert]:
        for death in deaths:
            uses = self._uses(connection, death)
            died_on = self._facts.died_on(death.position) if uses else None
            for use in uses:
                if after_death(use.occurred_at, died_on):
                    detail = {"occurred_at": use.occurred_at, "registered_later": True}
                    about, at = (use.event_id,), (use.device_id, use.site_id, now)
                    yield Alert(Kind.DECEASED, *at, about, use.event_id, detail)

    def _uses(self, connection: sa.Connection, death: _Death) -> Sequence[Any]:
        c = t.events.c
        query = sa.select(c.event_id, c.device_id, c.site_id, c.occurred_at)
        mine = among(c.person_mark, [self._marks.of(number) for number in death.numbers])
        return connection.execute(query.where(mine, c.person_mark.is_not(None))).all()


def look_for_silent(deliveries: sa.Engine, thresholds: Thresholds, now: int) -> None:
    """Raise an alert for each device of which nothing was heard for long. Needs no secret of the hub."""
    latest, found = now - int(thresholds.silent_hours * _HOUR), []
    for device in Devices(deliveries).every():
        heard = device.last_seen_at or device.enrolled_at
        if device.revoked is None and heard < latest:
            about, detail = (device.device_id, heard), {"since": heard}
            found.append(Alert(Kind.SILENT, device.device_id, device.site_id, now, about, detail=detail))
    if found:
        with deliveries.begin() as connection:
            raise_alerts(connection, found)


def _note(connection: sa.Connection, part: int, position: int) -> None:
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(t.looked)
    row = insert.values(partition=part, position=position)
    connection.execute(row.on_conflict_do_update(index_elements=["partition"], set_={"position": position}))
