"""The scripts that compose.yaml mounts into the images of Kafka and PostgreSQL, run on the real programs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata, NewTopic

from deploy.dev.jars import jars, java
from deploy.dev.ports import free_ports
from deploy.dev.program import Program
from hub.eventlog.connection import KafkaConnection
from tests.deploy.manifests.files import DEPLOY, compose
from tests.kafka import need_kafka
from tests.postgres import a_postgres

_USERS = ("operator", "intake", "worker", "deliver")
_PROGRAMS = {"kafka-storage.sh": "kafka.tools.StorageTool", "kafka-server-start.sh": "kafka.Kafka"}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    subprocess.run(["sh", DEPLOY / "compose" / "make-secrets.sh", folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def broker(secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    need_kafka()
    folder = tmp_path_factory.mktemp("broker")
    client, controller = free_ports(2)
    settings = compose()["services"]["kafka-1"]["environment"] | {
        "HOST": "127.0.0.1",
        "VOTERS": f"1@127.0.0.1:{controller}",
        "CLIENT_PORT": client,
        "CONTROLLER_PORT": controller,
        "SECRETS": secrets,
        "KAFKA_BIN": _programs(folder / "bin"),
        "DATA": folder / "data",
        "WORK": folder,
    }
    program = Program(folder / "process")
    program.start(
        ["env", *(f"{name}={value}" for name, value in settings.items()), "sh", f"{DEPLOY}/compose/start-broker.sh"]
    )
    try:
        again = program.waiting("the broker", 120)
        while _asked(_connection(f"127.0.0.1:{client}", secrets, "operator")) is None:
            again()
        yield f"127.0.0.1:{client}"
    finally:
        program.kill()


def _programs(folder: Path) -> Path:
    """Kafka's start scripts are not in its jars: what they end with is enough."""
    folder.mkdir()
    for name, class_name in _PROGRAMS.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\nexec '{java()}' -Xmx256m -cp '{jars()}/*' {class_name} \"$@\"\n")
        path.chmod(0o755)
    return folder


def _connection(servers: str, secrets: Path, user: str, secret: str | None = None) -> KafkaConnection:
    shared = compose()["services"]["worker"]["environment"]
    options = {
        "security.protocol": shared["DANCU_KAFKA_SECURITY_PROTOCOL"],
        "sasl.mechanism": shared["DANCU_KAFKA_SASL_MECHANISM"],
        "sasl.username": f"dancu-{user}",
        "sasl.password": (secrets / (secret or f"kafka_{user}")).read_text(),
        "log_level": "0",
    }
    return KafkaConnection(servers, options)


def _asked(connection: KafkaConnection, seconds: float = 2.0) -> ClusterMetadata | None:
    try:
        return AdminClient(connection.config()).list_topics(timeout=seconds)
    except KafkaException:
        return None


@pytest.mark.parametrize("user", _USERS)
def test_every_role_gets_in_with_its_own_password(broker: str, secrets: Path, user: str) -> None:
    assert _asked(_connection(broker, secrets, user), 30) is not None


def test_nobody_gets_in_with_another_password_or_with_none(broker: str, secrets: Path) -> None:
    assert _asked(_connection(broker, secrets, "worker", "kafka_intake")) is None
    assert _asked(KafkaConnection(broker, {"log_level": "0"})) is None


def test_only_the_operator_may_make_topics_until_access_is_given(broker: str, secrets: Path) -> None:
    wanted = NewTopic("probe", 1, 1)
    worker = AdminClient(_connection(broker, secrets, "worker").config())
    with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
        worker.create_topics([wanted])["probe"].result(30)
    operator = AdminClient(_connection(broker, secrets, "operator").config())
    operator.create_topics([wanted])["probe"].result(30)
    deadline = time.monotonic() + 30
    while "probe" not in operator.list_topics(timeout=10).topics:
        assert time.monotonic() < deadline
    assert worker.list_topics(timeout=10).topics == {}


def test_the_hub_owns_its_database_and_is_no_superuser(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_postgres() as server:
        server.make_database("dancu_hub")
        given = tmp_path / "secrets"
        given.mkdir()
        (given / "postgres_superuser").write_text(server.password)
        (given / "postgres_hub").write_text((secrets / "postgres_hub").read_text())
        # The server's own user is called dancu too here, so the hub's gets another name.
        script = (DEPLOY / "compose" / "init-database.sh").read_text()
        (tmp_path / "init.sh").write_text(script.replace("ROLE dancu ", "ROLE hub ").replace("TO dancu;", "TO hub;"))
        place = {"PGHOST": server.host, "PGPORT": str(server.port), "POSTGRES_USER": "dancu", "SECRETS": str(given)}
        for name, value in (place | {"POSTGRES_DB": "dancu_hub"}).items():
            monkeypatch.setenv(name, value)
        subprocess.run(["sh", tmp_path / "init.sh"], check=True, capture_output=True)

        service = (secrets / "pg_service").read_text().replace("host=postgres", f"host={server.host}")
        service = service.replace("port=5432", f"port={server.port}").replace("dbname=dancu", "dbname=dancu_hub")
        (tmp_path / "pg_service").write_text(service.replace("user=dancu", "user=hub"))
        monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "pg_service"))
        for name in ("PGHOST", "PGPORT"):
            monkeypatch.delenv(name)
        engine = sa.create_engine(compose()["services"]["worker"]["environment"]["DANCU_DATABASE"])
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE ours (id int)"))
            who = "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
            assert connection.execute(sa.text(who)).one() == ("hub", False)
        engine.dispose()
