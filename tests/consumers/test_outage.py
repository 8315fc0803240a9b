"""How long to pause, and where to look for a culprit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from consumers.outage import Effort, Patience, search_order
from hub.eventlog import Record


@given(st.integers(1, 10_000), st.floats(0.001, 10), st.floats(10, 3600))
def test_pauses_grow_up_to_a_longest_one(outages: int, first: float, longest: float) -> None:
    patience = Patience(first, longest)
    assert patience.pause(1) == first
    assert first <= patience.pause(outages) <= patience.pause(outages + 1) <= longest


def test_the_pause_doubles() -> None:
    assert [Patience().pause(outages) for outages in (1, 2, 3, 4)] == [0.5, 1, 2, 4]


@given(st.integers(1, 60), st.integers(0, 10_000), st.integers(1, 30))
def test_every_record_is_searched_once_whatever_the_start(length: int, outages: int, probes: int) -> None:
    records = [Record(position, 0, "", b"", {}) for position in range(length)]
    order = search_order(records, Effort(True, outages, probes))
    assert sorted(record.position for record in order) == list(range(length))


@given(st.integers(1, 60), st.integers(1, 30), st.integers(0, 1000))
def test_repeated_searches_look_at_every_record_in_the_end(length: int, probes: int, since: int) -> None:
    records = [Record(position, 0, "", b"", {}) for position in range(length)]
    seen: set[int] = set()
    for outages in range(since, since + length):
        seen |= {record.position for record in search_order(records, Effort(True, outages, probes))[:probes]}
    assert seen == set(range(length))
