"""The outcome depends on the stream alone: not on how it is cut into batches, and not on crashes in between."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.agreements import Agreements, Population
from hub.eventlog import Batch, Log, Message, Outputs, Record
from hub.eventlog.sqlite import SqliteLog
from hub.topics import RECEIVED
from tests.hub.making import (
    CUC,
    DEATH,
    GRANT,
    HANOI,
    HOA,
    LAN,
    MAI,
    MOVE,
    SAIGON,
    SHIPPED,
    WITHDRAWAL,
    Clock,
    Event,
    a_hub,
    admitted,
    agreement,
    event,
    next_of,
)

PERSONS = (LAN, MAI, HOA, CUC)
#: One agency that has all of its types for two provinces, one for some persons, the others for everyone.
AGREEMENTS = Agreements.of(
    (
        dict(SHIPPED.by_agency)
        | {
            "welfare": agreement("welfare", population=Population(provinces=frozenset({"79"}))),
            "land": agreement("land", population=Population(persons=frozenset({LAN, MAI}))),
        }
    ).values()
)
_LEVELS = ("NONE", "CONFIDENTIAL", "STRICT")
#: How often each type comes, and what may follow when its fact stands.
_KINDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "DeathRegistered": (5, ("CORRECTED", "ANNULLED", "ANNULLED")),
    "MarriageRegistered": (5, ("CORRECTED", "ANNULLED", "ANNULLED")),
    "ResidenceChanged": (6, ("CORRECTED", "ANNULLED", "CEASED")),
    "ConsentGranted": (4, ("ANNULLED",)),
    "ConsentWithdrawn": (2, ()),
    "AddressProtectionChanged": (3, ("CORRECTED", "CEASED")),
    "PersonalNumberChanged": (1, ()),
    "PersonsMerged": (1, ()),
}


def _payload(kind: str, rng: Random, subject: str) -> tuple[Mapping[str, Any], str]:
    other = rng.choice([number for number in PERSONS if number != subject])
    match kind:
        case "DeathRegistered":
            return DEATH, subject
        case "MarriageRegistered":
            day = rng.choice(["2025-08-01", "2025-08-02"])
            return {"married_on": day, "spouse_number": other}, subject
        case "ResidenceChanged":
            return {**MOVE, "to_address": rng.choice([HANOI, SAIGON])}, subject
        case "ConsentGranted":
            return GRANT, subject
        case "ConsentWithdrawn":
            return WITHDRAWAL, subject
        case "AddressProtectionChanged":
            return {"level": rng.choice(_LEVELS), "valid_from": "2025-08-05"}, subject
        case "PersonalNumberChanged":
            numbers = {"old_number": subject, "new_number": other}
            return {**numbers, "changed_on": "2025-08-05"}, rng.choice([subject, other])
    return {"merged_numbers": [other], "merged_on": "2025-08-05"}, subject


def _history(rng: Random, length: int) -> list[Event]:
    """Return what happened to the persons, as registers that make no mistakes would tell it."""
    told: list[Event] = []
    newest: dict[tuple[str, str, str], Event] = {}
    for number in range(length):
        kind = rng.choices(list(_KINDS), [weight for weight, _ in _KINDS.values()])[0]
        data, subject = _payload(kind, rng, rng.choice((*PERSONS, LAN, LAN, MAI)))
        fact = f"fact-{rng.randrange(2)}-of-{subject[-4:]}"
        before, after = newest.get((kind, subject, fact)), _KINDS[kind][1]
        if before is None or not after:
            made = event(kind, f"e{number}", data, subject=subject, factid=fact if after else f"fact-{number}")
        else:
            anew = before["change"] in ("ANNULLED", "CEASED")
            made = next_of(before | {"data": data}, f"e{number}", "CREATED" if anew else rng.choice(after))
        newest[kind, subject, fact] = made
        told.append(made)
    return told


def stream_of(seed: int, length: int) -> list[tuple[int, Event]]:
    """Return events of four persons with all kinds of trouble, each with the milliseconds that pass before it."""
    rng = Random(seed)
    places: list[tuple[float, Event]] = []
    history = _history(rng, length)
    for place, made in enumerate(history):
        trouble = rng.random()
        if trouble < 0.15:
            places.append((place + rng.choice([1.5, 2.5, 4.5, 9.5]), made))  # late
            continue
        if trouble < 0.2:
            continue  # lost
        if trouble < 0.25 and "previousid" in made:
            made = {**made, "previousid": rng.choice(history)["id"]}
        places.append((place, made))
        if trouble > 0.9:
            again = made if trouble > 0.95 else {**made, "id": f"{made['id']}-again"}
            places.append((place + rng.choice([0.5, 1.5, 7.5]), again))
    places.sort(key=lambda one: one[0])
    return [(rng.choice([1, 1, 1, 1, 1, 1, 800, 2_600, 11_000]), made) for _, made in places]


class Crash(Exception):
    """What a killed process would be."""


class CrashingLog:
    """A log that now and then is killed instead of committing: the registers know what it doesn't."""

    def __init__(self, log: SqliteLog, crashes: Iterator[bool]) -> None:
        self._log = log
        self._crashes = crashes

    def commit(self, batch: Batch, outputs: Outputs) -> None:
        if next(self._crashes, False):
            raise Crash
        self._log.commit(batch, outputs)

    def append(self, outputs: Outputs) -> None:
        self._log.append(outputs)

    def read(self, topic: str, group: str, limit: int) -> Batch:
        return self._log.read(topic, group, limit)

    def scan(self, topic: str, after: int, limit: int) -> Sequence[Record]:
        return self._log.scan(topic, after, limit)

    def extent(self, topic: str, group: str) -> tuple[int, int]:
        return self._log.extent(topic, group)

    def extents(self, topic: str, group: str) -> Sequence[tuple[int, int]]:
        return self._log.extents(topic, group)

    def owned(self, topic: str, group: str) -> Collection[int]:
        return self._log.owned(topic, group)

    def mark(self, producer: str) -> str | None:
        return self._log.mark(producer)


def outcome_of(
    stream: Sequence[tuple[int, Message]],
    sizes: Iterator[int],
    crashes: Iterator[bool] | None = None,
    url: str | None = None,
    agreements: Agreements = AGREEMENTS,
) -> dict[str, Any]:
    """Return the story of a stream that was processed in batches of these sizes, with a restart after each crash."""
    clock, crashes = Clock(), crashes or iter(())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with SqliteLog(folder / "log.db", clock=clock) as log:
            for gap, message in stream:
                clock.now += gap
                log.append(Outputs({RECEIVED: [message]}))

        def wrap(log: SqliteLog) -> Log:
            return CrashingLog(log, crashes)

        more = True
        while more:
            with a_hub(folder, agreements=agreements, clock=clock, wrap=wrap, url=url) as hub:
                try:
                    while hub.process(next(sizes, 1000)):
                        pass
                    hub.flush()
                    more = False
                except Crash:
                    continue
        with a_hub(folder, agreements=agreements, clock=clock, url=url) as hub:
            return hub.story()


def messages(stream: Sequence[tuple[int, Event]]) -> list[tuple[int, Message]]:
    return [(gap, admitted(one)) for gap, one in stream]


SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=30)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(2, 45), sizes=SIZES)
def test_the_outcome_does_not_depend_on_how_the_stream_is_cut(seed: int, length: int, sizes: list[int]) -> None:
    stream = messages(stream_of(seed, length))
    assert outcome_of(stream, iter(sizes)) == outcome_of(stream, iter([1000]))


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    length=st.integers(2, 45),
    sizes=SIZES,
    crashes=st.lists(st.booleans(), min_size=1, max_size=25),
)
def test_a_crash_between_registers_and_log_neither_loses_nor_doubles(
    seed: int, length: int, sizes: list[int], crashes: list[bool]
) -> None:
    stream = messages(stream_of(seed, length))
    assert outcome_of(stream, iter(sizes), iter(crashes)) == outcome_of(stream, iter([1000]))
