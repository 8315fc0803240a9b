"""What a counter shows Prometheus of itself. The hub's own view of all counters is in `monitoring.state`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client.registry import Collector

from monitoring.declared import Declared, by_name, counter, gauge
from monitoring.samples import Family, Sample, families_of

DECLARED: Final[Mapping[str, Declared]] = by_name(
    gauge("dancu_edge_waiting_events", "events", "", "Events that the hub has not taken yet; they are sent later."),
    gauge(
        "dancu_edge_oldest_waiting_age_seconds",
        "seconds",
        "",
        "For how long the oldest event has waited for the hub to take it; 0: none waits.",
    ),
    gauge("dancu_edge_refused_events", "events", "reason", "Events that the hub did not want; the counter keeps them."),
    counter(
        "dancu_edge_expired_events_total",
        "events",
        "",
        "Events of this device that were given up because they were too old; an event tells the hub.",
    ),
    gauge(
        "dancu_edge_stopped", "counters", "", "Whether the counter can keep no event now and reads no card (0 or 1)."
    ),
    gauge(
        "dancu_edge_unseen_answers",
        "answers",
        "",
        "Answers of the hub that the operator must see, such as a dead holder, and has not acknowledged.",
    ),
    gauge(
        "dancu_edge_last_contact_timestamp_seconds",
        "seconds",
        "",
        "When the hub last took something, since 1970 UTC; missing where it never did.",
    ),
    gauge("dancu_edge_readers", "readers", "", "Card readers that are plugged in."),
    gauge("dancu_edge_card_service_up", "services", "", "Whether the card service (pcscd) is there (0 or 1)."),
)


class CounterCollector(Collector):
    """The collector."""

    def __init__(self, read: Callable[[], Iterable[Sample]]) -> None:
        """`read` looks at the counter. It raises nothing: what can't be read is missing."""
        self._read = read

    def describe(self) -> Iterator[Family]:
        """Yield every metric without its values: nothing is read for it."""
        return families_of(DECLARED)

    def collect(self) -> Iterator[Family]:
        """Yield every metric."""
        return families_of(DECLARED, self._read())
