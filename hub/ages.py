"""How long ago the registers have written what an agency gets now: what a late delivery is measured by."""

from __future__ import annotations

from collections.abc import Iterable

from hub import headers as h
from hub.eventlog import Record
from schemas.conversion import millis


def ages(records: Iterable[Record], now: int) -> list[float]:
    """Return the seconds between each record's `registered_at` and `now` (ms since 1970 UTC); never less than none.

    A record that does not say when it was registered is left out.
    """
    written = (record.headers.get(h.REGISTERED_AT) for record in records)
    return [max(0, now - millis(text)) / 1000 for text in written if text]
