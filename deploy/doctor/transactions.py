"""Whether we may use transactional ids: Kafka tells only those who try."""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import partial

from deploy.doctor.client import reason_of
from deploy.doctor.together import side_by_side
from hub.eventlog.connection import KafkaConnection


def refused_transactions(connection: KafkaConnection, ids: Collection[str], seconds: float) -> list[str]:
    """Return which of the ids are refused. They must be nobody else's: who uses one is ended by this.

    Nothing is written to any topic of the hub; the cluster remembers the id for a week.
    """
    names = sorted(ids)
    refusals = side_by_side([partial(_is_refused, connection, name, seconds) for name in names], 2 * seconds)
    return [name for name, refused in zip(names, refusals, strict=True) if refused is True]


def _is_refused(connection: KafkaConnection, name: str, seconds: float) -> bool:
    from confluent_kafka import KafkaException, Producer

    quiet = logging.Logger("dancu.doctor")
    quiet.addHandler(logging.NullHandler())
    producer = Producer({**connection.config(), "transactional.id": name, "logger": quiet})
    try:
        producer.init_transactions(seconds)
    except KafkaException as error:
        return bool(reason_of(error).name() == "TRANSACTIONAL_ID_AUTHORIZATION_FAILED")
    return False
