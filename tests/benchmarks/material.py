"""What the measurements work on: the demo's lines, and hubs that have come so far with them.

Personal numbers change far more often in the demo than in life; each change of a number ends a batch of the pipeline.
So they are thinned to one event in 10,000. All else is as the demo mixes it, duplicates and invalid lines included.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import orjson

from adapters.ingest import Ingest
from deploy.bootstrap import Hub, open_hub
from deploy.demo.show import stream
from deploy.settings import load_settings
from hub.steps.identify import CHANGE_NUMBERS
from hub.topics import PIPELINE, RECEIVED
from tests.benchmarks.workplace import Workplace

#: One change of a number in so many events.
NUMBER_CHANGE_IN = 10_000
#: Makes the demo's population; the same for every run.
SEED = 7
#: Lines of which the large hub has copies, under other numbers and ids.
_COPIED = 50_000

_NUMBER = re.compile(rb'"(\d{6})(\d{6})"')
_EVENT_ID = re.compile(rb'"(id|previousid)":"([0-9a-f]{8})')
#: In the first 32 bits of a UUIDv7, one is 65.5 seconds: more than the demo's days apart, so that ids keep rising.
_APART = 200_000


def lines_of(count: int) -> list[bytes]:
    """Return so many lines as registers send them."""
    kept: list[bytes] = []
    changes = 0
    for line in stream(count + count // 50 + 100, SEED):
        if _changes_numbers(line.raw):
            if changes >= len(kept) / NUMBER_CHANGE_IN:
                continue
            changes += 1
        kept.append(line.raw)
    return kept[:count]


def _changes_numbers(raw: bytes) -> bool:
    with suppress(orjson.JSONDecodeError):
        event = orjson.loads(raw)
        return isinstance(event, dict) and event.get("type") in CHANGE_NUMBERS
    return False


def make_lines(place: Workplace) -> None:
    """Write the lines for intake."""
    write_lines(place.lines, lines_of(place.sizes.lines))


def make_received(place: Workplace) -> None:
    """Make a hub that has taken the lines in and decided about none."""
    with open_hub(load_settings(home=place.home("received"))) as hub:
        take_in(hub, place.lines)


def make_decided(place: Workplace) -> None:
    """Make a hub that has decided about everything and delivered nothing."""
    few = place.folder / "few.ndjson"
    write_lines(few, lines_of(place.sizes.delivered))
    with open_hub(load_settings(home=place.home("decided"))) as hub:
        take_in(hub, few)
        decide_until(hub)
        hub.waiting().flush()
        decide_until(hub)


def make_large(place: Workplace) -> None:
    """Make a hub with a large backlog, by its own intake and pipeline; write down how quick they were at the end."""
    sizes, original = place.sizes, lines_of(min(_COPIED, place.sizes.backlog // 4))
    copies, file = sizes.backlog // len(original), place.folder / "copy.ndjson"
    with open_hub(load_settings(home=place.home("large"))) as hub:
        for number in range(copies):
            write_lines(file, _copy(original, number))
            intake = _rate(len(original), lambda: take_in(hub, file))
        first = sizes.backlog - sizes.undecided - len(original)
        decide_until(hub, first)
        before = hub.log.extent(RECEIVED, PIPELINE)[0]
        started = time.perf_counter()
        decide_until(hub, sizes.backlog - sizes.undecided)
        decided = hub.log.extent(RECEIVED, PIPELINE)[0] - before
    rates = {
        "intake at this size, events/s": intake,
        "pipeline at this size, events/s": decided / (time.perf_counter() - started),
    }
    (place.folder / "large.json").write_bytes(orjson.dumps(rates))


def _rate(count: int, work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def write_lines(file: Path, lines: Iterable[bytes]) -> None:
    """Write NDJSON."""
    with file.open("wb") as stream_:
        stream_.writelines(line + b"\n" for line in lines)


def take_in(hub: Hub, file: Path) -> None:
    """Let the hub's intake read a file."""
    Ingest(hub.desk(), hub.log, hub.home.oversized).file(file)


def decide_until(hub: Hub, position: int | None = None) -> None:
    """Let the pipeline decide about what was received, up to about a position."""
    work = hub.work()
    while (batch := hub.log.read(RECEIVED, PIPELINE, work.limit)).records:
        if position is not None and batch.after >= position:
            return
        work.process(hub.log, batch)


def _copy(lines: Iterable[bytes], number: int) -> Iterator[bytes]:
    """Yield the lines as of other persons, later: other personal numbers and other, higher event ids."""

    def other_person(found: re.Match[bytes]) -> bytes:
        return b'"%s%06d"' % (found[1], (int(found[2]) + number * 7919) % 1_000_000)

    def other_id(found: re.Match[bytes]) -> bytes:
        return b'"%s":"%08x' % (found[1], int(found[2], 16) + number * _APART)

    for line in lines:
        yield _EVENT_ID.sub(other_id, _NUMBER.sub(other_person, line))


MAKERS: dict[str, Callable[[Workplace], None]] = {
    "lines": make_lines,
    "received": make_received,
    "decided": make_decided,
    "large": make_large,
}
