"""Writes the events of one set, one after the other, as an Avro object container file or as CSV."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Final

import fastavro

from adapters.ways.files.rows import avro_record, columns_of, csv_row, union_of
from adapters.ways.files.safely import written
from hub.destination import Event
from schemas.catalogue import View

Views = Mapping[str, View]
#: Writes events to a file of this name (they are there whole or not at all).
Write = Callable[[Path, str, Iterable[Event], Views, Collection[str]], None]


def write_avro(target: Path, agency: str, events: Iterable[Event], views: Views, types: Collection[str]) -> None:
    """Write Avro 1.x with deflate. The schema is a union of the views of those types that are in the file.

    Written again, the file is the same to the byte.
    """
    schema = fastavro.parse_schema(union_of(views[name] for name in sorted(types)))
    records = (avro_record(agency, event, views[event.type]) for event in events)
    marker = hashlib.sha256(target.name.encode()).digest()[:16]
    with written(target) as file:
        fastavro.writer(file, schema, records, codec="deflate", sync_marker=marker)


def write_csv(target: Path, agency: str, events: Iterable[Event], views: Views, types: Collection[str]) -> None:  # noqa: ARG001 - all formats alike
    """Write RFC 4180 in UTF-8 with a header line. All types have the same columns."""
    columns = columns_of(views[name] for name in sorted(views))
    with written(target) as file:
        text = _Text(file)
        rows: Any = csv.writer(text, lineterminator="\r\n")
        rows.writerow(columns)
        for event in events:
            rows.writerow(csv_row(agency, event, columns))


class _Text:
    """Takes the text that `csv` writes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


FORMATS: Final[Mapping[str, tuple[str, Write]]] = {
    "avro": ("avro/binary", write_avro),
    "csv": ("text/csv; charset=utf-8; header=present", write_csv),
}
