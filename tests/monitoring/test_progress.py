"""The counts of a live display."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hub.observe import AgencyUnavailable, BatchDelivered, BatchProcessed
from monitoring.progress import AgencyProgress, Tally


def test_nothing_has_happened_at_first() -> None:
    snapshot = Tally().snapshot()
    assert (snapshot.decided, snapshot.agencies, snapshot.published("tax")) == (0, {}, 0)


def test_batches_add_up() -> None:
    tally = Tally()
    tally(BatchProcessed(10, {"outbox.tax": 8, "refused": 1, "duplicates": 2, "withheld": 3}, 0.5))
    tally(BatchProcessed(5, {"outbox.tax": 5}, 0.25))
    tally(BatchDelivered("tax", 6, 1, 1, 0, 0.1))
    tally(BatchDelivered("tax", 2, 0, 0, 1, 0.1))
    found = tally.snapshot()
    assert (found.decided, found.seconds, found.published("tax")) == (15, 0.75, 13)
    assert (found.refused, found.duplicates, found.withheld) == (1, 2, 3)
    assert found.agencies == {"tax": AgencyProgress(delivered=8, rejected=1, waiting=1, replayed=1)}


def test_an_outage_lasts_until_the_agency_answers() -> None:
    tally = Tally()
    tally(AgencyUnavailable("tax", "connection refused", 3, 2.0))
    assert tally.snapshot().agencies["tax"] == AgencyProgress(outage="connection refused", outages=3)
    tally(BatchDelivered("tax", 0, 0, 4, 0, 0.1))  # put behind others; the agency was not asked
    assert tally.snapshot().agencies["tax"].outages == 3
    tally(BatchDelivered("tax", 0, 1, 0, 0, 0.1))
    assert tally.snapshot().agencies["tax"] == AgencyProgress(rejected=1, waiting=4)


def test_a_snapshot_does_not_change_any_more() -> None:
    tally = Tally()
    tally(BatchProcessed(1, {"outbox.tax": 1}, 0.1))
    before = tally.snapshot()
    tally(BatchProcessed(1, {"outbox.tax": 1}, 0.1))
    assert (before.decided, before.published("tax")) == (1, 1)


def test_threads_lose_no_counts() -> None:
    tally = Tally()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(2000):
            pool.submit(tally, BatchDelivered("tax", 1, 0, 0, 0, 0.0))
            pool.submit(tally, BatchProcessed(1, {"outbox.tax": 1}, 0.0))
    found = tally.snapshot()
    assert (found.decided, found.published("tax"), found.agencies["tax"].delivered) == (2000, 2000, 2000)
