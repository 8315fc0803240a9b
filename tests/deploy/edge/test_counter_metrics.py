"""A counter answers Prometheus: how it stands, and nothing of any card."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from adapters.card_reader.producer.counter.behind import CounterPage
from adapters.card_reader.producer.counter.serving import serving_page
from adapters.card_reader.producer.outbox_file import Stop
from adapters.card_reader.watching import Change, What
from deploy.edge import metrics
from monitoring.at_counter import DECLARED
from tests.adapters.card_reader.producer.counters import Table
from tests.adapters.card_reader.producer.hub import TestHub, a_hub
from tests.adapters.card_reader.producer.making import FOUND, NOW, a_device
from tests.adapters.card_reader.producer.test_page import ask
from tests.monitoring.test_metrics import by, shown
from tests.promtool import check_metrics


@pytest.fixture
def hub() -> Iterator[TestHub]:
    with a_hub() as running:
        yield running


@pytest.fixture
def table(hub: TestHub, tmp_path: Path) -> Iterator[Table]:
    with a_device(hub, tmp_path) as device:
        yield Table(device)


def now_shown(table: Table) -> dict[str, float]:
    """Return the counter's own metrics without labels, as they are now."""
    found = shown(metrics.metrics_of(table.counter)("").body)
    return {key[0]: value for key, value in found.items() if key[0] in DECLARED and len(key) == 1}


def test_it_shows_what_waits_and_when_the_hub_was_last_reached(table: Table) -> None:
    assert now_shown(table) == {
        "dancu_edge_waiting_events": 0,
        "dancu_edge_oldest_waiting_age_seconds": 0,
        "dancu_edge_expired_events_total": 0,
        "dancu_edge_stopped": 0,
        "dancu_edge_unseen_answers": 0,
        "dancu_edge_readers": 0,
        "dancu_edge_card_service_up": 0,
    }
    table.device.recorder.record(FOUND)
    table.device.recorder.record(FOUND)
    waiting = now_shown(table)
    assert waiting["dancu_edge_waiting_events"] == 2
    assert waiting["dancu_edge_oldest_waiting_age_seconds"] == pytest.approx(max(0, time.time() - NOW / 1000), abs=60)
    table.device.send_all()
    sent = now_shown(table)
    assert (sent["dancu_edge_waiting_events"], sent["dancu_edge_oldest_waiting_age_seconds"]) == (0, 0)
    assert sent["dancu_edge_last_contact_timestamp_seconds"] == pytest.approx(time.time(), abs=60)


def test_it_shows_answers_that_nobody_has_seen_and_what_the_hub_refused(table: Table, hub: TestHub) -> None:
    hub.answer = {"life": "deceased", "card": "unknown", "alerts": []}
    table.device.recorder.record(FOUND)
    table.device.send_all()
    hub.refuse = "skew"
    table.device.recorder.record(FOUND)
    table.device.send_all()
    found = shown(metrics.metrics_of(table.counter)("").body)
    assert found["dancu_edge_unseen_answers",] == 1
    assert by(found, "dancu_edge_refused_events") == {("skew",): 1}


def test_it_shows_its_readers_and_whether_it_takes_events(table: Table) -> None:
    for change in (
        Change(What.service_up, ""),
        *(Change(What.reader_added, one) for one in "AB"),
        Change(What.reader_removed, "A"),
    ):
        table.counter.happened(change)
    table.device.outbox.stop(Stop.restored)
    found = now_shown(table)
    assert (found["dancu_edge_card_service_up"], found["dancu_edge_readers"], found["dancu_edge_stopped"]) == (1, 1, 1)


def test_an_outbox_that_cannot_be_read_is_a_counter_that_keeps_nothing(table: Table) -> None:
    table.device.outbox._file._connection.close()
    found = now_shown(table)
    assert found["dancu_edge_stopped"] == 1
    assert "dancu_edge_waiting_events" not in found


def test_reasons_are_few_whatever_a_hub_says(table: Table, hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_FEW", 2)
    for reason in ("one", "two", "three", "four", "001099000017"):
        hub.refuse = reason
        table.device.recorder.record(FOUND)
        table.device.send_all()
    text = metrics.metrics_of(table.counter)("").body
    assert sorted(by(shown(text), "dancu_edge_refused_events").values()) == [1, 1, 3]
    assert re.search(rb"\d{12}", re.sub(rb" \S+$", b"", text, flags=re.MULTILINE)) is None


def test_the_pages_port_answers_programs_on_the_same_machine_and_prometheus_can_read_it(table: Table) -> None:
    with serving_page(CounterPage(table.counter), 0, metrics.metrics_of(table.counter)) as url:
        status, text, headers = ask(url, "/metrics")
        assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert check_metrics(text) == ""
        assert ("dancu_build_info", "edge run", version("dancu-hub")) in shown(text)
        _, _, other = ask(url, "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
        assert other["content-type"].startswith("application/openmetrics-text")
        assert ask(url, "/metrics", headers={"host": "counter.example"})[0] == 403
        assert ask(url, "/metrics", headers={"origin": "http://elsewhere.example"})[0] == 403


def test_without_metrics_the_page_has_none(table: Table) -> None:
    with serving_page(CounterPage(table.counter), 0) as url:
        assert ask(url, "/metrics")[0] == 404
