"""The stage of the stories: the population, the registers' clock, and how the registers write events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import Any, NamedTuple, TypeVar

import orjson

from deploy.demo.lines import Event, SourceLine
from deploy.demo.population import Fact, Person, Population

T = TypeVar("T")

#: The stream tells of this many days, up to shortly before `now`.
SPAN_DAYS = 90
#: Share of events that the register writes long after they happened.
REGISTERED_LATE = 0.08
#: People who may have a story, per line of the stream; and at least and at most so many.
PERSONS_PER_LINE, FEWEST, MOST = 0.4, 400, 60_000
#: Events and facts remembered for being sent again, corrected or annulled.
REMEMBERED = 2_000

_VIETNAM = timezone(timedelta(hours=7))
_DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FACT_PREFIX = {
    "BirthRegistered": "KS", "DeathRegistered": "KT", "ResidenceChanged": "CT", "MarriageRegistered": "KH",
    "MarriageEnded": "LH", "PersonDetailsCorrected": "CC", "IdentityCardIssued": "CCCD",
    "IdentityAccountActivated": "VNEID", "PersonalNumberChanged": "DS", "PersonsMerged": "HN",
    "AddressProtectionChanged": "BV", "CardVerified": "XT", "ConsentGranted": "DY", "ConsentWithdrawn": "RDY",
}  # fmt: skip


class Sent(NamedTuple):
    """A line that the hub accepts, with its event and the fact it is about."""

    line: SourceLine
    event: Event
    fact: Fact


class World:
    """Everything that a story may use."""

    def __init__(self, events: int, rng: Random, now: datetime) -> None:
        self.rng = rng
        self.sent = 0
        #: How many lines that must be refused have been sent: each kind has its turn.
        self.mistakes = 0
        self.recent: list[Sent] = []
        self.facts: list[Fact] = []
        self._end = int(now.astimezone(UTC).timestamp() * 1000) - 3_600_000
        self._start = self._end - SPAN_DAYS * _DAY_MS
        self._step = SPAN_DAYS * _DAY_MS / max(events, 1)
        self._ms = self._start
        self._serial = 0
        #: The date at the end of the stream, as a day number.
        self.last_day = (self._end + 25_200_000) // _DAY_MS + _EPOCH_DAY
        size = max(FEWEST, min(MOST, int(events * PERSONS_PER_LINE)))
        self.population = Population(rng, size, self.day)

    @property
    def day(self) -> int:
        """The registers' date now, in Vietnam, as a day number."""
        return (self._ms + 25_200_000) // _DAY_MS + _EPOCH_DAY

    def happens(self, *persons: Person) -> int:
        """Return the day of the next thing that happens to these persons: not before the last one."""
        rng = self.rng
        delay = 1 + int(rng.random() * 5)
        if rng.random() < REGISTERED_LATE:
            delay += int(rng.random() * 400)
        on = max(self.day - delay, *(person.last_day for person in persons))
        for person in persons:
            person.last_day = on
        return on

    def open(self, kind: str, person: Person, source: str, data: dict[str, Any], on: int) -> tuple[Fact, Event]:
        """Return a new fact about a person and the event that creates it."""
        self._serial += 1
        fact_id = f"{_FACT_PREFIX[kind]}-{self._serial}"
        occurred_at = self._time_on(on)
        fact = Fact(kind, fact_id, source, person, 1, "", occurred_at, data)
        event = self._event(fact, "CREATED", data)
        return fact, event

    def follow(self, fact: Fact, change: str, data: dict[str, Any] | None = None, step: int = 1) -> Event:
        """Return the next event of a fact, `step` versions on."""
        previous = fact.last_event
        fact.version += step
        fact.standing = change not in ("ANNULLED", "CEASED")
        event = self._event(fact, change, data)
        if change != "CREATED":
            event["previousid"] = previous
        return event

    def line(self, event: Event, fact: Fact, intent: str = "fresh") -> SourceLine:
        """Return the line of an event that the hub is to accept, and remember it."""
        line = SourceLine(orjson.dumps(event), intent)
        self._remember(self.recent, Sent(line, event, fact))
        if fact.version == 1:
            self._remember(self.facts, fact)
        return line

    def repeat(self, event: Event, changes: dict[str, Any], intent: str) -> SourceLine:
        """Return the line of an event that the hub is not to publish as it comes."""
        return SourceLine(orjson.dumps(event | changes), intent)

    def new_id(self) -> str:
        """Return an event id as registers with time-ordered ids write them (UUIDv7)."""
        bits = self.rng.getrandbits(74)
        head, tail = f"{self._ms:012x}", f"{bits & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000:016x}"
        return f"{head[:8]}-{head[8:]}-7{bits >> 62:03x}-{tail[:4]}-{tail[4:]}"

    def date(self, day: int) -> str:
        """Return a day number as an ISO date."""
        return date.fromordinal(day).isoformat()

    def pause(self, at_most: int) -> int:
        """Return for how many lines a story rests: fewer than `at_most`."""
        return int(self.rng.random() * at_most)

    @contextmanager
    def holding(self, *persons: Person) -> Iterator[None]:
        """Keep these persons out of all other stories."""
        for person in persons:
            person.busy = True
        try:
            yield
        finally:
            for person in persons:
                person.busy = False

    def _event(self, fact: Fact, change: str, data: dict[str, Any] | None) -> Event:
        self._ms = max(self._ms + 1, self._start + int(self.sent * self._step))
        fact.last_event = self.new_id()
        event: Event = {
            "specversion": "1.0",
            "id": fact.last_event,
            "type": fact.type,
            "source": fact.source,
            "subject": fact.person.number,
            "time": fact.occurred_at,
            "datacontenttype": "application/json",
            "change": change,
            "factid": fact.fact_id,
            "factversion": fact.version,
            "registeredat": datetime.fromtimestamp(self._ms / 1000, _VIETNAM).isoformat(timespec="milliseconds"),
        }
        if data is not None:
            event["data"] = fact.data = data
        return event

    def _time_on(self, day: int) -> str:
        seconds = int(self.rng.random() * 86_400)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        return f"{date.fromordinal(day).isoformat()}T{clock}+07:00"

    def _remember(self, memory: list[T], thing: T) -> None:
        if len(memory) < REMEMBERED:
            memory.append(thing)
        else:
            memory[int(self.rng.random() * REMEMBERED)] = thing
