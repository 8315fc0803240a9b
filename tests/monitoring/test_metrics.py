"""What a process counts: the same as `dancu status` says, and no person anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from deploy.bootstrap import now_ms
from deploy.demo.show import stream
from hub.deliveries import Deliveries, Request
from hub.observe import AgencyUnavailable, BatchDelivered, BatchProcessed, EventsTaken, FeedRead
from monitoring.declared import OTHER, Declared, Limited, by_name
from monitoring.exposition import Exposition
from monitoring.metrics import DECLARED, Metrics
from replay.redeliver import make_due
from replay.selection import Selection
from schemas.reference.units import VN34, provinces
from tests.monitoring.scene import Scene, open_scene
from tests.promtool import check_metrics

_PERSON = re.compile(rb"\d{12}")
_VALUE = re.compile(rb" \S+$", re.MULTILINE)


def shown(text: bytes) -> dict[tuple[str, ...], float]:
    """Return (name, label values in order of the label's name …) → value."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            found[sample.name, *(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


def by(found: dict[tuple[str, ...], float], name: str) -> dict[tuple[str, ...], float]:
    """Return the values of one metric that are not 0, by its labels."""
    return {key[1:]: value for key, value in found.items() if key[0] == name and value}


class Counted:
    """A scene whose happenings are counted."""

    def __init__(self, scene: Scene) -> None:
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry, scene.hub.agencies, scene.hub.rules.catalogue.types)
        scene.hub = replace(scene.hub, observe=self.metrics)
        self.scene = scene
        self._seed = 0

    def text(self) -> bytes:
        return Exposition(self.registry)().body

    def shown(self) -> dict[tuple[str, ...], float]:
        return shown(self.text())

    def run_stream(self, events: int) -> None:
        """Send a made-up population's events, of which land refuses some, and replay those."""
        self._seed += 1
        lines = [line.raw for line in stream(events, self._seed)]
        self.scene.take(*lines)
        self.scene.decide()
        for agency in self.scene.hub.agencies:
            disliked = self._some_of(agency) if agency == "land" else ()
            self.scene.deliver(agency, *disliked)
        make_due(Deliveries(self.scene.hub.deliveries_db), Selection("land"), Request("lan", "repaired", now_ms()))
        self.scene.deliver("land")

    def _some_of(self, agency: str) -> list[str]:
        from hub.eventlog import records_of
        from hub.topics import outbox

        ids = [record.headers["ce_id"] for record in records_of(self.scene.hub.log, outbox(agency))]
        return ids[:: max(1, len(ids) // 5)]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    home: Path = tmp_path_factory.mktemp("counted") / "home"
    with open_scene(home) as scene:
        counted = Counted(scene)
        counted.run_stream(400)
        yield counted


def test_the_counters_say_what_the_status_says(counted: Counted) -> None:
    found, status = counted.shown(), counted.scene.status()
    assert sum(by(found, "dancu_events_received_total").values()) == status.received > 300
    assert by(found, "dancu_duplicates_total") == {(kind,): n for kind, n in status.duplicates.items() if n}
    assert by(found, "dancu_events_withheld_total") == {(agency,): n for agency, n in status.withheld.items()}
    refused: dict[str, float] = {}
    for (reason, _), count in by(found, "dancu_events_refused_total").items():
        refused[reason] = refused.get(reason, 0) + count
    assert refused == status.refused
    assert status.refused
    taken = by(found, "dancu_delivery_attempts_total")
    for name, one in status.agencies.items():
        published = by(found, "dancu_events_published_total").get((name,), 0)
        assert published == one.delivered + one.pending + one.parked
        assert taken.get((name, "taken"), 0) == one.delivered
        assert by(found, "dancu_replayed_deliveries_total").get((name,), 0) == one.replayed
    assert status.agencies["land"].replayed > 0
    assert taken["land", "rejected"] > 0


def test_the_latency_counts_every_event_that_an_agency_has(counted: Counted) -> None:
    found, status = counted.shown(), counted.scene.status()
    for name, one in status.agencies.items():
        assert found["dancu_delivery_latency_seconds_count", name] == one.delivered


def test_no_person_is_in_any_line_and_promtool_has_nothing_against_it(counted: Counted) -> None:
    text = counted.text()
    assert _PERSON.search(_VALUE.sub(b"", text)) is None, "but for the values: a sum may have many digits"
    assert check_metrics(text) == ""


def test_more_events_and_persons_make_no_more_series(counted: Counted) -> None:
    before = counted.shown()
    counted.run_stream(400)
    after = counted.shown()
    received = [sum(by(found, "dancu_events_received_total").values()) for found in (before, after)]
    assert received[1] > received[0] + 300
    new = {key[0] for key in after.keys() - before.keys()}
    assert new <= {"dancu_events_by_province_total", "dancu_events_refused_total"}
    assert {place for (place,) in by(after, "dancu_events_by_province_total")} <= {one.code for one in provinces(VN34)}


def test_every_metric_is_declared_and_every_declared_one_is_shown(counted: Counted) -> None:
    families = {family.name: family for family in counted.registry.collect()}
    assert families.keys() == {one.bare for one in DECLARED.values()}
    for one in DECLARED.values():
        family = families[one.bare]
        assert (family.type, family.documentation) == (one.kind, one.help)
        labels = {name for sample in family.samples for name in sample.labels} - {"le"}
        assert labels <= set(one.labels)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry(), ["tax"], ["DeathRegistered"], clock=lambda: 1234.5)


def values(metrics: Any, name: str) -> dict[tuple[str, ...], float]:
    return by(shown(Exposition(metrics)().body), name)


def test_every_happening_is_counted_where_it_belongs() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, ["tax"], ["DeathRegistered"], clock=lambda: 1234.5)
    metrics.is_role("1.2", "run")
    tallies = {("duplicate", "fact"): 2, ("refused", "late"): 1, ("withheld", "bank"): 3, ("tick", ""): 1}
    batch = BatchProcessed(
        9, {"outbox.tax": 4, "refused": 1}, 0.02, 99, tallies, {"DeathRegistered": 7}, {}, {"79": 5, "01": 1}
    )
    for happening in (
        batch,
        BatchDelivered("tax", 3, 1, 2, 1, 0.1, [0.2, 400.0, 1e9]),
        AgencyUnavailable("tax", "no answer from 001090000001", 1, 5.0),
        EventsTaken(4, 1, {"schema": 2}),
        FeedRead("bank", 2, [3.0]),
    ):
        metrics(happening)
    assert values(registry, "dancu_events_received_total") == {("DeathRegistered",): 7, ("unreadable",): 1}
    assert values(registry, "dancu_events_by_province_total") == {("79",): 5, ("01",): 1}
    assert values(registry, "dancu_events_refused_total") == {("late", "pipeline"): 1, ("schema", "intake"): 2}
    assert values(registry, "dancu_duplicates_total") == {("fact",): 2}
    assert values(registry, "dancu_events_withheld_total") == {("bank",): 3}
    assert values(registry, "dancu_events_published_total") == {("tax",): 4}
    assert values(registry, "dancu_intake_events_total") == {("accepted",): 4, ("duplicate",): 1, ("refused",): 2}
    assert values(registry, "dancu_delivery_attempts_total") == {
        ("tax", "taken"): 3,
        ("tax", "rejected"): 1,
        ("tax", "waiting"): 2,
        ("tax", "unavailable"): 1,
    }
    assert values(registry, "dancu_delivery_latency_seconds_count") == {("tax",): 3, ("bank",): 1}
    assert values(registry, "dancu_delivery_latency_seconds_bucket")["tax", "900.0"] == 2
    assert values(registry, "dancu_pipeline_batch_seconds_count") == {(): 1}
    assert values(registry, "dancu_pipeline_last_batch_timestamp_seconds") == {(): 1234.5}
    assert values(registry, "dancu_replayed_deliveries_total") == {("tax",): 1}
    assert values(registry, "dancu_feed_events_read_total") == {("bank",): 2}
    assert values(registry, "dancu_build_info") == {("run", "1.2"): 1}


def test_what_comes_from_outside_is_limited_and_shows_no_person() -> None:
    limited = Limited(3, known=["a"])
    assert [limited(value) for value in ("a", "/registers/001090000001", "c", "d", "c", "e")] == [
        "a",
        "/registers/…",
        "c",
        OTHER,
        "c",
        OTHER,
    ]


def test_a_name_is_declared_once() -> None:
    one = Declared("dancu_x_seconds", "gauge", "seconds", (), "x")
    assert one.base_unit == "seconds"
    with pytest.raises(ValueError, match="dancu_x_seconds"):
        by_name(one, one)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0"),
        ("application/openmetrics-text; version=none", "text/plain; version=0.0.4"),
    ],
)
def test_the_format_is_the_one_that_was_asked_for(accept: str, content_type: str) -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    body, found = Exposition(registry)(accept)
    assert found.startswith(content_type)
    assert body.endswith(b"# EOF\n") is ("openmetrics" in content_type)


def test_the_text_is_made_once_in_a_second_and_a_flood_of_formats_is_not_kept() -> None:
    now = [0.0]
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    exposition = Exposition(registry, clock=lambda: now[0])
    before = exposition().body
    metrics(EventsTaken(1, 0, {}))
    assert exposition().body is before
    now[0] = 1.0
    assert exposition().body != before
    for number in range(1, 50):
        exposition(f"application/openmetrics-text; version={number}.0.0")
    assert len(exposition._texts) <= 16
