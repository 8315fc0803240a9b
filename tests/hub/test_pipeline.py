"""The pipeline as a whole: against the independent model, with two workers, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from deploy.demo.comparison import Applied, compare
from deploy.demo.expectation import Terms
from deploy.demo.generator import generate
from deploy.demo.lines import SourceLine
from deploy.demo.reference import expected
from hub import headers as h
from hub.agreements import Agreements
from hub.eventlog import Message, Outputs, PositionMoved
from hub.intake.desk import Desk, Sent
from hub.observe import BatchProcessed, Happening
from hub.pipeline import process_batch
from hub.registers import tables as t
from hub.registers.store import RegistersBehind
from hub.topics import DUPLICATES, PIPELINE, RECEIVED, REFUSED, WITHHELD, outbox
from schemas.payload import ENVELOPE
from tests.hub.making import (
    ADMISSION,
    CATALOGUE,
    DEATH,
    GRANT,
    LAN,
    MOVE,
    NOW,
    SHIPPED,
    Hub,
    a_hub,
    admitted,
    event,
    next_of,
)
from tests.hub.test_batches import AGREEMENTS, messages, outcome_of, stream_of

MOVED = event("ResidenceChanged", "m1", MOVE)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with a_hub(tmp_path) as hub:
        yield hub


def terms_of(agreements: Agreements) -> list[Terms]:
    """Say to the reference model what the agreements say to the hub."""
    return [
        Terms(
            agency=one.agency,
            statute=frozenset(kind for kind, grant in one.grants.items() if grant.statute is not None),
            consent=frozenset(kind for kind, grant in one.grants.items() if grant.statute is None),
            purpose=next((grant.purpose for grant in one.grants.values() if grant.statute is None), ""),
            only_if_received=frozenset(kind for kind, grant in one.grants.items() if grant.only_if_received),
            provinces=one.population.provinces,
            persons=one.population.persons,
        )
        for one in agreements.by_agency.values()
    ]


def feeds_of(hub: Hub) -> dict[str, list[Applied]]:
    """Return what agencies would have applied that take everything of their feeds in order."""
    return {
        agency: [
            Applied(
                told["event_id"],
                told["subject"],
                {name: value for name, value in told.items() if name not in ENVELOPE and not name.startswith("_")},
            )
            for told in hub.sent_to(agency)
        ]
        for agency in hub.rules.agreements.by_agency
    }


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("limit", [17, 1000])
@pytest.mark.parametrize("agreements", [SHIPPED, AGREEMENTS], ids=["everyone", "limited"])
def test_the_hub_does_what_the_reference_model_expects(
    tmp_path: Path, seed: int, limit: int, agreements: Agreements
) -> None:
    lines: list[SourceLine] = list(generate(600, seed, datetime.fromtimestamp(NOW / 1000, UTC)))
    wanted = expected(lines, terms_of(agreements), datetime.fromtimestamp(NOW / 1000, UTC).date())
    with a_hub(tmp_path, agreements=agreements) as hub:
        desk = Desk(hub.log, hub.engine, ADMISSION, lambda: NOW)
        taken = desk.take("file", [Sent(str(i), line.raw) for i, line in enumerate(lines)])
        hub.run(limit=limit)
        hub.flush()
        assert compare(wanted, feeds_of(hub)) == []
        counts, tallies = wanted.counts(), hub.tallies()
        assert taken.refused == counts["refused:invalid"]
        for kind in ("event_id", "fact", "vital"):
            assert tallies.get(("duplicate", kind), 0) == counts[f"duplicate:{kind}"]
        assert tallies.get(("refused", "late"), 0) == counts["refused:late"]
        for agency in wanted.withheld:
            assert Counter(hub.withheld(agency)) == Counter(wanted.withheld[agency])
            assert tallies.get(("withheld", agency), 0) == len(wanted.withheld[agency])


def test_what_is_set_aside_says_what_and_why(hub: Hub) -> None:
    late = next_of(MOVED, "m2", "CORRECTED")
    hub.run(MOVED, next_of(MOVED, "m3", "CORRECTED", factversion=3), late, MOVED)
    (refused,) = hub.topic(REFUSED)
    assert (refused.key, refused.value) == (LAN, admitted(late).value)
    assert refused.headers == {
        **admitted(late).headers,
        h.REASON: "late",
        h.DETAIL: "version 3 of the fact was published before, by m3",
    }
    (repeat_,) = hub.topic(DUPLICATES)
    assert (repeat_.key, repeat_.value) == (LAN, b"")
    assert repeat_.headers == {h.ID: "m1", h.TYPE: "ResidenceChanged", h.REASON: "event_id", h.DETAIL: "m1"}
    withheld = hub.topic(WITHHELD)[0]
    assert (withheld.key, withheld.value) == (LAN, b"")
    assert withheld.headers == {
        h.ID: "m1",
        h.TYPE: "ResidenceChanged",
        h.AGENCY: "bank",
        h.PURPOSE: "customer-due-diligence",
        h.REASON: "no_consent",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({h.TYPE: "Unknown"}, "unknown_type"),
        ({h.CHANGE: "VANISHED"}, "forbidden_change"),
        ({h.CHANGE: "CORRECTED"}, "missing_previous"),
        ({h.FACT_VERSION: "one"}, "headers"),
        ({h.FACT_VERSION: "4294967297"}, "headers"),
        ({h.FACT_ID: None}, "headers"),
    ],
)
def test_a_record_that_is_no_event_is_refused_whole_and_the_rest_goes_on(
    hub: Hub, change: dict[str, str | None], reason: str
) -> None:
    good = admitted(MOVED)
    headers = {name: value for name, value in {**good.headers, **change}.items() if value is not None}
    hub.log.append(
        Outputs({RECEIVED: [Message(LAN, good.value, headers), Message(LAN, b"\x00\x00\x00\x00\x63", good.headers)]})
    )
    hub.run(event("ResidenceChanged", "m2", MOVE))
    assert [record.headers[h.REASON] for record in hub.topic(REFUSED)] == [reason, "schema"]
    assert hub.topic(REFUSED)[0].value == good.value
    assert hub.ids("tax") == ["m2"]


@pytest.mark.parametrize("damage", [lambda v: v[:-1], lambda v: v + b"\x00", lambda v: v[:5] + b"\xff" * len(v[5:])])
def test_a_damaged_value_is_refused_whole_and_stops_nothing(hub: Hub, damage: Callable[[bytes], bytes]) -> None:
    good = admitted(MOVED)
    hub.log.append(Outputs({RECEIVED: [Message(LAN, damage(good.value), good.headers)]}))
    hub.run(event("ResidenceChanged", "m2", MOVE))
    assert [(r.headers[h.REASON], r.value) for r in hub.topic(REFUSED)] == [("damaged", damage(good.value))]
    assert hub.ids("tax") == ["m2"]


def test_a_batch_is_told_to_whoever_watches(hub: Hub) -> None:
    seen: list[Happening] = []

    def observe(happening: Happening) -> None:
        seen.append(happening)

    hub.send(MOVED, event("ConsentGranted", "c1", GRANT))
    process_batch(hub.log, hub.registers, hub.rules, hub.log.read(RECEIVED, PIPELINE, 10), observe)
    (told,) = seen
    assert isinstance(told, BatchProcessed)
    assert told.received == 2
    assert told.outputs == {
        outbox("bank"): 1,
        outbox("tax"): 1,
        outbox("insurance"): 1,
        outbox("welfare"): 1,
        WITHHELD: 1,
    }
    assert told.at == hub.topic(RECEIVED)[-1].at
    assert told.tallies == {("withheld", "bank"): 1}
    assert told.types == {"ResidenceChanged": 1, "ConsentGranted": 1}
    assert told.sources == Counter(one["source"] for one in (MOVED, event("ConsentGranted")))
    assert told.provinces == {"01": 1}


@pytest.mark.parametrize("ahead", [1, 2])
def test_an_overtaken_worker_does_no_harm(tmp_path: Path, ahead: int) -> None:
    moves = [event("ResidenceChanged", f"m{i}", MOVE) for i in range(6)]
    with a_hub(tmp_path) as hub:
        hub.send(*moves)
        stale = hub.log.read(RECEIVED, PIPELINE, 2)
        for _ in range(ahead):
            hub.process(limit=3)
        with pytest.raises(PositionMoved):
            process_batch(hub.log, hub.registers, hub.rules, stale)
        hub.run(*moves)
        assert hub.ids("tax") == [f"m{i}" for i in range(6)]
        assert hub.tallies()["duplicate", "event_id"] == 6


def test_a_worker_that_is_overtaken_while_it_decides_does_no_harm(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub, a_hub(tmp_path) as other:
        hub.send(MOVED, event("ResidenceChanged", "m2", MOVE))
        batch = hub.log.read(RECEIVED, PIPELINE, 1)
        decided = hub.registers.remember

        def overtaken(*args: object) -> None:
            other.run()
            decided(*args)  # type: ignore[arg-type]

        hub.registers.remember = overtaken  # type: ignore[method-assign, assignment]
        with pytest.raises(PositionMoved):
            process_batch(hub.log, hub.registers, hub.rules, batch)
        other.run(MOVED)
        assert other.ids("tax") == ["m1", "m2"]
        assert other.set_aside(DUPLICATES) == [("m1", "event_id")]


def test_registers_that_lag_behind_the_log_are_not_used(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        hub.run(MOVED)
    (tmp_path / "registers.db").unlink()
    with a_hub(tmp_path) as hub:
        hub.send(MOVED)
        with pytest.raises(RegistersBehind, match="the registers know events up to 0, the log has decided up to 1"):
            hub.process()


def test_the_shares_of_a_crashed_batch_are_forgotten(tmp_path: Path) -> None:
    """Also what it said of events that had been kept back: a queued report had become a second one."""
    died, report = event("DeathRegistered", "d1", DEATH), event("DeathRegistered", "h1", DEATH)
    correction = next_of(MOVED, "m2", "CORRECTED")
    with a_hub(tmp_path) as hub:
        hub.run(died, correction, report)
        hub.send(MOVED)
        batch = hub.log.read(RECEIVED, PIPELINE, 10)
        with pytest.raises(ZeroDivisionError):
            process_batch(_Killed(hub.log), hub.registers, hub.rules, batch)  # type: ignore[arg-type]
        assert _fates(hub)["h1"] == "vital"
        with hub.registers.as_of(batch.after, lambda: batch.after):
            pass
        assert _fates(hub) == {"d1": "published", "m2": "held", "h1": "held"}
        assert hub.tallies() == {("withheld", "bank"): 1}
        hub.run()
        assert hub.set_aside(DUPLICATES) == [("h1", "vital")]
        assert hub.ids("tax") == ["d1", "m1", "m2"]


class _Killed:
    """A log in a process that ends before it commits."""

    def __init__(self, log: object) -> None:
        self.read = log.read  # type: ignore[attr-defined]

    def commit(self, *_: object) -> None:
        raise ZeroDivisionError


def _fates(hub: Hub) -> dict[str, str]:
    with hub.engine.connect() as connection:
        return {row.event_id: row.fate for row in connection.execute(sa.select(t.events.c.event_id, t.events.c.fate))}


def test_the_outcome_is_the_same_on_postgresql(postgres_url: str) -> None:
    stream = messages(stream_of(4711, 60))
    on_sqlite = outcome_of(stream, repeat(1000))
    assert outcome_of(stream, iter([7] * 3), iter([False, True]), url=postgres_url) == on_sqlite
    assert on_sqlite["kept"] is not None


def test_a_position_beyond_32_bits_times_a_thousand_is_kept_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """The place in a queue is finer than the position: after two million events it needs 64 bits."""
    with a_hub(tmp_path, url=postgres_url) as hub, hub.engine.begin() as connection:
        row = {c.name: 0 for c in t.held.c} | dict.fromkeys(("person", "why", "key", "headers"), "") | {"value": b""}
        connection.execute(sa.insert(t.held), row | {"position": 5_000_000, "rank": 5_000_000 * 1024})
        assert connection.scalar(sa.select(t.held.c.rank)) == 5_000_000 * 1024


def test_everything_that_goes_out_can_be_decoded_with_its_recorded_schema(hub: Hub) -> None:
    hub.run(MOVED, event("ConsentGranted", "c1", GRANT))
    for agency in SHIPPED.by_agency:
        for record in hub.topic(outbox(agency)):
            schema_id = int.from_bytes(record.value[1:5], "big")
            assert CATALOGUE.by_id(schema_id).subject.startswith(f"outbox.{agency}-")
            assert orjson.dumps(dict(record.headers))
