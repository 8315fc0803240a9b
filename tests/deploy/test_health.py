"""Health that means something: a loop that hangs, work that does not get on and a database that is away are seen."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from deploy.health import Health, Probe, Progress, Pulse, read_address, serve_health
from deploy.settings import BadSetting
from tests.adapters.http_intake.serving import started
from tests.commands import Dancu, wait_for
from tests.deploy.sample import person


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def state(health: Health, name: str) -> tuple[bool, bool, str]:
    """Return whether the process is live and ready, and the state of a check."""
    ready, answer = health.ready()
    return health.live()[0], ready, answer["checks"][name]["state"]


def test_a_loop_is_ready_from_its_first_turn_on_late_after_its_limit_and_dead_after_five(clock: Clock) -> None:
    health = Health()
    pulse = health.add(Pulse("worker", 10, clock))
    assert state(health, "worker") == (True, False, "starting")
    pulse.beat()
    assert state(health, "worker") == (True, True, "ok")
    clock.now = 10.5
    assert state(health, "worker") == (True, False, "late")
    assert "no turn for 10 s; 10 s are allowed" in health.ready()[1]["checks"]["worker"]["what"]
    clock.now = 50.5
    assert state(health, "worker") == (False, False, "late")
    pulse.beat()
    assert state(health, "worker") == (True, True, "ok")


def test_a_loop_that_said_how_long_it_rests_is_not_late_meanwhile(clock: Clock) -> None:
    health = Health()
    health.add(Pulse("deliver.tax", 10, clock)).beat(pause=60)
    clock.now = 69
    assert state(health, "deliver.tax") == (True, True, "ok")
    clock.now = 71
    assert state(health, "deliver.tax") == (True, False, "late")


def test_a_loop_that_never_turns_is_dead_too(clock: Clock) -> None:
    health = Health()
    health.add(Pulse("worker", 10, clock))
    clock.now = 51
    assert state(health, "worker") == (False, False, "late")


def test_work_that_waits_while_nothing_is_committed_is_stuck_but_not_dead(clock: Clock) -> None:
    health, waiting = Health(), [False]
    progress = health.add(Progress("pipeline", 30, lambda: waiting[0], clock))
    clock.now = 1000  # a long time without any work
    progress.look()
    assert state(health, "pipeline") == (True, True, "ok")
    waiting[0] = True
    progress.look()
    clock.now = 1029
    assert state(health, "pipeline") == (True, True, "ok")
    clock.now = 1031
    assert state(health, "pipeline") == (True, False, "stuck")
    progress.moved()
    assert state(health, "pipeline") == (True, True, "ok")
    clock.now = 1062
    progress.look()
    assert state(health, "pipeline") == (True, False, "stuck")
    waiting[0] = False
    progress.look()
    assert state(health, "pipeline") == (True, True, "ok")


def test_a_probe_tells_the_reason_in_a_line_without_personal_numbers(clock: Clock) -> None:
    health, trouble = Health(), [""]

    def ask() -> None:
        if trouble[0]:
            raise OSError(trouble[0])

    probe = health.add(Probe("log", ask, clock=clock))
    assert state(health, "log") == (True, False, "starting")
    probe.look()
    assert state(health, "log") == (True, True, "ok")
    trouble[0] = f"away with {person(1)}\nand more"
    probe.look()
    assert state(health, "log") == (True, False, "unreachable")
    assert health.ready()[1]["checks"]["log"]["what"] == "away with …"


def test_a_probe_that_hangs_never_hangs_the_answer(clock: Clock) -> None:
    health, asked, answer = Health(), threading.Event(), threading.Event()

    def ask() -> None:
        asked.set()
        answer.wait(60)

    health.add(Probe("log", ask, limit=10, clock=clock))
    with health.watching():
        assert asked.wait(20)
        clock.now = 11
        assert state(health, "log") == (True, False, "unreachable")
        answer.set()


def test_two_checks_of_one_name_are_a_mistake(clock: Clock) -> None:
    health = Health()
    health.add(Pulse("worker", 1, clock))
    with pytest.raises(ValueError, match="worker"):
        health.add(Pulse("worker", 1, clock))


@pytest.fixture
def served(clock: Clock) -> Iterator[tuple[Health, int]]:
    health = Health()
    health.add(Pulse("worker", 10, clock)).beat()
    with serve_health(health, "127.0.0.1:0") as address:
        assert address
        yield health, address[1]


def ask(port: int, path: str, method: str = "GET") -> tuple[int, bytes, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers


def test_the_answers_over_http(served: tuple[Health, int], clock: Clock) -> None:
    health, port = served
    status, body, headers = ask(port, "/readyz")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert orjson.loads(body) == {"status": "ok", "checks": {"worker": {"state": "ok", "what": "turns"}}}
    clock.now = 20
    assert [ask(port, path)[0] for path in ("/healthz", "/readyz")] == [200, 503]
    assert ask(port, "/readyz", "HEAD")[:2] == (503, b"")
    clock.now = 60
    assert ask(port, "/healthz?verbose")[0] == 503
    assert ask(port, "/")[0] == 404
    assert ask(port, "/readyz", "POST")[0] == 501
    clock.now = 0
    health.stopping()
    assert [ask(port, path)[0] for path in ("/healthz", "/readyz")] == [200, 503]


def test_questioners_that_say_nothing_hold_up_nobody(served: tuple[Health, int]) -> None:
    _, port = served
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert ask(port, "/healthz")[0] == 200


def test_without_an_address_nothing_is_served() -> None:
    with serve_health(Health(), None) as address:
        assert address is None


@pytest.mark.parametrize("text", ["8081", "localhost", ":8081", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_said(text: str) -> None:
    with pytest.raises(BadSetting, match="HOST:PORT"):
        read_address(text)
    assert read_address("[::1]:81") == ("::1", 81)


def test_the_command_asks_a_running_process_and_says_what_is_wrong(dancu: Dancu, clock: Clock) -> None:
    health = Health()
    pulse = health.add(Pulse("worker", 10, clock))
    with serve_health(health, "127.0.0.1:0") as address:
        assert address
        where = f"127.0.0.1:{address[1]}"
        answer = dancu("health", where)
        assert (answer.code, answer.out) == (1, "")
        assert f"{where}: not ready: worker: has not turned yet" in answer.err
        assert dancu("health", where, "--live").code == 0
        pulse.beat()
        assert dancu("health", f"0.0.0.0:{address[1]}", "--json").json["status"] == "ok"
        assert "ready" in Dancu(dancu.home, {"DANCU_HEALTH": where})("health").out
    answer = dancu("health", where)
    assert (answer.code, "no answer: Connection refused" in answer.err) == (1, True)
    assert dancu("health", "nonsense").code == 2
    assert not dancu.home.exists(), "a health check makes no home"


def test_an_intake_is_ready_when_its_log_answers(dancu: Dancu) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        where = f"127.0.0.1:{free.getsockname()[1]}"
    with started(dancu, "--health", where) as intake:
        wait_for(intake.process, lambda: dancu("health", where).code == 0)
        answer = dancu("health", where, "--json")
        assert answer.code == 0
        assert set(answer.json["checks"]) == {"intake", "log", "registers"}
        second = dancu("intake", "--port", "0", "--health", where)
        assert (second.code, f"{where}: can't listen" in second.err) == (1, True)
