"""Every long-lived process answers Prometheus, and says what `dancu status` says."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from deploy.health import Health, serve_health
from deploy.web.errors import answer_errors
from deploy.web.metrics import metrics_router
from hub.access import AGENCY, OPERATOR, Holder
from hub.problems import Problem
from monitoring import at_counter, state
from monitoring import metrics as counted
from monitoring.exposition import Exposition
from tests.adapters.http_intake.serving import started
from tests.commands import Dancu, terminate, wait_for
from tests.deploy.sample import death, lines, move
from tests.deploy.web.address import url_of
from tests.monitoring.test_metrics import by, shown
from tests.promtool import check_metrics

_PERSON = re.compile(rb"\d{12}")
_VALUE = re.compile(rb" \S+$", re.MULTILINE)
_PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
DECLARED = {**counted.DECLARED, **state.DECLARED}
EVERYWHERE = {**DECLARED, **at_counter.DECLARED}


def free_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def ask(url: str, **headers: str) -> bytes:
    """Return /metrics of a process; nothing while it does not answer."""
    request = urllib.request.Request(f"{url}/metrics", headers=headers)  # noqa: S310 - our own http://127.0.0.1
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            text: bytes = answer.read()
    except urllib.error.HTTPError:
        raise
    except OSError:
        return b""
    return text


def has(url: str, name: str, value: float) -> Callable[[], bool]:
    return lambda: shown(ask(url)).get((name,)) == value


def test_a_run_shows_every_declared_metric_and_says_what_the_status_says(dancu: Dancu) -> None:
    sent = lines(*(move(n) for n in range(30)), death(1), death(2), move(3), move(4))
    dancu.ingest("-", stdin=sent + b"not an event\n")
    health = free_address()
    with dancu.started("run", "--port", "0", "--registry-port", "0", "--health", health) as process:
        wait_for(process, lambda: url_of(dancu) is not None)
        url = str(url_of(dancu))
        wait_for(process, has(url, "dancu_audit_intact", 1))
        wait_for(process, lambda: sum(by(shown(ask(url)), "dancu_delivery_latency_seconds_count").values()) == 98)
        wait_for(process, lambda: not by(shown(ask(url)), "dancu_pending_deliveries"))
        text, status = ask(url), dancu.status()
        names = set(re.findall(r"^# TYPE (dancu_\S+) ", text.decode(), re.MULTILINE))
        assert names == DECLARED.keys()
        found = shown(text)
        assert found["dancu_state_readable",] == 1
        assert sum(by(found, "dancu_events_received_total").values()) == status["received"] == 34
        assert (
            by(found, "dancu_duplicates_total")
            == {("event_id",): status["duplicates"]["event_id"]}
            == {("event_id",): 2}
        )
        assert by(found, "dancu_events_withheld_total") == {(name,): n for name, n in status["withheld"].items()}
        for name, one in status["agencies"].items():
            assert by(found, "dancu_delivery_attempts_total").get((name, "taken"), 0) == one["delivered"]
            assert found["dancu_pending_deliveries", name] == one["pending"]
            assert found["dancu_parked_deliveries", name] == one["parked"]
        assert check_metrics(text) == ""
        assert _PERSON.search(_VALUE.sub(b"", text)) is None
        assert shown(ask(f"http://{health}")).keys() == found.keys()
        assert ask(url, Accept="application/openmetrics-text; version=1.0.0").endswith(b"# EOF\n")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(url, **{"X-Forwarded-For": "10.0.0.1"})
        assert terminate(process) == 0


def test_an_intake_counts_what_sources_send(dancu: Dancu) -> None:
    health = free_address()
    with started(dancu, "--health", health) as intake:
        assert intake.batch(death(1), death(2), {**move(3), "factversion": "x"}).status == 202
        found = shown(ask(f"http://{health}"))
    assert by(found, "dancu_intake_events_total") == {("accepted",): 2, ("refused",): 1}
    assert by(found, "dancu_events_refused_total") == {("schema", "intake"): 1}
    assert {role for role, _ in by(found, "dancu_build_info")} == {"intake"}
    assert ("dancu_state_readable",) not in found


def test_a_registry_says_how_it_is_and_what_it_uses(dancu: Dancu) -> None:
    health = free_address()
    with dancu.started("registry", "serve", "--port", "0", "--health", health) as process:
        wait_for(process, lambda: dancu("health", health).code == 0)
        found = shown(ask(f"http://{health}"))
        assert {role for role, _ in by(found, "dancu_build_info")} == {"registry"}
        assert found["process_resident_memory_bytes",] > 0
        assert terminate(process) == 0


def test_without_metrics_the_health_address_has_none() -> None:
    with serve_health(Health(), "127.0.0.1:0") as address:
        assert address
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(f"http://127.0.0.1:{address[1]}")


def _holder(request: HTTPConnection) -> Holder:
    kind = request.headers.get("authorization", "").removeprefix("Bearer ")
    if kind not in (AGENCY, OPERATOR):
        raise Problem(401, "no token")
    return Holder(kind, "lan", "viewer")


@pytest.mark.parametrize(
    ("behind_proxy", "host", "headers", "status"),
    [
        (False, "127.0.0.1:8080", {}, 200),
        (False, "localhost", {}, 200),
        (False, "hub.example", {}, 401),
        (False, "127.0.0.1", {"Forwarded": "for=10.0.0.1"}, 401),
        (False, "127.0.0.1", {"X-Real-IP": "10.0.0.1", "Authorization": f"Bearer {OPERATOR}"}, 200),
        (True, "127.0.0.1", {}, 401),
        (True, "hub.example", {"Authorization": f"Bearer {AGENCY}"}, 403),
        (True, "hub.example", {"Authorization": f"Bearer {OPERATOR}"}, 200),
    ],
)
def test_whoever_comes_through_a_proxy_needs_an_operators_token(
    behind_proxy: bool, host: str, headers: Mapping[str, str], status: int
) -> None:
    app = FastAPI()
    answer_errors(app)
    app.include_router(metrics_router(Exposition(CollectorRegistry()), _holder, behind_proxy=behind_proxy))
    with TestClient(app) as client:
        answer = client.get("/metrics", headers={"Host": host, **headers})
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_lists_exactly_what_is_declared() -> None:
    rows = [
        line.strip("|").split(" | ") for line in _PAGE.read_text("utf-8").splitlines() if line.startswith("| `dancu_")
    ]
    listed = {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in rows}
    assert len(listed) == len(rows)
    assert listed == {
        name: [one.kind, one.unit, ", ".join(f"`{label}`" for label in one.labels) or "–", one.help]
        for name, one in EVERYWHERE.items()
    }
