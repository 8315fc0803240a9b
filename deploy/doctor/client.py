"""The Kafka client that the later Kafka checks share: quiet, and keeping what it would have logged."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from deploy.settings import BadSetting
from hub.eventlog.connection import KafkaConnection

if TYPE_CHECKING:
    from confluent_kafka.admin import ClusterMetadata

#: Seconds between looks at what the client has met.
_STEP = 0.25


def reason_of(error: Exception) -> Any:
    """Return the `KafkaError` in a `KafkaException`."""
    return error.args[0]


class NoMetadata(Exception):
    """The client can't get to know the cluster. Holds what it met on the way, the oldest first."""

    def __init__(self, met: list[str], *, login_failed: bool) -> None:
        super().__init__("; ".join(met) or "no answer")
        self.login_failed = login_failed


class Client:
    """An administrator's client. Raises `BadSetting` when an option of the connection can't be used."""

    def __init__(self, connection: KafkaConnection) -> None:
        from confluent_kafka import KafkaError, KafkaException
        from confluent_kafka.admin import AdminClient

        self._met: list[str] = []
        self._login_failed = False
        self._login_code = KafkaError._AUTHENTICATION
        self._exception = KafkaException
        quiet = logging.Logger("dancu.doctor")  # no child of the root: nothing of it is shown
        quiet.addHandler(logging.NullHandler())
        config = {**connection.config(), "error_cb": self._on_error, "logger": quiet}
        try:
            self.admin: Any = AdminClient(config)
        except (KafkaException, TypeError, ValueError) as error:
            reason = reason_of(error).str() if isinstance(error, KafkaException) else str(error)
            raise BadSetting(f"DANCU_KAFKA_…: the Kafka client does not take these options: {reason}") from None

    def metadata(self, seconds: float) -> ClusterMetadata:
        """Return the brokers and topics that the cluster shows us. Raises `NoMetadata`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.admin.list_topics(timeout=_STEP)  # type: ignore[no-any-return]
            except self._exception as error:
                self.admin.poll(0)
                if self._login_failed or time.monotonic() > deadline:
                    raise NoMetadata(self._met or [reason_of(error).str()], login_failed=self._login_failed) from None

    def min_isr(self, topics: Iterable[str], seconds: float) -> dict[str, int]:
        """Return `min.insync.replicas` of the topics whose settings we may see."""
        from confluent_kafka.admin import ConfigResource, ResourceType

        found = {}
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in topics]
        for resource, future in self.admin.describe_configs(resources, request_timeout=seconds).items():
            with suppress(self._exception, TimeoutError):
                found[resource.name] = int(future.result(seconds + 1)["min.insync.replicas"].value)
        return found

    def _on_error(self, error: Any) -> None:
        self._login_failed |= error.code() == self._login_code
        if error.str() not in self._met:
            self._met.append(error.str())
