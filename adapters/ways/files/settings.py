"""What an agreement says about a file drop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.ways.way import Place
from hub.agreements import Agreement


@dataclass(frozen=True, slots=True)
class DropSettings:
    """Where the files go, which they are, and when a set is closed."""

    agency: str
    folder: Path
    #: The folder is the hub's own: it may make it. One that an agreement names must be there (it may be a share).
    own: bool
    formats: tuple[str, ...]
    #: Events in one set at most, and seconds after which a set is closed that has any.
    events: int
    seconds: float
    #: Seconds that the agency has for a receipt.
    receipt_within: float = 86_400


def settings_of(agreement: Agreement, place: Place) -> DropSettings:
    """Return what the agreement says, with the defaults: Avro, 10,000 events, 60 seconds."""
    told: Mapping[str, Any] = agreement.delivery
    folder, chosen = told.get("folder"), told.get("format", "avro")
    return DropSettings(
        agency=agreement.agency,
        folder=Path(folder) if folder else place.folder / f"{agreement.agency}.files",
        own=folder is None,
        formats=("avro", "csv") if chosen == "both" else (chosen,),
        events=told.get("events", 10_000),
        seconds=told.get("seconds", 60),
        receipt_within=told.get("receipt_within", 86_400),
    )
