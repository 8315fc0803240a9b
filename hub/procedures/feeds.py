"""What agencies that fetch have passed in their feeds: nothing else tells that they have an event."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final, NamedTuple

from hub import headers as h
from hub.eventlog import LogBrowser

#: Records that are looked at at once.
_PAGE: Final = 500


class Passed(NamedTuple):
    """A part of a feed that an agency has."""

    event_ids: Sequence[str]
    #: The position up to which it goes.
    reached: int


def passed(log: LogBrowser, topic: str, after: int, until: int, types: Container[str]) -> Passed:
    """Return the events of some types behind a position of a feed, up to one that the agency has asked behind."""
    records = [record for record in log.scan(topic, after, _PAGE) if record.position <= until]
    if not records:
        return Passed((), until)  # too old to be kept
    found = [record.headers[h.ID] for record in records if record.headers.get(h.TYPE) in types]
    return Passed(found, records[-1].position)
