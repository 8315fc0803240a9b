"""`dancu dev`: servers in the background for a developer, through the real command."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from confluent_kafka.admin import AdminClient

from deploy.dev.problem import DevProblem
from deploy.dev.state import read_state
from hub.eventlog.connection import KafkaConnection
from tests.commands import PROGRAM, Dancu
from tests.kafka import create_topic, need_kafka
from tests.postgres import need_postgres


@pytest.fixture
def dancu(tmp_path: Path) -> Iterator[Dancu]:
    """The command line; what it started is deleted at the end, also if the tests are killed."""
    need_kafka()
    need_postgres()
    dancu = Dancu(tmp_path / "home")
    last = f"read _; {shlex.join([str(PROGRAM), '--home', str(dancu.home), 'dev', 'down', '--delete'])}"
    with subprocess.Popen(["sh", "-c", last], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True):
        yield dancu


def rows(dancu: Dancu) -> dict[str, Any]:
    """Return what `dancu dev status` says of each server."""
    answer = dancu("dev", "status", "--json")
    assert answer.code == 0, answer
    return {row.pop("server"): row for row in answer.json}


def settings(dancu: Dancu) -> dict[str, str]:
    """Return the settings that a shell gets from `dancu dev env`."""
    answer = dancu("dev", "env")
    assert answer.code == 0, answer
    words = [line.split(" ", 1) for line in answer.out.splitlines()]
    assert {word for word, _ in words} == {"export"}
    return dict("".join(shlex.split(rest)).split("=", 1) for _, rest in words)


def test_servers_come_up_are_found_and_go_down_with_their_data_kept(dancu: Dancu) -> None:
    assert dancu("dev", "up").code == 0
    found, env = rows(dancu), settings(dancu)
    assert [row["running"] for row in found.values()] == [True, True]
    connection, engine = (
        KafkaConnection(env["DANCU_KAFKA"]),
        sa.create_engine(env["DANCU_DATABASE"], poolclass=sa.NullPool),
    )
    create_topic(connection, "mine")
    with engine.begin() as database:
        database.execute(sa.text("CREATE TABLE mine (word TEXT)"))
        assert database.scalar(sa.text("SHOW fsync")) == "on"

    subprocess.run(["kill", "-9", str(found["postgresql"]["pid"])], check=True)
    while (refused := dancu("dev", "env")).code == 0:
        pass  # its own processes have not noticed yet
    assert refused.code == 1
    assert "not running: postgresql. Start it with `dancu dev up`" in refused.err
    assert dancu("dev", "up").code == 0, "it starts what is down"
    assert rows(dancu)["kafka 1"] == found["kafka 1"], "and leaves alone what runs"

    assert dancu("dev", "down").code == 0
    assert dancu("dev", "env").code == 1
    assert dancu("dev", "up").code == 0
    assert settings(dancu) == env
    assert "mine" in AdminClient(connection.config()).list_topics(timeout=30).topics
    with engine.begin() as database:
        assert database.scalar(sa.text("SELECT count(*) FROM mine")) == 0

    other = dancu("dev", "up", "--brokers", "3")
    assert other.code == 1
    assert "dancu dev down --delete" in other.err
    assert dancu("dev", "down", "--delete").code == 0
    assert list(dancu.home.iterdir()) == []


def test_nothing_is_up_in_a_new_home(tmp_path: Path) -> None:
    dancu = Dancu(tmp_path / "home")
    assert dancu("dev", "status", "--json").json == []
    answer = dancu("dev", "env")
    assert answer.code == 1
    assert "Start them with `dancu dev up`" in answer.err
    assert not dancu.home.exists()


def test_only_one_or_three_brokers_can_be_had(tmp_path: Path) -> None:
    assert Dancu(tmp_path / "home")("dev", "up", "--brokers", "2").code == 2


def test_a_state_that_can_not_be_understood_is_told(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(DevProblem, match=r"state.json can't be understood.*delete"):
        read_state(tmp_path)
