"""What only one way of delivery knows of an agency: its sets of files, or its own Kafka group."""

from __future__ import annotations

from typing import Any

from adapters.ways.files import sets_json
from deploy.bootstrap import Hub, now_ms
from hub.eventlog import LogUnavailable
from hub.topics import DELIVER, outbox


def of_its_way(hub: Hub, name: str) -> dict[str, Any]:
    """Return more fields for `dancu agency show`."""
    agreement = hub.rules.agreements.by_agency[name]
    delivery = agreement.delivery
    if delivery["way"] == "files":
        return {"sets": sets_json(agreement, hub.place, now_ms())}
    if delivery["way"] == "kafka" and "group" in delivery:
        return {"group": _group(hub, delivery["group"], outbox(name))}
    return {}


def _group(hub: Hub, group: str, topic: str) -> dict[str, Any]:
    connection = hub.settings.kafka_connection()
    if connection is None:
        return {"name": group, "problem": "the log of this hub is not on Kafka"}
    from hub.eventlog.kafka.onlooking import records_behind  # its client is in the extra `kafka`

    try:
        behind = records_behind(connection, group, topic)
        _, last = hub.log.extent(topic, DELIVER)
    except LogUnavailable as problem:
        return {"name": group, "problem": str(problem)}
    return {"name": group, "behind": behind, "read_up_to": None if behind is None else max(0, last - behind)}
