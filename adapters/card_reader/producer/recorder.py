"""Writes what was found into the outbox: composed, signed, sealed, and on the disk before it returns."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from adapters.card_reader.producer.clock import Clock, now
from adapters.card_reader.producer.device import Enrolment
from adapters.card_reader.producer.event import Finding, Link, Moment, expiry, new_id, verification
from adapters.card_reader.producer.outbox import Outbox, Ranges
from adapters.card_reader.producer.sealing import Sealed, Sealer


class Recorded(NamedTuple):
    """An event that is safe."""

    id: str
    sequence: int


class Recorder:
    """The only writer of a device's row of events."""

    def __init__(self, outbox: Outbox, sealer: Sealer, enrolment: Enrolment, clock: Clock = now) -> None:
        self.outbox = outbox
        self._sealer, self._enrolment, self._clock = sealer, enrolment, clock

    def record(self, finding: Finding) -> Recorded:
        """Keep what was found. Raises `Stopped`, and `Forbidden` for what no event may say."""
        moment, event_id = self._clock(), new_id()
        return Recorded(event_id, self.outbox.add(event_id, moment.at, partial(self._seal, finding, moment, event_id)))

    def expire(self) -> int:
        """Give up what is so old that the hub takes it no more, and say so in an event. Raises `Stopped`.

        With a clock that no time server has set, nothing is old: it may be years ahead.
        """
        moment, event_id = self._clock(), new_id()
        if moment.clock != "synced":
            return 0
        before = moment.at - 1000 * self._enrolment.window_seconds
        return self.outbox.expire(before, event_id, moment.at, partial(self._seal_expiry, moment, event_id))

    def _seal(self, finding: Finding, moment: Moment, event_id: str, link: Link) -> Sealed:
        return self._sealer.seal(verification(finding, self._enrolment.place, moment, link, event_id))

    def _seal_expiry(self, moment: Moment, event_id: str, link: Link, lost: Ranges) -> Sealed:
        purpose = self._enrolment.purposes[0]
        return self._sealer.seal(expiry(lost, purpose, self._enrolment.place, moment, link, event_id))
