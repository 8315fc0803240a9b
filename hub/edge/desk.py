"""The desk for devices: each event gets its place in its device's chain, then the log has it, then it is answered.

Killed at any line and sent again, each event is taken once: its place is kept before the log gets it, what was not
finished is done again under the same id, and the pipeline takes an id once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from hub.edge.chain import Opened, Ruling, Signed, Unread, read
from hub.edge.ledger import Ledger
from hub.edge.oddities import Thresholds
from hub.edge.reported import Reported
from hub.edge.settling import Settling
from hub.intake.desk import Desk, Sent
from hub.registers.intake import Rejected
from schemas.conversion import rfc3339


class Result(NamedTuple):
    """What became of one event, as its device is told."""

    sequence: int | None
    id: str | None
    #: taken, repeated or refused.
    state: str
    reason: str | None = None
    answer: Mapping[str, Any] | None = None


class EdgeDesk:
    """Takes what devices report. Safe in several processes; the threads of one take turns."""

    def __init__(
        self, engine: sa.Engine, desk: Desk, settling: Settling, thresholds: Thresholds, clock: Callable[[], int]
    ) -> None:
        """`engine`: the database of the deliveries. `clock` gives milliseconds since 1970 UTC."""
        self._ledger = Ledger(engine, settling.marks, thresholds)
        self._desk = desk
        self._settling = settling
        self._clock = clock
        #: Called after each request, for whoever looks around now and then.
        self.on_turn: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def take(self, device_id: str, items: Sequence[Signed | Unread]) -> list[Result]:
        """Take events of a device, in its order; return what became of each. Raises `UnknownDevice`.

        What it returns is durable. Raises the errors of the log and the databases: then nothing was promised.
        """
        opened = [read(item) if isinstance(item, Signed) else item for item in items]
        signed = [one for one in opened if isinstance(one, Opened)]
        with self._lock:
            now = self._clock()
            rulings = self._ledger.enter(device_id, signed, now)
            about = _to_settle(rulings)
            rejected = self._hand_in(device_id, about)
            answers = self._settling.settle(device_id, about, rejected, now)
        self.on_turn()
        told = iter(rulings)
        return [_unread(one) if isinstance(one, Unread) else _result(next(told), rejected, answers) for one in opened]

    def _hand_in(self, device_id: str, about: Sequence[Ruling]) -> dict[int, str]:
        """Let the log have them; return sequence → why, for those that intake refuses."""
        rejected: list[Rejected] = []
        self._desk.on_refused = rejected.append
        shared = [one.reported for one in about if one.reported and one.reported.shared]
        pieces = [Sent(str(one.place.sequence), _cloud_event(one)) for one in shared]
        if pieces:
            self._desk.take(f"edge:{device_id}", pieces)
        return {int(one.place.rpartition(":")[2]): one.reason for one in rejected}


def _to_settle(rulings: Sequence[Ruling]) -> list[Ruling]:
    """Return what is about a person and not settled yet, each once: a request may hold the same twice."""
    waiting = (ruling for ruling in rulings if ruling.state in ("fresh", "unfinished"))
    found = {r.place.sequence: r for r in waiting if r.place and r.reported and r.reported.about_a_person}
    return list(found.values())


def _cloud_event(reported: Reported) -> dict[str, Any]:
    """Return the event as every source sends its own: what others see of it is theirs to say (`schemas/views`)."""
    at = rfc3339(reported.place.occurred_at)
    data = {
        "site_id": reported.site_id,
        "purpose": reported.purpose,
        "result": reported.result,
        "verified_at": at,
        "device_id": reported.place.device_id,
    }
    if reported.document_number is not None:
        data["document_number"] = reported.document_number
    return {
        "specversion": "1.0",
        "id": reported.place.id,
        "type": "CardVerified",
        "source": f"/edge/{reported.site_id}",
        "subject": reported.subject,
        "time": at,
        "datacontenttype": "application/json",
        "change": "CREATED",
        "factid": reported.place.id,
        "factversion": 1,
        "registeredat": at,
        "data": data,
    }


def _unread(one: Unread) -> Result:
    return Result(None, None, "refused", one.reason)


def _result(ruling: Ruling, rejected: Mapping[int, str], answers: Mapping[int, Mapping[str, Any]]) -> Result:
    if ruling.place is None:
        return Result(None, None, "refused", ruling.reason)
    sequence, event_id = ruling.place.sequence, ruling.place.id
    if ruling.state == "refused":
        return Result(sequence, event_id, "refused", ruling.reason)
    if ruling.state == "repeated":
        return Result(sequence, event_id, "repeated", None, orjson.loads(ruling.answer or "null"))
    if sequence in rejected:
        return Result(sequence, event_id, "refused", rejected[sequence])
    return Result(sequence, event_id, "taken", None, answers.get(sequence))
