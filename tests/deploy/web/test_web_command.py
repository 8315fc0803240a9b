"""`dancu web`: feeds and API in a process of their own, beside a run or beside workers on Kafka."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from hub.eventlog.connection import KafkaConnection
from tests.commands import Dancu, terminate, wait_for
from tests.consumers.pull.scene import get
from tests.deploy.sample import TAKE_DEATHS, death, lines
from tests.deploy.test_metrics import ask
from tests.deploy.test_processes import prepare
from tests.deploy.web.address import url_of
from tests.monitoring.test_metrics import by, shown


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_serves_what_others_decide_says_how_it_is_and_ends_when_told(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(death(1)))
    dancu.run_until_idle()
    agency = dancu("agency", "token", "tax", "--json").json["token"]
    health = f"127.0.0.1:{free_port()}"
    with dancu.started("web", "--port", "0", "--health", health) as process:
        wait_for(process, lambda: url_of(dancu) is not None)
        url = str(url_of(dancu))
        assert get(f"{url}/feeds/tax", bearer(agency)).ids == ["death-1"]
        assert get(f"{url}/api/audit", bearer(agency)).status == 403
        dancu.ingest("-", stdin=lines(death(2)))
        dancu.run_until_idle()  # a run beside it: who serves claims nothing
        assert get(f"{url}/feeds/tax", bearer(agency)).ids == ["death-1", "death-2"]
        wait_for(process, lambda: get(f"http://{health}/readyz", {}).status == 200)
        assert {"web", "log", "registers"} <= get(f"http://{health}/readyz", {}).json["checks"].keys()
        assert terminate(process) == 0


@pytest.mark.xdist_group("kafka-core")
def test_it_serves_beside_workers_on_kafka(tmp_path: Path, kafka: KafkaConnection, postgres_url: str) -> None:
    dancu = Dancu(tmp_path / "home", prepare(kafka, postgres_url))
    dancu.ingest("-", stdin=lines(death(1)))
    token = dancu("agency", "token", "tax", "--json").json["token"]
    with dancu.started("web", "--port", "0") as process:
        wait_for(process, lambda: url_of(dancu) is not None)
        url = f"{url_of(dancu)}/feeds/tax"
        assert get(url, bearer(token)).json == []
        assert dancu("worker", "--until-idle").code == 0
        assert get(url, bearer(token)).ids == ["death-1"]
        found = shown(ask(str(url_of(dancu))))
        assert found["dancu_state_readable",] == 1, "the state of a hub on Kafka and PostgreSQL"
        assert {name for (name,) in by(found, "dancu_pending_deliveries")} == set(TAKE_DEATHS)
        assert terminate(process, 20) == 0


def test_it_listens_where_others_reach_it_only_behind_a_proxy_and_says_what_is_taken(dancu: Dancu) -> None:
    refused = dancu("web", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - refused
    assert (refused.code, "--behind-proxy" in refused.err) == (2, True)
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = dancu("web", "--port", port)
    assert (refused.code, f"can't listen on 127.0.0.1:{port}" in refused.err) == (1, True)
