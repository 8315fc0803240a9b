"""Intake: from a file of CloudEvents to `received`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple
from io import BytesIO
from typing import Any

import fastavro
import orjson

from adapters.ingest import PIECE, Ingest
from hub.eventlog import Record, records_of
from hub.topics import RECEIVED
from schemas.catalogue import Catalogue
from tests.benchmarks.bare import TOPIC, insert_seconds
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.workplace import Workplace, stopwatch


def measure(place: Workplace) -> Sample:
    """Take a file in, as `dancu ingest` does."""
    with place.hub() as hub:
        ingest = Ingest(hub.desk(), hub.log, hub.home.oversized)
        with stopwatch() as watch:
            lines = sum(astuple(ingest.file(place.lines)))
        received = list(records_of(hub.log, RECEIVED))
        catalogue = hub.rules.catalogue
    parts = {
        "orjson.loads alone, µs": _parse_seconds(place.lines.read_bytes().splitlines()),
        "fastavro alone, µs": _encode_seconds(received, catalogue),
        "SQLite append alone, µs": _append_seconds(received, place),
    }
    notes = {**watch.per(lines), **{name: 1e6 * seconds / lines for name, seconds in parts.items()}}
    return Sample(lines / watch.wall, lines / sum(parts.values()), notes)


def _parse_seconds(lines: Sequence[bytes]) -> float:
    with stopwatch() as watch:
        for line in lines:
            with suppress(orjson.JSONDecodeError):
                orjson.loads(line)
    return watch.wall


def _encode_seconds(records: Sequence[Record], catalogue: Catalogue) -> float:
    decoded: list[tuple[Any, Any]] = []
    for record in records:
        schema = catalogue.by_id(int.from_bytes(record.value[1:5], "big")).parsed
        # Named types come as (name, value), so that fastavro need not try the branches of a union.
        content = fastavro.schemaless_reader(BytesIO(record.value[5:]), schema, None, return_record_name=True)
        decoded.append((schema, content))
    with stopwatch() as watch:
        for schema, content in decoded:
            out = BytesIO()
            fastavro.schemaless_writer(out, schema, content)
            out.getvalue()
    return watch.wall


def _append_seconds(records: Sequence[Record], place: Workplace) -> float:
    rows = [(r.position, r.at, r.key, orjson.dumps(r.headers), r.value) for r in records]
    return insert_seconds(place.folder, [TOPIC], rows, PIECE)


BENCHMARKS = [
    Benchmark(
        name="intake",
        says="events from a file of NDJSON to `received`",
        unit="events/s",
        target=15_000,
        limit_is="orjson.loads of the same lines + fastavro's encoding of the same records + executemany of the"
        " same rows into bare SQLite in the same transactions (WAL, synchronous FULL)",
        measure=measure,
    )
]
