"""Processes that are killed between taking and answering, and two at once: each event is with its agencies once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from httpx2 import Client, TransportError

from adapters.edge_intake.office import Enrolment
from deploy.bootstrap import now_ms, open_hub
from deploy.counters import office_of
from deploy.settings import load_settings
from hub.edge.codes import Grant, new_code
from hub.edge.devices import Devices
from hub.edge.figures import figures
from tests.adapters.edge_intake.device import Device
from tests.adapters.edge_intake.victim import STEPS
from tests.commands import Dancu, applied, received_ids


@contextmanager
def serving(home: Path, step: str = "never") -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    """Start a process, and end it at the end."""
    line = [sys.executable, "-m", "tests.adapters.edge_intake.victim", str(home), step]
    env = {name: value for name, value in os.environ.items() if not name.startswith("DANCU_")}
    with subprocess.Popen(line, stdout=subprocess.PIPE, env=env) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().decode().strip()
            with Client(base_url=url, timeout=60) as client:
                yield client, process
        finally:
            process.kill()
            process.wait()


def post(client: Client, path: str, body: Any) -> Any:
    """Send a body and return the answer, which must be good."""
    answer = client.post(path, content=orjson.dumps(body))
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


@pytest.fixture
def dancu(tmp_path: Path) -> Dancu:
    """The command line over a new home."""
    with open_hub(load_settings(home=tmp_path / "home")):
        return Dancu(tmp_path / "home")


def join(home: Path) -> Device:
    """Admit a device."""
    device = Device()
    with open_hub(load_settings(home=home)) as hub:
        code = new_code(
            hub.deliveries_db, Grant("hospital-7", "01", ["health-check-in"]), ("an", "test"), now_ms(), 60_000
        )
        asked = msgspec.convert({"code": code, "public_key": device.jwk, "name": "counter"}, Enrolment)
        device.told = office_of(hub).enrol(asked)
    return device


def test_killed_between_taking_and_answering_each_event_is_delivered_once(dancu: Dancu) -> None:
    device, events, ids = join(dancu.home), list[str](), list[str]()
    for step in STEPS:
        ids += [(content := device.content())["id"]]
        events += [device.event(**content)]
        with serving(dancu.home, step) as (client, process):
            with pytest.raises(TransportError):
                post(client, "/edge/events", device.request(*events))
            assert process.wait(30) == -9
    with serving(dancu.home) as (client, _):
        told = post(client, "/edge/events", device.request(*events))["results"]
    assert [one["state"] for one in told] == ["repeated"] * 3
    assert [one["answer"]["life"] for one in told] == ["unknown"] * 3
    dancu.run_until_idle()
    assert applied(dancu.home, "insurance") == applied(dancu.home, "welfare") == ids


def test_two_processes_at_once_take_each_event_once(dancu: Dancu) -> None:
    devices = [join(dancu.home) for _ in range(2)]
    bodies = [device.request(*[device.event() for _ in range(10)]) for device in devices]
    with serving(dancu.home) as (one, _), serving(dancu.home) as (other, _), ThreadPoolExecutor(4) as pool:
        work = [(client, body) for body in bodies for client in (one, other)]
        told = list(pool.map(lambda pair: post(pair[0], "/edge/events", pair[1])["results"], work))
    assert {result["state"] for results in told for result in results} <= {"taken", "repeated"}
    assert len(set(received_ids(dancu.home))) == 20
    with open_hub(load_settings(home=dancu.home)) as hub:
        assert [device.last_sequence for device in Devices(hub.deliveries_db).every()] == [10, 10]
        assert [count.times for count in figures(hub.deliveries_db).counts] == [20]
