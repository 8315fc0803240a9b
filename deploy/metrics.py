"""Puts together what a process shows Prometheus at /metrics: what it counts, and for some roles how the hub stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

from hub.observe import each

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.registry import Collector

    from deploy.bootstrap import Hub
    from deploy.viewpoint import Viewpoint
    from monitoring.exposition import Exposition
    from monitoring.state import Reading


class Measured(NamedTuple):
    """A hub whose happenings are counted."""

    hub: Hub
    #: What /metrics answers; None where nobody can ask.
    metrics: Exposition | None


@contextmanager
def measuring(hub: Hub, role: str, *, asked: bool, viewpoint: Viewpoint | None = None) -> Iterator[Measured]:
    """Count what a process does while the block runs, if it is `asked`; with a viewpoint, also show how the hub stands.

    `role`: the command. Prometheus's client is only loaded here: few commands need it.
    """
    if not asked:
        yield Measured(hub, None)
        return
    from monitoring.metrics import Metrics

    registry = _registry()
    metrics = Metrics(registry, hub.agencies, hub.rules.catalogue.types)
    metrics.is_role(version("dancu-hub"), role)
    with ExitStack() as stack:
        if viewpoint is not None:
            stack.enter_context(_showing_state(hub, viewpoint, registry))
        yield Measured(replace(hub, observe=each(hub.observe, metrics)), _exposition(registry))


def exposition_of(role: str, *collectors: Collector) -> Exposition:
    """Return what a process answers that has no hub, such as the schema registry, with collectors of its own."""
    from monitoring.metrics import Metrics

    registry = _registry()
    Metrics(registry).is_role(version("dancu-hub"), role)
    for collector in collectors:
        registry.register(collector)
    return _exposition(registry)


@contextmanager
def _showing_state(hub: Hub, viewpoint: Viewpoint, registry: CollectorRegistry) -> Iterator[None]:
    from monitoring.state import StateCollector

    registry.register(StateCollector(_readings(hub, viewpoint), lambda: viewpoint.integrity.checked))
    with viewpoint.integrity.watching():
        yield


def _readings(hub: Hub, viewpoint: Viewpoint) -> dict[str, Reading]:
    """Return what is read, by what it reads. Nothing is read yet."""
    from hub.procedures.store import Cases
    from monitoring.readings import Replays, of_edge, of_feeds, of_procedures, of_standing

    cases = Cases(hub.deliveries_db)
    return {
        "the log and the registers": lambda: of_standing(viewpoint.standing(), hub.rules.agreements.by_agency),
        "counters": lambda: of_edge(hub.deliveries_db),
        "replays": Replays(hub.deliveries_db),
        "procedures": lambda: of_procedures(cases.counts()),
        "feeds": lambda: of_feeds(viewpoint.feeds()),  # last: what is usual takes long to learn, the first time
    }


def _registry() -> CollectorRegistry:
    """Return a registry with what every process shows of itself: memory, processor, open files, Python."""
    from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def _exposition(registry: CollectorRegistry) -> Exposition:
    from monitoring.exposition import Exposition

    return Exposition(registry)
