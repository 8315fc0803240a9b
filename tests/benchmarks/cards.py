"""Citizen cards on a real smart card service with virtual readers: how long one takes, and how many there are in a row.

No radio and no chip is in these times: a real card takes most of a second. They show what our own work costs.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from statistics import median, quantiles

import psutil

from adapters.card_reader.insertion import Insertion
from adapters.card_reader.key import Key, key_of_mrz, key_of_number
from adapters.card_reader.reading import Wish
from adapters.card_reader.session import CardSession, Slot, with_card
from adapters.card_reader.trust import Trust, load_trust
from adapters.card_reader.watching import Watcher
from tests.adapters.card_reader.slot import wait_for
from tests.adapters.card_reader.stack import a_stack, missing_stack
from tests.benchmarks.cards_process import cards, mrz, number
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.workplace import Workplace

_READERS = ("Virtual PCD 00 00", "Virtual PCD 00 01")
_SELECT = bytes.fromhex("00A4040C07A0000002471001")
#: Readings before those that are measured.
_WARM = 3


@contextmanager
def _counter(place: Workplace, *kinds: str) -> Iterator[Trust]:
    """Have cards of these kinds in the readers of a running service."""
    trusted = place.folder / "csca"
    with a_stack() as stack:
        os.environ.update(stack.environment)
        with cards(stack, trusted, kinds), Watcher() as watcher:
            wait_for(watcher, lambda: sum(watcher.readers.values()) == len(kinds))
            yield load_trust(trusted)


def measure_reading(place: Workplace, kind: str) -> Sample:
    """Read one card again and again; return the median in milliseconds."""
    key = key_of_mrz(mrz()) if kind == "bac" else key_of_number(number())
    with _counter(place, kind) as trust:
        _read(_READERS[0], key, trust, _WARM)
        times = _read(_READERS[0], key, trust, place.sizes.cards)
        commands = with_card(Slot(_READERS[0], virtual=True), partial(_exchanges, count=200))
    return Sample(
        median(times), commands * _COMMANDS[kind], {"p95, ms": quantiles(times, n=20)[18], "most, ms": max(times)}
    )


def measure_pair(place: Workplace) -> Sample:
    """Read in two readers at once; return cards per second of both. The limit is twice what one reader does alone."""
    key, count = key_of_mrz(mrz()), place.sizes.cards
    with _counter(place, "bac", "bac") as trust:
        alone = 1000 / median(_read(_READERS[0], key, trust, max(_WARM, count // 2)))
        started = time.perf_counter()
        counters = [threading.Thread(target=_read, args=(reader, key, trust, count)) for reader in _READERS]
        for counter in counters:
            counter.start()
        for counter in counters:
            counter.join()
        seconds = time.perf_counter() - started
    return Sample(2 * count / seconds, 2 * alone, {"one reader alone, cards/s": alone})


def measure_row(place: Workplace) -> Sample:
    """Verify many cards in a row; return what the process grew by, in KB for each. Nothing may stay open."""
    process, key = psutil.Process(), key_of_number(number())
    with _counter(place, "chip") as trust:
        _read(_READERS[0], key, trust, place.sizes.row // 5 + _WARM)
        before = (process.num_fds(), threading.active_count())
        memory = process.memory_info().rss
        started = time.perf_counter()
        _read(_READERS[0], key, trust, place.sizes.row)
        seconds = time.perf_counter() - started
        grown = process.memory_info().rss - memory
        after = (process.num_fds(), threading.active_count())
    if after != before:
        raise RuntimeError(f"{place.sizes.row} cards left files or threads behind: {before}, then {after}")
    notes = {"cards": place.sizes.row, "cards/s": place.sizes.row / seconds, "grown, KB": grown / 1024}
    return Sample(max(0.01, grown / 1024 / place.sizes.row), 0.01, notes)


def _read(reader: str, key: Key, trust: Trust, count: int) -> list[float]:
    """Return the milliseconds of each reading; every one must be verified."""
    times = []
    for _ in range(count):
        started = time.perf_counter()
        found = Insertion(Slot(reader, virtual=True)).read(key, trust, Wish(datetime.now(UTC)))
        times.append(1000 * (time.perf_counter() - started))
        if not found.verified:
            raise RuntimeError(f"a good card was not verified: {found.error}")
    return times


def _exchanges(session: CardSession, count: int) -> float:
    """Return the milliseconds of one exchange with the card, without any protection."""
    session.transmit(_SELECT)
    started = time.perf_counter()
    for _ in range(count):
        session.transmit(_SELECT)
    return 1000 * (time.perf_counter() - started) / count


def missing(name: str) -> str | None:
    """Return what a benchmark of this name lacks on this machine, or None."""
    if name not in {benchmark.name for benchmark in BENCHMARKS}:
        return None
    return missing_stack()


#: Commands that a reading of each kind sends (counted once, over a channel in the same process).
_COMMANDS = {"bac": 17, "pace": 20, "chip": 25}
_LIMIT = "as many bare exchanges with the card through pcscd as the reading has commands"
_KINDS = {
    "bac": "BAC, DG1, DG13, SOD, passive authentication (elsewhere, with another program: 7.5)",
    "pace": "PACE with the CAN, DG1, DG13, SOD, passive authentication (elsewhere, with another program: 21.7)",
    "chip": "the same with PACE and chip authentication",
}

_READINGS = tuple(
    Benchmark(
        f"card-{kind}",
        f"one card read and verified: {says}",
        "ms",
        _LIMIT,
        partial(measure_reading, kind=kind),
        more_is_better=False,
        runs=3,
    )
    for kind, says in _KINDS.items()
)
_PAIR = Benchmark(
    "card-pair",
    "cards read with BAC in two readers at once, by two threads of one process",
    "cards/s",
    "twice one reader alone",
    measure_pair,
    runs=3,
)
_ROW = Benchmark(
    "card-row",
    "what each of many verified cards in a row leaves in memory",
    "KB",
    "10 bytes, which is taken for nothing",
    measure_row,
    target=1,
    more_is_better=False,
    runs=1,
)
BENCHMARKS = (*_READINGS, _PAIR, _ROW)
