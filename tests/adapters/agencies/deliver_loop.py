"""A process that delivers one story in small batches, from the start, until it is done or killed: URL and agency."""

from __future__ import annotations

import sys
from random import Random

from adapters.agencies import open_agency
from hub.destination import Event
from tests.adapters.agencies.story import told_at_random

BATCH = 5


def story(agency: str) -> list[Event]:
    """Return the same events in every process."""
    return told_at_random(agency, Random(11), 400, people=25)


def main() -> None:
    """Deliver; say `ready` before the first batch."""
    url, agency = sys.argv[1:]
    events = story(agency)
    system = open_agency(agency, url)
    print("ready", flush=True)  # noqa: T201
    for start in range(0, len(events), BATCH):
        assert not system.deliver(events[start : start + BATCH]).rejected
    system.close()


if __name__ == "__main__":
    main()
