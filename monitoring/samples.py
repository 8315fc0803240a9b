"""Values of declared metrics, as Prometheus's client wants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from monitoring.declared import Declared

Family = GaugeMetricFamily | CounterMetricFamily


class Sample(NamedTuple):
    """One value of a metric."""

    name: str
    labels: tuple[str, ...]
    value: float


def families_of(declared: Mapping[str, Declared], samples: Iterable[Sample] = ()) -> Iterator[Family]:
    """Yield every declared metric with its values, also one that has none now."""
    families: dict[str, Family] = {}
    for one in declared.values():
        of_kind = CounterMetricFamily if one.kind == "counter" else GaugeMetricFamily
        families[one.name] = of_kind(one.bare, one.help, labels=one.labels, unit=one.base_unit)
    for sample in samples:
        families[sample.name].add_metric(sample.labels, sample.value)
    yield from families.values()
