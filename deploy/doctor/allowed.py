"""Asks the cluster what this user may do with topics and groups."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from deploy.doctor.client import Client, reason_of

#: Seconds.
_AGAIN = 0.2
#: The names of the allowed operations: empty when not even looking is allowed, None when it is not known.
Allowed = tuple[str, ...] | None
Ask = Callable[[Sequence[str], float], dict[str, Allowed]]


def until_known(ask: Ask, names: Collection[str], seconds: float) -> dict[str, Allowed]:
    """Ask again about what is not known yet: a cluster that has just started looks for its coordinators first."""
    deadline, found = time.monotonic() + seconds, dict[str, Allowed]()
    left = sorted(names)
    while left:
        found |= ask(left, seconds)
        left = [name for name in left if name in found and found[name] is None and time.monotonic() < deadline]
        time.sleep(_AGAIN if left else 0)
    return found


def of_topics(client: Client, names: Sequence[str], seconds: float) -> dict[str, Allowed]:
    """Return what we may do with topics; those that are missing are left out."""
    from confluent_kafka import TopicCollection

    chosen = TopicCollection(list(names))
    asked = client.admin.describe_topics(chosen, include_authorized_operations=True, request_timeout=seconds)
    return dict(_allowed(asked, "TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_TOPIC_OR_PART", seconds))


def of_groups(client: Client, names: Sequence[str], seconds: float) -> dict[str, Allowed]:
    """Return what we may do with groups; those that are missing are left out."""
    chosen = list(names)
    asked = client.admin.describe_consumer_groups(chosen, include_authorized_operations=True, request_timeout=seconds)
    return dict(_allowed(asked, "GROUP_AUTHORIZATION_FAILED", "GROUP_ID_NOT_FOUND", seconds))


def _allowed(
    asked: Mapping[str, Future[Any]], refusal: str, missing: str, seconds: float
) -> Iterator[tuple[str, Allowed]]:
    """Yield what is allowed, by name; what is missing is left out."""
    from confluent_kafka import KafkaException

    for name, future in asked.items():
        try:
            yield name, tuple(_plain(one.name) for one in future.result(seconds + 1).authorized_operations or ())
        except KafkaException as error:
            code = reason_of(error).name()
            if code != missing:
                yield name, () if code == refusal else None
        except TimeoutError:
            yield name, None


def _plain(operation: str) -> str:
    """`DESCRIBE_CONFIGS` is `DescribeConfigs` in Kafka's own words."""
    return operation.replace("_", "").lower()
