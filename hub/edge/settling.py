"""Answers what the log has: how person and card stand, what is odd about it; and notes that it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from hub.database import among
from hub.edge import tables as t
from hub.edge.alerts import Alert, Kind, raise_alerts
from hub.edge.cards import LOST, UNKNOWN
from hub.edge.chain import Ruling
from hub.edge.device import Device, device_in, is_device
from hub.edge.marks import Marks
from hub.edge.oddities import Sighting, Thresholds, after_death, distant
from hub.edge.purposes import PURPOSES
from hub.edge.reported import Reported
from hub.edge.standing import DECEASED, Asked, Standing, Standings
from hub.edge.tallies import tally

#: An event about a person, and what the registers say of it.
_Known = tuple[Reported, Standing]


class _Event(NamedTuple):
    """One that is settled now."""

    reported: Reported
    standing: Standing
    alerts: Sequence[Alert]


class Settling:
    """The last step: the database of the deliveries, and the registers."""

    def __init__(self, engine: sa.Engine, registers: Standings, marks: Marks, thresholds: Thresholds) -> None:
        self._engine = engine
        self._registers = registers
        #: How persons are recognised again.
        self.marks = marks
        self._thresholds = thresholds

    def settle(
        self, device_id: str, about: Sequence[Ruling], rejected: Mapping[int, str], now: int
    ) -> dict[int, Mapping[str, Any]]:
        """Note what became of events that the log has (or intake has refused); return sequence → answer."""
        reported = [one.reported for one in about if one.reported]
        if not reported:
            return {}
        good = [one for one in reported if one.place.sequence not in rejected]
        found = self._registers.of([Asked(one.subject or "", one.document_number) for one in good])
        with self._engine.begin() as connection:
            device = device_in(connection, device_id, locked=True)
            if device is None:
                raise LookupError(device_id)
            events = list(self._events(connection, device, list(zip(good, found, strict=True)), now))
            raise_alerts(connection, (alert for one in events for alert in one.alerts))
            answers: dict[int, Mapping[str, Any]] = {one.reported.place.sequence: _answer(one) for one in events}
            _close(connection, device, reported, rejected, answers)
        return answers

    def _events(self, connection: sa.Connection, device: Device, known: Sequence[_Known], now: int) -> Iterator[_Event]:
        seen = self._seen(connection, known)
        for reported, standing in known:
            others = [other for number in standing.numbers for other in seen.get(self.marks.of(number), ())]
            alerts = _alerts(device, reported, standing, others, self._thresholds.distant)
            yield _Event(
                reported,
                standing,
                [Alert(kind, device.device_id, device.site_id, now, *rest) for kind, *rest in alerts],
            )

    def _seen(self, connection: sa.Connection, known: Sequence[_Known]) -> dict[str, list[Sighting]]:
        """Return mark → where these persons' cards were read at about the same time."""
        if not known:
            return {}
        marks = {self.marks.of(number) for _, standing in known for number in standing.numbers}
        times = [reported.place.occurred_at for reported, _ in known]
        within, c = self._thresholds.distant, t.events.c
        query = (
            sa.select(c.person_mark, c.event_id, c.occurred_at, c.site_id, t.devices.c.province, c.clock)
            .join(t.devices, t.devices.c.device_id == c.device_id)
            .where(among(c.person_mark, marks), c.person_mark.is_not(None))
            .where(c.occurred_at.between(min(times) - within, max(times) + within))
        )
        found: dict[str, list[Sighting]] = {}
        for mark, *sighting in connection.execute(query):
            found.setdefault(mark, []).append(Sighting(*sighting))
        return found


def _alerts(
    device: Device, reported: Reported, standing: Standing, others: Sequence[Sighting], within: int
) -> Iterator[tuple[Any, ...]]:
    """Yield (kind, about, event, detail) of what is odd about a verification."""
    event_id, at = reported.place.id, reported.place.occurred_at
    said = {"purpose": reported.purpose, "result": reported.result, "occurred_at": at}
    if standing.life == DECEASED and after_death(at, standing.died_on):
        yield Kind.DECEASED, (event_id,), event_id, said
    if standing.card == LOST:
        yield Kind.LOST, (event_id,), event_id, said
    here = Sighting(event_id, at, device.site_id, device.province, reported.place.clock)
    for other in distant(here, others, within):
        minutes = round(abs(other.occurred_at - at) / 60_000, 1)
        pair = sorted((event_id, other.event_id))
        more = {"other_event": other.event_id, "other_site": other.site_id, "minutes": minutes}
        yield Kind.TWO_SITES, pair, event_id, {**said, **more}


def _answer(one: _Event) -> dict[str, Any]:
    """Return what the counter is told: no more than its purpose allows."""
    purpose = PURPOSES[one.reported.purpose]
    kinds = sorted({alert.kind.value for alert in one.alerts if purpose.life or alert.kind is not Kind.DECEASED})
    return {
        "life": one.standing.life if purpose.life else UNKNOWN,
        "card": one.standing.card if purpose.document else UNKNOWN,
        "alerts": kinds,
    }


def _close(
    connection: sa.Connection,
    device: Device,
    reported: Sequence[Reported],
    rejected: Mapping[int, str],
    answers: Mapping[int, Mapping[str, Any]],
) -> None:
    """Note that events are done, those of them that another process has not."""
    c = t.events.c
    mine = sa.and_(c.device_id == device.device_id, c.state == "pending")
    asked = sa.select(c.sequence).where(mine, c.sequence.in_([one.place.sequence for one in reported]))
    still = set(connection.scalars(asked))
    now_done = [one for one in reported if one.place.sequence in still]
    taken = [one for one in now_done if one.place.sequence not in rejected]
    if taken:
        done = sa.update(t.events).where(c.device_id == device.device_id, c.sequence == sa.bindparam("b_sequence"))
        numbers = [one.place.sequence for one in taken]
        rows = [{"b_sequence": n, "b_answer": orjson.dumps(answers[n]).decode()} for n in numbers]
        connection.execute(done.values(state="taken", answer=sa.bindparam("b_answer")), rows)
    refused = {n: reason for n, reason in rejected.items() if n in still}
    _refuse(connection, device, refused)
    outcomes = Counter((one.purpose, one.outcome) for one in taken)
    outcomes.update(("", f"refused:{reason}") for reason in refused.values())
    tally(connection, device.site_id, outcomes)


def _refuse(connection: sa.Connection, device: Device, refused: Mapping[int, str]) -> None:
    """Note what intake has refused: whom it was about is not kept, nor is its id used up."""
    c = t.events.c
    for sequence, reason in refused.items():
        mine = sa.and_(c.device_id == device.device_id, c.sequence == sequence)
        values = {"state": "refused", "reason": reason, "event_id": None, "person_mark": None}
        connection.execute(sa.update(t.events).where(mine).values(values))
    if refused:
        more = t.devices.c.refused + len(refused)
        connection.execute(sa.update(t.devices).where(is_device(device.device_id)).values(refused=more))
