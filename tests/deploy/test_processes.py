"""The commands as processes of their own, on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.agencies.applied_events import MACHINERY
from deploy.cluster.topics import ensure_topics
from hub import headers as h
from hub.activity import Activity, Kind
from hub.database import open_database, sqlite_url
from hub.eventlog import LogAway, Message, Outputs, partition_of
from hub.eventlog.kafka import KafkaLog
from hub.migrations import DELIVERIES, REGISTERS, upgrade
from hub.topics import DELIVER, RECEIVED, outbox
from tests.commands import AGENCIES, Dancu, applied, terminate, wait_for
from tests.deploy.sample import TAKE_DEATHS, TAKE_MOVES, death, lines, move
from tests.kafka import StartCluster

pytestmark = pytest.mark.xdist_group("kafka-core")


def prepare(kafka: Any, url: str) -> dict[str, str]:
    """Make the topics and the tables of a hub; return the environment of its processes."""
    ensure_topics(kafka, None, AGENCIES)
    engine = open_database(url)
    for history in (REGISTERS, DELIVERIES):
        upgrade(engine, history)
    engine.dispose()
    return {"DANCU_KAFKA": kafka.servers, "DANCU_TOPIC_PREFIX": kafka.prefix, "DANCU_DATABASE": url}


@pytest.fixture
def dancu(tmp_path: Path, kafka: Any, postgres_url: str) -> Dancu:
    return Dancu(tmp_path / "home", prepare(kafka, postgres_url))


@pytest.fixture
def log(kafka: Any) -> Iterator[KafkaLog]:
    with KafkaLog(kafka) as log:
        yield log


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def get(url: str) -> tuple[int, Any]:
    """Return the status and the JSON of an answer; status 0 while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own http://127.0.0.1
            return answer.status, orjson.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        return refusal.code, orjson.loads(refusal.read())
    except OSError:
        return 0, None


def metrics(port: int) -> str:
    """Return what a process shows Prometheus."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        text: bytes = answer.read()
    return text.decode()


def must(answer: Any) -> Any:
    assert answer.code == 0, answer
    return answer


def counted(dancu: Dancu, kind: Kind) -> Mapping[str, int]:
    """Return how much of a kind the processes have counted within an hour."""
    now = time.time_ns() // 1_000_000
    engine = open_database(dancu.settings["DANCU_DATABASE"])
    try:
        return Activity(engine).totals(kind, now - 3_600_000, now + 60_000)
    finally:
        engine.dispose()


class TestTheWayOfAnEvent:
    def test_taken_decided_delivered_and_told_by_processes_of_their_own(self, dancu: Dancu, log: KafkaLog) -> None:
        people = range(40)
        sent = lines(*(move(n) for n in people), *(death(n) for n in people if n % 4 == 0), move(0), move(1))
        taken = dancu.ingest("-", stdin=sent + b"not an event\n")
        assert taken == {"accepted": 50, "refused": 1, "duplicates": 2}
        assert len({partition_of(record.position) for record in log.scan(RECEIVED, 0, 100)}) > 3
        story = must(dancu("explain", "move-7-1", "--json")).json
        assert story["verdict"] == "received"

        must(dancu("worker", "--until-idle"))
        status = dancu.status()
        assert (status["received"], status["duplicates"]["event_id"], status["held"]) == (52, 2, 0)
        assert {name: status["agencies"][name]["pending"] for name in TAKE_MOVES} == {
            name: 50 if name in TAKE_DEATHS else 40 for name in TAKE_MOVES
        }
        assert {agency: applied(dancu.home, agency) for agency in AGENCIES} == {name: [] for name in AGENCIES}

        must(dancu("deliver", "tax", "--until-idle"))
        assert len(applied(dancu.home, "tax")) == 50
        assert applied(dancu.home, "welfare") == []
        must(dancu("deliver", "--all", "--until-idle"))
        assert len(applied(dancu.home, "welfare")) == 50
        status = dancu.status()
        for agency in AGENCIES:
            found, (_, last) = status["agencies"][agency], log.extent(outbox(agency), DELIVER)
            assert (found["delivered"], found["pending"], found["parked"]) == (last, 0, 0)

        story = must(dancu("explain", "death-4", "--json")).json
        assert story["verdict"] == "published"
        assert {name for name, one in story["agencies"].items() if one["state"] == "delivered"} == set(TAKE_DEATHS)
        assert counted(dancu, Kind.TYPE) == {"ResidenceChanged": 42, "DeathRegistered": 10}
        assert counted(dancu, Kind.PUBLISHED)["tax"] == counted(dancu, Kind.DELIVERED)["tax"] == 50
        _feed_goes_on_from_a_cursor(dancu)

    def test_run_does_all_of_it_on_kafka_too(self, dancu: Dancu) -> None:
        dancu.ingest("-", stdin=lines(*(move(n) for n in range(10))))
        dancu.run_until_idle()
        assert {len(applied(dancu.home, agency)) for agency in TAKE_MOVES} == {10}
        assert dancu.status()["agencies"]["tax"] == {"delivered": 10, "pending": 0, "parked": 0, "replayed": 0}

    def test_status_counts_no_tick_as_an_event_before_the_pipeline_has_come_to_it(
        self, dancu: Dancu, log: KafkaLog
    ) -> None:
        dancu.ingest("-", stdin=lines(*(move(n) for n in range(10))))
        ticks = [Message("", b"", {h.TICK: h.TICK_DUE, h.PARTITION: str(part)}) for part in range(12)]
        log.append(Outputs({RECEIVED: ticks}))
        assert dancu.status()["received"] == 10
        must(dancu("worker", "--until-idle"))
        log.append(Outputs({RECEIVED: ticks}))
        assert dancu.status()["received"] == 10


def _feed_goes_on_from_a_cursor(dancu: Dancu) -> None:
    every = feed(dancu, "tax")
    assert len(every) == 50
    assert feed(dancu, "tax", "--after", every[29]["cursor"]) == every[30:]
    assert dancu("feed", "land", "--after", every[29]["cursor"]).code == 2


def feed(dancu: Dancu, *words: str) -> list[Any]:
    """Return an agency's feed; into a file, as it holds personal numbers, which no other output may."""
    file = dancu.home.with_name("feed.ndjson")
    with file.open("wb") as out:
        must(dancu("feed", *words, out=out))
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def test_a_running_delivery_process_sends_again_what_a_replay_asks_for(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(*(death(n) for n in range(6))))
    must(dancu("worker", "--until-idle"))
    must(dancu("deliver", "bank", "--until-idle"))
    file = dancu.home / "agencies" / "land.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = open_database(sqlite_url(file))
    MACHINERY.create_all(engine)
    engine.dispose()
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "CREATE TRIGGER bug BEFORE INSERT ON applied_events WHEN NEW.event_id = 'death-3' "
            "BEGIN SELECT RAISE(ABORT, 'no such title'); END"
        )
    with dancu.started("deliver", "land") as process:
        wait_for(process, lambda: len(applied(dancu.home, "land")) == 5)
        wait_for(process, lambda: dancu.status()["agencies"]["land"]["parked"] == 1)
        with closing(sqlite3.connect(file)) as database:
            database.execute("DROP TRIGGER bug")
        answer = must(dancu("replay", "land", "--reason", "mended"))
        assert "delivery processes" in answer.err
        wait_for(process, lambda: "death-3" in applied(dancu.home, "land"))
        wait_for(process, lambda: dancu.status()["agencies"]["land"]["replayed"] == 1)
        assert terminate(process, 30) == 0


class TestRefusals:
    @pytest.mark.parametrize("command", [("worker",), ("deliver", "--all")])
    def test_a_part_of_a_run_needs_kafka(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        answer = Dancu(tmp_path / "home")(*command)
        assert answer.code == 2
        assert f"`dancu {command[0]}`" in answer.err
        assert "DANCU_KAFKA" in answer.err

    @pytest.mark.parametrize(
        ("settings", "missing"),
        [
            ({"DANCU_KAFKA": "127.0.0.1:1"}, "DANCU_DATABASE is not"),
            ({"DANCU_DATABASE": "postgresql+psycopg://127.0.0.1:1/x"}, "DANCU_KAFKA is not"),
        ],
    )
    def test_kafka_and_the_database_are_set_together(
        self, tmp_path: Path, settings: dict[str, str], missing: str
    ) -> None:
        for command in ("worker", "status", "run"):
            answer = Dancu(tmp_path / "home", settings)(command)
            assert (answer.code, missing in answer.err) == (2, True), answer

    def test_deliver_wants_to_know_for_whom(self, dancu: Dancu) -> None:
        for words in ((), ("tax", "--all"), ("nobody",)):
            assert dancu("deliver", *words).code == 2

    def test_tables_that_are_not_there_or_old_are_refused_with_what_to_do(
        self, tmp_path: Path, kafka: Any, postgres_url: str
    ) -> None:
        settings = {"DANCU_KAFKA": kafka.servers, "DANCU_TOPIC_PREFIX": kafka.prefix, "DANCU_DATABASE": postgres_url}
        answer = Dancu(tmp_path / "home", settings)("worker", "--until-idle")
        assert (answer.code, "dancu db upgrade" in answer.err) == (1, True), answer

    def test_topics_that_are_not_there_are_refused_with_what_to_do(
        self, tmp_path: Path, kafka: Any, postgres_url: str
    ) -> None:
        engine = open_database(postgres_url)
        for history in (REGISTERS, DELIVERIES):
            upgrade(engine, history)
        engine.dispose()
        settings = {"DANCU_KAFKA": kafka.servers, "DANCU_TOPIC_PREFIX": kafka.prefix, "DANCU_DATABASE": postgres_url}
        dancu = Dancu(tmp_path / "home", settings)
        for words in (("worker",), ("deliver", "tax"), ("ingest", "-")):
            answer = dancu(*words, stdin=lines(move(1)))
            assert (answer.code, "dancu topics apply" in answer.err) == (1, True), answer


class TestReadiness:
    def test_a_worker_is_ready_when_it_turns_and_not_when_it_is_stopped_and_ends_cleanly(self, dancu: Dancu) -> None:
        url = f"http://127.0.0.1:{(port := free_port())}/readyz"
        with dancu.started("worker", "--health", f"127.0.0.1:{port}") as process:
            wait_for(process, lambda: get(url)[0] == 200)
            states = {name: check["state"] for name, check in get(url)[1]["checks"].items()}
            assert states == dict.fromkeys(("worker", "pipeline", "log", "registers"), "ok")
            assert 'role="worker"' in metrics(port)
            process.send_signal(signal.SIGSTOP)
            assert get(url)[0] == 0
            process.send_signal(signal.SIGCONT)
            wait_for(process, lambda: get(url)[0] == 200)
            assert terminate(process, 30) == 0

    def test_a_delivery_is_ready_and_ends_cleanly(self, dancu: Dancu) -> None:
        url = f"http://127.0.0.1:{(port := free_port())}/readyz"
        with dancu.started("deliver", "--all", "--health", f"127.0.0.1:{port}") as process:
            wait_for(process, lambda: get(url)[0] == 200)
            assert {f"deliver.{agency}" for agency in AGENCIES} <= set(get(url)[1]["checks"])
            assert 'role="deliver"' in metrics(port)
            assert terminate(process, 30) == 0

    def test_a_worker_whose_broker_goes_is_not_ready_until_it_is_back(
        self, kafka_cluster: StartCluster, postgres_url: str, tmp_path: Path
    ) -> None:
        cluster = kafka_cluster(1)
        dancu = Dancu(tmp_path / "home", prepare(cluster.connection(), postgres_url))
        url = f"http://127.0.0.1:{(port := free_port())}/readyz"
        with dancu.started("worker", "--health", f"127.0.0.1:{port}") as process:
            wait_for(process, lambda: get(url)[0] == 200)
            cluster.kill()
            wait_for(process, lambda: get(url)[0] == 503, 120)
            assert get(url)[1]["checks"]["log"]["state"] == "unreachable"
            cluster.start()
            wait_for(process, lambda: get(url)[0] == 200, 120)
            dancu.ingest("-", stdin=lines(move(1)))
            wait_for(process, lambda: _decided(cluster.connection()) == 1)
            assert terminate(process, 30) == 0


def _decided(connection: Any) -> int:
    with KafkaLog(connection) as log, suppress(LogAway):
        return log.extent(RECEIVED, "pipeline")[0]
    return 0


def test_a_run_serves_the_registry_on_the_port_it_was_told(dancu: Dancu) -> None:
    port = free_port()
    with dancu.started("run", "--registry-port", str(port)) as process:
        wait_for(process, lambda: get(f"http://127.0.0.1:{port}/subjects")[0] == 200, 180)
        assert "outbox.tax" in str(get(f"http://127.0.0.1:{port}/subjects")[1])
        assert terminate(process, 30) == 0


_SHOWING = """
from deploy.bootstrap import open_hub
from deploy.demo.show import Stage, stream
from deploy.leaving import leave
from deploy.settings import load_settings
with open_hub(load_settings()) as hub:
    stage = Stage(hub, list(stream(3000, 7)), lambda _: None, lambda _: None, lambda: None)
    print(stage.play().accepted)
    print(stage.differences())
leave(0)
"""


def test_the_demo_on_kafka_comes_out_as_the_independent_model_says(
    tmp_path: Path, kafka: Any, postgres_url: str
) -> None:
    prepare(kafka, postgres_url)
    environment = {**os.environ, "DANCU_HOME": str(tmp_path / "home"), "DANCU_DATABASE": postgres_url}
    environment |= {"DANCU_KAFKA": kafka.servers, "DANCU_TOPIC_PREFIX": kafka.prefix}
    shown = subprocess.run(
        [sys.executable, "-c", _SHOWING], env=environment, capture_output=True, text=True, timeout=300
    )
    accepted, differences = shown.stdout.splitlines()
    assert int(accepted) > 2500
    assert differences == "[]"
