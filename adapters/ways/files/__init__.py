"""Files: the hub puts sets of files into a folder, the agency fetches them. See `docs/receive-files.md`."""

from __future__ import annotations

from adapters.ways.files.receipts import FileSet, SetState, file_sets
from adapters.ways.files.standing import sets_json
from adapters.ways.way import Place, Way
from hub.agreements import Agreement
from hub.destination import Destination

__all__ = ["WAY", "FileSet", "SetState", "file_sets", "sets_json"]


def _open(agreement: Agreement, place: Place) -> Destination:
    from adapters.ways.files.drop import open_drop  # loads fastavro, which only a delivery needs

    return open_drop(agreement, place)


WAY = Way("files", _open)
