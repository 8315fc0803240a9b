"""An agency that reads its topic with its own Kafka client: how far it is and when it was last seen, on real Kafka."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer

import deploy
from deploy.bootstrap import Hub, now_ms, open_hub
from deploy.cli.agency_way import of_its_way
from deploy.groups import contacts_of, fetching_of, following_groups
from deploy.settings import load_settings
from deploy.standing import connections_of
from hub.eventlog import Message, Outputs
from hub.eventlog.connection import KafkaConnection
from hub.topics import outbox
from monitoring.connections import State
from monitoring.status import AgencyStatus, read_status
from tests.deploy.test_processes import prepare

pytestmark = pytest.mark.xdist_group("kafka-core")

GROUP = "agency.tax.reader"


@pytest.fixture
def hub(tmp_path: Path, kafka: KafkaConnection, postgres_url: str) -> Iterator[Hub]:
    """A hub where tax reads its topic itself."""
    shipped = Path(deploy.__file__).parent / "agreements" / "tax.yaml"
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "tax.yaml").write_text(shipped.read_text().replace("way: sql", f"way: kafka\n  group: {GROUP}"))
    place = prepare(kafka, postgres_url)
    given = {name.removeprefix("DANCU_").lower(): value for name, value in place.items()}
    with open_hub(load_settings(home=tmp_path / "home", agreements=folder, **given)) as hub:
        yield hub


def publish(hub: Hub, count: int) -> None:
    """Put events into the feed, each in a transaction of its own: so offsets have holes."""
    for n in range(count):
        headers = {"ce_id": f"e{n}", "ce_type": "DeathRegistered"}
        hub.log.append(Outputs({outbox("tax"): [Message("001090000001", b"value", headers)]}))


def read(kafka: KafkaConnection, count: int) -> None:
    """Read so many events as the agency does, and commit."""
    client = Consumer(
        kafka.config(
            group_id=kafka.name(GROUP),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
    )
    try:
        client.subscribe([kafka.name(outbox("tax"))])
        for _ in range(count):
            message = client.poll(60)
            assert message is not None
            assert message.error() is None
            client.commit(message, asynchronous=False)
    finally:
        client.close()


def status(hub: Hub) -> AgencyStatus:
    found = read_status(hub.log, hub.registers_db, hub.deliveries_db, hub.agencies, fetching_of(hub))
    return found.agencies["tax"]


def test_how_far_an_agencys_own_client_is_and_when_it_was_seen(hub: Hub, kafka: KafkaConnection) -> None:
    publish(hub, 5)
    assert (status(hub).delivered, status(hub).pending) == (0, 5)
    (before,) = connections_of(hub, now_ms())
    assert (before.state, before.pending) == (State.NEVER_CONNECTED, 5)
    assert of_its_way(hub, "tax") == {"group": {"name": GROUP, "behind": None, "read_up_to": None}}

    read(kafka, 3)
    assert (status(hub).delivered, status(hub).pending) == (3, 2)
    assert contacts_of(hub)["tax"].asked_behind == 3
    assert of_its_way(hub, "tax") == {"group": {"name": GROUP, "behind": 2, "read_up_to": 3}}
    with following_groups(hub):
        deadline = time.monotonic() + 60
        while hub.contacts.of("tax").asked_behind is None:
            assert time.monotonic() < deadline, "nobody notes it"
            time.sleep(0.05)
    (now,) = connections_of(hub, now_ms())
    assert (now.state, now.pending, now.last_contact is not None) == (State.CONNECTED, 2, True)
    assert now.oldest_undelivered is not None

    read(kafka, 2)
    assert (status(hub).pending, status(hub).oldest) == (0, None)
