"""A snapshot as NDJSON of CloudEvents: a first line with the cursor, events, how far it is, and a last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from uuid_utils import uuid7

from consumers.snapshot.moment import Moment, token_of
from consumers.snapshot.pages import Page
from hub.cloudevents import cloudevent
from hub.cursors import cursor_of
from hub.destination import Event

BEGUN: Final = "vn.dancu.snapshot.begun"
REACHED: Final = "vn.dancu.snapshot.reached"
ENDED: Final = "vn.dancu.snapshot.ended"


@dataclass(slots=True)
class Tally:
    """What a snapshot has held so far."""

    events: int = 0
    types: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    #: False when the log had lost old events by its retention: facts may be missing.
    complete: bool = True

    def add(self, page: Page) -> None:
        """Count a page."""
        self.events += len(page.events)
        self.types.update(event.type for event in page.events)
        self.withheld.update(page.withheld)
        self.unreadable += page.unreadable
        self.complete = self.complete and not page.gap

    def as_json(self) -> dict[str, Any]:
        """Return it as the last line has it."""
        return {
            "events": self.events,
            "types": dict(sorted(self.types.items())),
            "withheld": dict(sorted(self.withheld.items())),
            "unreadable": self.unreadable,
            "complete": self.complete,
        }


def tally_of(content: Mapping[str, Any]) -> Tally:
    """Return what `Tally.as_json` gave."""
    known = {**content, "types": Counter(content["types"]), "withheld": Counter(content["withheld"])}
    return Tally(**known)


def lines(
    moment: Moment, pages: Iterable[Page], tally: Tally | None = None, see: Callable[[Page], None] = lambda _: None
) -> Iterator[bytes]:
    """Yield the lines of a snapshot from a moment on, ready to be written; each piece is whole lines.

    `tally` is what came before, when the snapshot goes on: then there is no first line. `see` is told of each page.
    Whoever goes on later takes the token of the last line REACHED (or BEGUN) and drops what came behind it.
    """
    agency, cursor = moment.agency, cursor_of(moment.agency, moment.cursor)
    if tally is None:
        tally = Tally()
        yield _told(agency, BEGUN, {"cursor": cursor, "resume": token_of(moment), "total": moment.total})
    for page in pages:
        tally.add(page)
        told = {"resume": token_of(page.moment), "done": page.moment.done, "total": page.moment.total}
        events = b"".join(orjson.dumps(content_of(event)) + b"\n" for event in page.events)
        yield events + _told(agency, REACHED, told | tally.as_json())
        see(page)
    yield _told(agency, ENDED, {"cursor": cursor, **tally.as_json()})


def content_of(event: Event) -> dict[str, Any]:
    """Return an event of a snapshot as CloudEvents JSON: it has no place in the feed, but is marked."""
    content = cloudevent(event)
    del content["sequence"]
    return content | {"snapshot": True}


def _told(agency: str, kind: str, data: Mapping[str, Any]) -> bytes:
    """Return a line that tells of the snapshot itself."""
    content = {
        "specversion": "1.0",
        "id": str(uuid7()),
        "type": kind,
        "source": f"/feeds/{agency}/snapshot",
        "datacontenttype": "application/json",
        "data": {"agency": agency, **data},
    }
    return orjson.dumps(content) + b"\n"
