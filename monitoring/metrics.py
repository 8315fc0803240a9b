"""Counts what happens in this process, for Prometheus. No person is in any label."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase

from hub.observe import AgencyUnavailable, BatchDelivered, BatchProcessed, EventsTaken, FeedRead, Happening
from hub.topics import outbox
from monitoring.declared import Declared, Limited, by_name, counter, gauge, histogram
from monitoring.status import DUPLICATES

#: Seconds from the register's writing to the agency's taking, up to a day.
_LATENCY: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400)
_BATCH: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_OUTCOMES: Final = ("taken", "rejected", "waiting", "unavailable")
_RESULTS: Final = ("accepted", "duplicate", "refused")
#: The type of an event that can't be read.
UNREADABLE: Final = "unreadable"
_OUTBOX: Final = outbox("")

DECLARED: Final[Mapping[str, Declared]] = by_name(
    counter(
        "dancu_events_received_total",
        "events",
        "type",
        "Events that the pipeline has read, by type; duplicates are among them.",
    ),
    counter(
        "dancu_events_by_province_total",
        "events",
        "province",
        "Events by each province (today's code) that they tell of; one event may tell of two.",
    ),
    counter(
        "dancu_events_refused_total",
        "events",
        "where reason",
        "Events that were refused, at intake or in the pipeline, by reason.",
    ),
    counter("dancu_duplicates_total", "events", "kind", "Duplicates that the pipeline caught, by kind."),
    counter(
        "dancu_events_withheld_total",
        "events",
        "agency",
        "Events that an agency was not given, because there was no legal basis.",
    ),
    counter("dancu_events_published_total", "events", "agency", "Events that were put into an agency's feed."),
    counter("dancu_intake_events_total", "events", "result", "Events that sources have sent, by the answer."),
    counter(
        "dancu_delivery_attempts_total",
        "attempts",
        "agency outcome",
        "What came of handing events out: taken, rejected or waiting (events), unavailable (calls without an answer).",
    ),
    histogram(
        "dancu_delivery_latency_seconds",
        "agency",
        "From the moment the register wrote an event until its agency had it.",
    ),
    histogram("dancu_pipeline_batch_seconds", "", "Time to decide about a batch of events."),
    gauge(
        "dancu_pipeline_last_batch_timestamp_seconds",
        "seconds",
        "",
        "When this process last decided about events, since 1970 UTC; 0: not since it began.",
    ),
    counter(
        "dancu_replayed_deliveries_total",
        "events",
        "agency",
        "Events that an agency took when they were sent again.",
    ),
    counter(
        "dancu_feed_events_read_total",
        "events",
        "agency",
        "Events that were given over HTTP to an agency that fetches them; it may read the same again.",
    ),
    gauge("dancu_build_info", "processes", "version role", "Always 1: which program this process is."),
)


class Metrics:
    """Observes what happens, in metrics of a registry.

    Label values that are known beforehand begin at 0, so that the first rise is seen. Agencies come from agreements
    and types from the catalogue, so they are few; everything else has a limit.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        agencies: Iterable[str] = (),
        types: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` returns seconds since 1970 UTC."""
        # else the moment at which each was first counted would be as many series again
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._clock = clock
        self._received = _counter(registry, "dancu_events_received_total")
        self._provinces = _counter(registry, "dancu_events_by_province_total")
        self._refused = _counter(registry, "dancu_events_refused_total")
        self._duplicates = _counter(registry, "dancu_duplicates_total")
        self._withheld = _counter(registry, "dancu_events_withheld_total")
        self._published = _counter(registry, "dancu_events_published_total")
        self._intake = _counter(registry, "dancu_intake_events_total")
        self._attempts = _counter(registry, "dancu_delivery_attempts_total")
        self._latency = _histogram(registry, "dancu_delivery_latency_seconds", _LATENCY)
        self._batch = _histogram(registry, "dancu_pipeline_batch_seconds", _BATCH)
        self._last = _gauge(registry, "dancu_pipeline_last_batch_timestamp_seconds")
        self._replayed = _counter(registry, "dancu_replayed_deliveries_total")
        self._read = _counter(registry, "dancu_feed_events_read_total")
        self._build = _gauge(registry, "dancu_build_info")
        self._type, self._province, self._reason = Limited(known=[*types, UNREADABLE]), Limited(), Limited()
        self._begin(list(agencies), list(types))

    def is_role(self, version: str, role: str) -> None:
        """Say which program this process is."""
        self._build.labels(version, role).set(1)

    def __call__(self, happening: Happening) -> None:
        """Count it."""
        match happening:
            case BatchProcessed():
                self._on_batch(happening)
            case BatchDelivered():
                self._on_delivery(happening)
            case AgencyUnavailable():
                self._attempts.labels(happening.agency, "unavailable").inc()
            case EventsTaken():
                self._on_intake(happening)
            case FeedRead():
                self._read.labels(happening.agency).inc(happening.events)
                self._note_latencies(happening.agency, happening.latencies)

    def _on_batch(self, batch: BatchProcessed) -> None:
        self._batch.observe(batch.seconds)
        self._last.set(self._clock())
        for name, count in batch.types.items():
            self._received.labels(self._type(name)).inc(count)
        events = batch.received - batch.tallies.get(("tick", ""), 0)
        self._received.labels(UNREADABLE).inc(max(0, events - sum(batch.types.values())))
        for province, count in batch.provinces.items():
            self._provinces.labels(self._province(province)).inc(count)
        for (name, label), count in batch.tallies.items():
            if name == "duplicate":
                self._duplicates.labels(label).inc(count)
            elif name == "refused":
                self._refused.labels("pipeline", self._reason(label)).inc(count)
            elif name == "withheld":
                self._withheld.labels(label).inc(count)
        for topic, count in batch.outputs.items():
            if topic.startswith(_OUTBOX):
                self._published.labels(topic.removeprefix(_OUTBOX)).inc(count)

    def _on_delivery(self, batch: BatchDelivered) -> None:
        for outcome, count in (
            ("taken", batch.delivered),
            ("rejected", batch.rejected),
            ("waiting", batch.waiting),
        ):
            self._attempts.labels(batch.agency, outcome).inc(count)
        self._replayed.labels(batch.agency).inc(batch.replayed)
        self._note_latencies(batch.agency, batch.latencies)

    def _note_latencies(self, agency: str, latencies: Iterable[float]) -> None:
        observe = self._latency.labels(agency).observe
        for seconds in latencies:
            observe(seconds)

    def _on_intake(self, taken: EventsTaken) -> None:
        self._intake.labels("accepted").inc(taken.accepted)
        self._intake.labels("duplicate").inc(taken.duplicates)
        for reason, count in taken.refused.items():
            self._intake.labels("refused").inc(count)
            self._refused.labels("intake", self._reason(reason)).inc(count)

    def _begin(self, agencies: list[str], types: list[str]) -> None:
        known: list[tuple[MetricWrapperBase, Iterable[tuple[str, ...]]]] = [
            (self._received, [(name,) for name in (*types, UNREADABLE)]),
            (self._duplicates, [(kind,) for kind in DUPLICATES]),
            (self._intake, [(result,) for result in _RESULTS]),
            (self._attempts, [(agency, outcome) for agency in agencies for outcome in _OUTCOMES]),
        ]
        of_agency = (self._withheld, self._published, self._latency, self._replayed, self._read)
        known += [(metric, [(agency,) for agency in agencies]) for metric in of_agency]
        for metric, values in known:
            for value in values:
                metric.labels(*value)


def _counter(registry: CollectorRegistry, name: str) -> Counter:
    return Counter(**_declared(name), registry=registry)


def _gauge(registry: CollectorRegistry, name: str) -> Gauge:
    return Gauge(**_declared(name), registry=registry)


def _histogram(registry: CollectorRegistry, name: str, buckets: Iterable[float]) -> Histogram:
    return Histogram(**_declared(name), registry=registry, buckets=tuple(buckets))


def _declared(name: str) -> dict[str, Any]:
    one = DECLARED[name]
    return {"name": one.bare, "documentation": one.help, "labelnames": one.labels, "unit": one.base_unit}
