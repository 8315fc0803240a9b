"""Gives each event of a device its place: in one transaction, before the log hears of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from hub.database import among
from hub.edge import tables as t
from hub.edge.alerts import Alert, Kind, explain_gaps, raise_alerts
from hub.edge.chain import Chain, Met, Opened, Past, Ruling
from hub.edge.device import Device, device_in, keys_in
from hub.edge.kept import keep_refused
from hub.edge.marks import Marks
from hub.edge.oddities import Thresholds
from hub.edge.tallies import tally

_DAY = 86_400_000


class UnknownDevice(Exception):
    """No such device was ever enrolled."""


class Ledger:
    """The places of all devices' events, in the database of the deliveries."""

    def __init__(self, engine: sa.Engine, marks: Marks, thresholds: Thresholds) -> None:
        self._engine = engine
        self._marks = marks
        self._window = thresholds.window

    def enter(self, device_id: str, signed: Sequence[Opened], now: int) -> list[Ruling]:
        """Rule on events in order and keep what was ruled. Raises `UnknownDevice`.

        Two processes that enter events of one device do so one after the other.
        """
        try:
            return self._enter(device_id, signed, now)
        except sa.exc.IntegrityError:  # another device has used one of the ids at this moment: now it is seen
            return self._enter(device_id, signed, now)

    def _enter(self, device_id: str, signed: Sequence[Opened], now: int) -> list[Ruling]:
        with self._engine.begin() as connection:
            device = device_in(connection, device_id, locked=True)
            if device is None:
                raise UnknownDevice
            places = [one.place for one in signed if one.place]
            past = Past(
                keys_in(connection, {one.signed.key.kid for one in signed}),
                _met(connection, device_id, [place.sequence for place in places]),
                _known_ids(connection, [place.id for place in places]),
            )
            chain = Chain(device, past, self._window)
            rulings = [chain.rule(one, now) for one in signed]
            self._keep(connection, device, list(zip(signed, rulings, strict=True)), now)
            _move_on(connection, device, chain, rulings, now)
        return rulings

    def _keep(
        self, connection: sa.Connection, device: Device, ruled: Sequence[tuple[Opened, Ruling]], now: int
    ) -> None:
        rows = [self._row(device, ruling, now) for _, ruling in ruled if ruling.in_chain]
        if rows:
            connection.execute(sa.insert(t.events), rows)
        keep_refused(connection, ruled, now)
        raise_alerts(connection, (alert for _, ruling in ruled for alert in _alerts(device, ruling, now)))
        for _, ruling in ruled:
            if ruling.state == "fresh" and ruling.reported and ruling.reported.kind == "expired":
                explain_gaps(connection, device.device_id, ruling.reported.expired, now)
        tally(connection, device.site_id, Counter(_outcome(ruling) for _, ruling in ruled if _counts(ruling)))

    def _row(self, device: Device, ruling: Ruling, now: int) -> dict[str, Any]:
        place, reported = ruling.place, ruling.reported
        assert place is not None  # noqa: S101 - what has a place in the chain
        waits = ruling.state == "fresh" and reported is not None and reported.about_a_person
        subject = reported.subject if reported is not None and waits else None
        return {
            "device_id": device.device_id,
            "sequence": place.sequence,
            "event_id": place.id if ruling.state == "fresh" else None,
            "digest": ruling.digest,
            "received_at": now,
            "occurred_at": place.occurred_at,
            "site_id": device.site_id,
            "clock": place.clock,
            "state": "pending" if waits else "taken" if ruling.state == "fresh" else "refused",
            "reason": ruling.reason,
            "person_mark": self._marks.of(subject) if subject else None,
        }


def _met(connection: sa.Connection, device_id: str, sequences: Sequence[int]) -> dict[int, Met]:
    c = t.events.c
    query = sa.select(c.sequence, c.digest, c.state, c.reason, c.answer)
    found = connection.execute(query.where(c.device_id == device_id, c.sequence.in_(sequences)))
    return {sequence: Met(*row) for sequence, *row in found}


def _known_ids(connection: sa.Connection, event_ids: Sequence[str]) -> set[str]:
    c = t.events.c
    return set(connection.scalars(sa.select(c.event_id).where(among(c.event_id, event_ids))))


def _move_on(connection: sa.Connection, device: Device, chain: Chain, rulings: Sequence[Ruling], now: int) -> None:
    missing = sum(ruling.gap[1] - ruling.gap[0] + 1 for ruling in rulings if ruling.gap)
    refused = sum(ruling.state == "refused" and (ruling.in_chain or ruling.place is None) for ruling in rulings)
    values = {
        "last_sequence": chain.last,
        "last_digest": chain.digest,
        "clock": chain.clock,
        "missing": device.missing + missing,
        "refused": device.refused + refused,
    }
    if any(ruling.in_chain or ruling.state != "refused" for ruling in rulings):
        values["last_seen_at"] = now
    connection.execute(sa.update(t.devices).where(t.devices.c.device_id == device.device_id).values(values))


def _alerts(device: Device, ruling: Ruling, now: int) -> Iterator[Alert]:
    """Yield what is odd about a device's chain. What it repeats day after day is one alert a day."""
    place, of, at = ruling.place, device.device_id, (device.device_id, device.site_id, now)
    if place is None:
        return
    if ruling.gap is not None:
        detail = {"first": ruling.gap[0], "last": ruling.gap[1]}
        yield Alert(Kind.GAP, *at, (of, *ruling.gap), detail=detail)
    if ruling.broken:
        yield Alert(Kind.BROKEN, *at, (of, place.sequence), detail={"sequence": place.sequence})
    if ruling.reason in (Kind.REGRESSION, Kind.REPLAY):
        detail = {"sequence": place.sequence, "last": device.last_sequence}
        yield Alert(Kind(ruling.reason), *at, (of, now // _DAY), detail=detail)
    if ruling.state == "fresh" and ruling.reported is not None and ruling.reported.kind == "expired":
        ranges = [list(one) for one in ruling.reported.expired]
        yield Alert(Kind.EXPIRED, *at, (of, place.sequence), detail={"ranges": ranges})


def _counts(ruling: Ruling) -> bool:
    """Whether it is counted now: each event once. What is about a person is counted when it is settled."""
    about = ruling.state == "fresh" and ruling.reported is not None and ruling.reported.about_a_person
    return ruling.in_chain and not about


def _outcome(ruling: Ruling) -> tuple[str, str]:
    if ruling.state == "refused" or ruling.reported is None:
        return "", f"refused:{ruling.reason}"
    return ruling.reported.purpose, ruling.reported.outcome
