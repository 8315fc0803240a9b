"""Events, agreements and a small hub with a real log and real registers: what the tests of the core are made of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

import deploy
from hub import headers as h
from hub.agreements import Agreement, Agreements, Population, load_agreements
from hub.arrival import Arrival
from hub.database import open_database, sqlite_url
from hub.eventlog import Log, Message, Outputs, Record, records_of
from hub.eventlog.sqlite import SqliteLog
from hub.intake.admit import Admission
from hub.patience import Patience
from hub.pipeline import process_batch
from hub.registers import Registers
from hub.registers import tables as t
from hub.rules import Rules
from hub.steps.project import read_value
from hub.steps.validate import arrival_of
from hub.topics import DUPLICATES, PIPELINE, RECEIVED, REFUSED, WITHHELD, outbox
from hub.waiting import Waiting
from schemas.catalogue import load_catalogue
from schemas.example import example
from schemas.reference.numbers import make_number

CATALOGUE = load_catalogue()
ADMISSION = Admission(CATALOGUE)
SHIPPED = load_agreements(Path(deploy.__file__).parent / "agreements", CATALOGUE)
_RULES = Rules.of(CATALOGUE, SHIPPED, Patience(0, 0))
#: 22 November 2026, 01:00 UTC, in milliseconds.
NOW = 1_795_309_200_000
PATIENCE = Patience(join=5_000, previous=30_000)
#: Four women of Hà Nội, born in 1990.
LAN, MAI, HOA, CUC = (make_number("001", "FEMALE", 1990, serial) for serial in (111111, 222222, 333333, 444444))
HANOI = {"code_system": "VN34", "province_code": "01", "ward_code": "00004", "detail": "Số 15, phố Đội Cấn"}
SAIGON = {"code_system": "VN34", "province_code": "79", "ward_code": "26740", "detail": "Số 42, đường Lê Lợi"}
MOVE: dict[str, Any] = {"kind": "PERMANENT", "to_address": HANOI, "moved_on": "2025-08-04"}
DEATH = {"died_on": "2025-08-04"}
GRANT = {
    "agency": "bank",
    "purpose": "customer-due-diligence",
    "granted_on": "2025-08-06",
    "evidence": "vneid:1",
}
WITHDRAWAL = {"agency": "bank", "purpose": "customer-due-diligence", "withdrawn_on": "2025-08-06"}

Event = dict[str, Any]


def event(type_name: str, event_id: str = "", data: Mapping[str, Any] | None = None, **attributes: Any) -> Event:
    """Return a valid CloudEvent about Lan; its fact is named after the event unless `factid` says otherwise."""
    made = example(type_name, CATALOGUE)
    made |= {"subject": LAN, "time": "2025-08-06T08:00:00+07:00"}
    if event_id:
        made |= {"id": event_id, "factid": event_id}
    if data is not None:
        made["data"] = dict(data)
    elif type_name in ("BirthRegistered", "DeathRegistered"):
        made["data"] |= {"sex": "FEMALE", "born_on": "1990-04-12"}
    return made | attributes


def next_of(before: Event, event_id: str, change: str, **attributes: Any) -> Event:
    """Return the next version of a fact; an annulment and an end have no data."""
    made = before | {"id": event_id, "change": change, "factversion": before["factversion"] + 1}
    if change != "CREATED":
        made["previousid"] = before["id"]
    if change in ("ANNULLED", "CEASED"):
        made.pop("data", None)
    return made | attributes


def admitted(sent: Event) -> Message:
    """Return the message that intake makes of an event."""
    found = ADMISSION.admit_bytes(orjson.dumps(sent), NOW)
    assert isinstance(found, Message), found
    return found


def arrival(sent: Event, position: int = 1, at: int = NOW) -> Arrival:
    """Return an event as the steps see it."""
    message = admitted(sent)
    return arrival_of(Record(position, at, message.key, message.value, message.headers))


def arrivals(*sent: Event) -> list[Arrival]:
    """Return events as the steps see them, one after the other."""
    return [arrival(one, position, NOW + position) for position, one in enumerate(sent, start=1)]


def agreement(agency: str, population: Population | None = None, **changes: Any) -> Agreement:
    """Return the shipped agreement of an agency with another population, or with other changes."""
    known = SHIPPED.by_agency[agency]
    return replace(known, population=population or Population(), **changes)


def limited(agency: str, population: Population) -> Agreements:
    """Return the shipped agreements, one of them limited."""
    everyone = dict(SHIPPED.by_agency) | {agency: agreement(agency, population=population)}
    return Agreements.of(everyone.values())


class Clock:
    """The log's time: a millisecond goes by whenever somebody looks."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        self.now += 1
        return self.now


@dataclass
class Hub:
    """A log, registers and rules, and what can be done with them."""

    log: Log
    engine: sa.Engine
    rules: Rules
    clock: Clock
    registers: Registers = field(init=False)

    def __post_init__(self) -> None:
        t.metadata.create_all(self.engine)
        self.registers = Registers(self.engine)

    def send(self, *sent: Event, after: int = 0) -> None:
        """Put events into `received`, `after` milliseconds from now."""
        self.clock.now += after
        for one in sent:
            self.log.append(Outputs({RECEIVED: [admitted(one)]}))

    def process(self, limit: int = 1000) -> bool:
        """Process one batch; say whether there was one."""
        batch = self.log.read(RECEIVED, PIPELINE, limit)
        if batch.records:
            process_batch(self.log, self.registers, self.rules, batch)
        return bool(batch.records)

    def run(self, *sent: Event, limit: int = 1000) -> None:
        """Send events and process everything."""
        self.send(*sent)
        while self.process(limit):
            pass

    def flush(self) -> None:
        """Let go what is kept back."""
        while self.waiting.count():
            self.waiting.flush()
            self.run()

    @property
    def waiting(self) -> Waiting:
        """What is kept back."""
        return Waiting(self.log, self.engine)

    def topic(self, name: str) -> list[Record]:
        """Return everything in a topic."""
        return list(records_of(self.log, name))

    def sent_to(self, agency: str) -> list[Event]:
        """Return what an agency's feed holds, decoded, with the headers under `_`."""
        return [
            {**read_value(self.rules.catalogue, record.value), "_": record.headers, "_key": record.key}
            for record in self.topic(outbox(agency))
        ]

    def ids(self, agency: str) -> list[str]:
        """Return the ids in an agency's feed."""
        return [str(record.headers[h.ID]) for record in self.topic(outbox(agency))]

    def withheld(self, agency: str) -> list[tuple[str, str]]:
        """Return what was withheld from an agency, and why."""
        records = [record.headers for record in self.topic(WITHHELD)]
        return [(x[h.ID], x[h.REASON]) for x in records if x[h.AGENCY] == agency]

    def set_aside(self, topic: str) -> list[tuple[str, str]]:
        """Return the id and the reason of what was refused, or was a duplicate."""
        return [(record.headers[h.ID], record.headers[h.REASON]) for record in self.topic(topic)]

    def tallies(self) -> dict[tuple[str, str], int]:
        """Return the counts that the registers keep."""
        c = t.tallies.c
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(c.name, c.label, sa.func.sum(c.count)).group_by(c.name, c.label))
            return {(name, label): int(count) for name, label, count in rows}

    def story(self) -> dict[str, Any]:
        """Return everything that must not depend on how the stream was cut into batches, or on crashes."""
        feeds: dict[str, dict[str, list[Any]]] = {}
        for agency in self.rules.agreements.by_agency:
            per_person = feeds[agency] = defaultdict(list)
            for record in self.topic(outbox(agency)):
                per_person[record.key].append((record.value, dict(record.headers)))
        aside = {topic: Counter(_words(self.topic(topic))) for topic in (REFUSED, DUPLICATES, WITHHELD)}
        c = t.events.c
        with self.engine.connect() as connection:
            columns = (c.position, c.event_id, c.fate, c.with_event, c.sent_to, c.withheld_from)
            rows = connection.execute(sa.select(*columns).order_by(c.position)).all()
            kept = connection.scalar(
                sa.select(sa.func.count()).select_from(t.held).where(t.held.c.released_at.is_(None))
            )
        fates = [(*row[:4], *(orjson.loads(row[i] or "{}") for i in (4, 5))) for row in rows]
        return {"feeds": feeds, "aside": aside, "tallies": self.tallies(), "events": fates, "kept": kept}


def _words(records: Iterable[Record]) -> Iterator[tuple[Any, ...]]:
    for record in records:
        yield (record.key, record.value, *sorted(record.headers.items()))


@contextmanager
def a_hub(
    folder: Path,
    *,
    agreements: Agreements = SHIPPED,
    patience: Patience = PATIENCE,
    url: str | None = None,
    wrap: Callable[[SqliteLog], Log] = lambda log: log,
    clock: Clock | None = None,
) -> Iterator[Hub]:
    """Open a hub in a folder: a second time, it is the same hub after a restart."""
    folder.mkdir(exist_ok=True)
    clock = clock or Clock()
    engine = open_database(url or sqlite_url(folder / "registers.db"))
    try:
        with SqliteLog(folder / "log.db", clock=clock) as log:
            rules = replace(_RULES, agreements=agreements, patience=patience)
            yield Hub(wrap(log), engine, rules, clock)
    finally:
        engine.dispose()


def only_ids(found: Sequence[Arrival]) -> list[str]:
    """Return the ids of events."""
    return [one.event_id for one in found]
