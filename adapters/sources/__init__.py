"""The registers' own exports, read into CloudEvents: `SOURCES`, `detect` and `read`. Columns: README.md."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.sources import civil_status, export, identity, residence
from adapters.sources.export import read
from adapters.sources.source import CloudEvent, Item, NotAnExport, Place, Row, RowError, Source

__all__ = [
    "SOURCES",
    "CloudEvent",
    "Item",
    "NotAnExport",
    "Place",
    "Row",
    "RowError",
    "Source",
    "detect",
    "read",
]

#: By the name that `--source` takes. A new source is one file and one entry here.
SOURCES: Mapping[str, Source] = {
    source.name: source for source in (civil_status.SOURCE, residence.SOURCE, identity.SOURCE)
}


def detect(header: str | bytes) -> Source | None:
    """Return whose export begins with this header line, or None."""
    return export.detect(header, SOURCES.values())
