"""The intake desk: takes what a source sends, piece by piece, and appends it with the producer's mark in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from hub import headers as h
from hub.bulk import BulkLane
from hub.eventlog import Log, Mark, Message, Outputs
from hub.intake.admit import Admission, Refused
from hub.observe import EventsTaken, Observer, nobody
from hub.registers.intake import IntakeRegister, Rejected
from hub.topics import RECEIVED, REFUSED


class Sent(NamedTuple):
    """One thing a source sent: a line as bytes, an event read from JSON, or what its reader could not make one of."""

    #: Where it stands in the producer's material, such as a line number.
    place: str
    content: bytes | Mapping[str, Any] | Unread


class Unread(NamedTuple):
    """What a source's own reader refused, whole (or where the whole is kept), with the reason."""

    raw: bytes
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Taken:
    """How many were taken, refused, and known already (the pipeline decides what becomes of those)."""

    accepted: int = 0
    refused: int = 0
    duplicates: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.accepted + other.accepted, self.refused + other.refused, self.duplicates + other.duplicates)


class Desk:
    """Takes events for one log. `clock` gives milliseconds since 1970 UTC."""

    def __init__(self, log: Log, engine: sa.Engine, admission: Admission, clock: Callable[[], int]) -> None:
        """Use the registers' database for what intake remembers, and for the lane of mass runs."""
        #: Told of every refusal, for whoever watches.
        self.on_refused: Callable[[Rejected], None] = lambda _: None
        #: Told of everything that is taken.
        self.observe: Observer = nobody
        self._log = log
        self._register = IntakeRegister(engine)
        self._lane = BulkLane(log, engine)
        self._admission = admission
        self._clock = clock

    def take(self, producer: str, pieces: Sequence[Sent], mark: Callable[[Taken], str] | None = None) -> Taken:
        """Take the pieces, all or none, and return what became of them.

        `mark` makes the producer's mark from the counts; it is stored together with the events. Taking the same
        places of the same producer again, after a crash, counts nothing twice.
        """
        now = self._clock()
        messages: dict[str, Message] = {}
        refusals: list[tuple[Rejected, bytes]] = []
        places: dict[str, str] = {}
        repeated = 0
        for piece in pieces:
            found = self._admit(piece.content, now)
            place = f"{producer}:{piece.place}"
            if isinstance(found, Refused):
                refusals.append((Rejected(place, found.event_id, found.reason, found.detail), _raw(piece.content)))
                continue
            event_id = found.headers[h.ID]
            repeated += event_id in places
            places.setdefault(event_id, place)
            messages[place] = found
        known = self._register.note(places, [rejected for rejected, _ in refusals], now)
        repeated += len(known)
        taken = Taken(len(messages) - repeated, len(refusals), repeated)
        outputs = {RECEIVED: self._direct(messages, now), REFUSED: [_refusal(*refusal) for refusal in refusals]}
        self._log.append(Outputs(outputs, Mark(producer, mark(taken)) if mark else None))
        for rejected, _ in refusals:
            self.on_refused(rejected)
        reasons = Counter(rejected.reason for rejected, _ in refusals)
        self.observe(EventsTaken(taken.accepted, taken.duplicates, reasons))
        return taken

    def _direct(self, messages: Mapping[str, Message], now: int) -> list[Message]:
        """Put mass runs into their lane; return the rest, and let in first what the lane has of these persons."""
        persons = {number for message in messages.values() if not _may_wait(message) for number in _numbers_of(message)}
        bulk = {
            place: message for place, message in messages.items() if _may_wait(message) and message.key not in persons
        }
        self._lane.put(bulk, now)
        self._lane.let_in_of(persons)
        return [message for place, message in messages.items() if place not in bulk]

    def _admit(self, content: bytes | Mapping[str, Any] | Unread, now: int) -> Message | Refused:
        if isinstance(content, bytes):
            return self._admission.admit_bytes(content, now)
        if isinstance(content, Unread):
            return Refused(content.reason, content.detail, None)
        return self._admission.admit(content, now)


def _may_wait(message: Message) -> bool:
    """Whether an event may go into the lane: one of a mass run, unless later events could not be told from it."""
    return h.BULK_ID in message.headers and h.NUMBERS not in message.headers


def _numbers_of(message: Message) -> list[str]:
    """Every number of the person that the event itself tells of."""
    return [message.key, *filter(None, message.headers.get(h.NUMBERS, "").split(","))]


def _refusal(rejected: Rejected, raw: bytes) -> Message:
    """The whole of what was sent, as it was sent, with the reason."""
    headers = {h.REASON: rejected.reason, h.DETAIL: rejected.detail, h.PLACE: rejected.place}
    if rejected.event_id is not None:
        headers[h.ID] = rejected.event_id
    return Message("", raw, headers)


def _raw(content: bytes | Mapping[str, Any] | Unread) -> bytes:
    if isinstance(content, bytes):
        return content
    return content.raw if isinstance(content, Unread) else orjson.dumps(content)
