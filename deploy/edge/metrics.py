"""What `dancu edge run` shows Prometheus on its page's port: of this counter, and nothing of any card."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

from adapters.card_reader.producer.outbox_file import Stopped
from adapters.card_reader.producer.outbox_state import State
from adapters.card_reader.producer.service import Counter as CardCounter
from deploy.metrics import exposition_of
from monitoring.at_counter import CounterCollector
from monitoring.declared import Limited
from monitoring.exposition import Exposition
from monitoring.samples import Sample

#: How many reasons of refusals are shown.
_FEW: Final = 100


def metrics_of(counter: CardCounter) -> Exposition:
    """Return what the counter answers."""
    reason = Limited(_FEW)

    def read() -> Iterator[Sample]:
        try:
            state = counter.recorder.outbox.state()
            yield Sample("dancu_edge_stopped", (), _is_stopped(counter))
            yield from _of_outbox(state, reason, time.time_ns() // 1_000_000)
        except sqlite3.Error:
            yield Sample("dancu_edge_stopped", (), True)
        seats = list(counter.desk.seats.values())
        yield Sample("dancu_edge_readers", (), sum(seat.there for seat in seats))
        yield Sample("dancu_edge_card_service_up", (), counter.desk.service)

    return exposition_of("edge run", CounterCollector(read))


def _of_outbox(state: State, reason: Limited, now: int) -> Iterator[Sample]:
    waited = 0 if state.oldest is None else max(0, now - state.oldest)
    yield Sample("dancu_edge_waiting_events", (), state.waiting)
    yield Sample("dancu_edge_oldest_waiting_age_seconds", (), waited / 1000)
    yield Sample("dancu_edge_expired_events_total", (), state.expired)
    yield Sample("dancu_edge_unseen_answers", (), state.alerts)
    if state.contact is not None:
        yield Sample("dancu_edge_last_contact_timestamp_seconds", (), state.contact / 1000)
    refused = Counter[str]()
    for name, count in state.refused.items():
        refused[reason(name)] += count
    yield from (Sample("dancu_edge_refused_events", (name,), count) for name, count in refused.items())


def _is_stopped(counter: CardCounter) -> bool:
    try:
        counter.recorder.outbox.check()
    except Stopped:
        return True
    return False
