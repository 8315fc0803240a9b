"""What stands in an arena before anything runs: databases, topics, agreements, and the environment that names them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import yaml

import deploy
from deploy.cluster.topics import ensure_topics
from deploy.dev.cluster import Cluster
from deploy.dev.postgres import Postgres
from hub.database import open_database
from hub.migrations import DELIVERIES, REGISTERS, upgrade
from tests.commands import AGENCIES

_DEPLOY = Path(deploy.__file__).parent
#: Small batches, so that there are many moments between them; windows that no slow machine can outlast.
SETTINGS = {
    "DANCU_BATCH": "40",
    "DANCU_DELIVERY_BATCH": "25",
    "DANCU_JOIN_WINDOW": "86400",
    "DANCU_CORRECTION_WAIT": "86400",
    "DANCU_LOG_LEVEL": "INFO",
}


def prepare(folder: Path, cluster: Cluster, postgres: Postgres, partitions: int) -> dict[str, str]:
    """Make databases and topics, and return the environment of the hub's processes."""
    environment = _environment(folder, cluster, postgres)
    _make_topics(folder, cluster, partitions)
    return environment


def _environment(folder: Path, cluster: Cluster, postgres: Postgres) -> dict[str, str]:
    """Make the databases, and return the environment of the hub's processes."""
    for name in ("hub", "welfare"):
        postgres.make_database(name)
    engine = open_database(postgres.url("hub"))
    for history in (REGISTERS, DELIVERIES):
        upgrade(engine, history)
    engine.dispose()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DANCU_")}
    places = {
        "DANCU_HOME": str(folder / "home"),
        "DANCU_KAFKA": cluster.servers,
        "DANCU_DATABASE": postgres.url("hub"),
        "DANCU_AGREEMENTS": str(_agreements(folder / "agreements")),
        "WELFARE_DATABASE": postgres.url("welfare"),
    }
    return {**inherited, "COLUMNS": "200", **SETTINGS, **places}


def _agreements(folder: Path) -> Path:
    """Copy the agreements that are shipped, but with the welfare system on PostgreSQL."""
    shutil.copytree(_DEPLOY / "agreements", folder)
    welfare = yaml.safe_load((folder / "welfare.yaml").read_text(encoding="utf-8"))
    welfare["delivery"]["url_env"] = "WELFARE_DATABASE"
    (folder / "welfare.yaml").write_text(yaml.safe_dump(welfare, allow_unicode=True), encoding="utf-8")
    return folder


def _make_topics(folder: Path, cluster: Cluster, partitions: int) -> None:
    topics = yaml.safe_load((_DEPLOY / "topics.yaml").read_text(encoding="utf-8"))
    topics["topics"]["received"]["partitions"] = partitions
    file = folder / "topics.yaml"
    file.write_text(yaml.safe_dump(topics), encoding="utf-8")
    assert not ensure_topics(cluster.connection(), file, AGENCIES).left
