"""What the Kafka client's errors mean: somebody was quicker, the cluster is away for now, or a setting is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

from hub.eventlog import LogAway, LogUnavailable

T = TypeVar("T")

#: Another producer with the same transactional id has begun: we are the zombie.
_FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
        KafkaError.UNKNOWN_PRODUCER_ID,
        KafkaError.INVALID_TXN_STATE,
    }
)
_WRONG = {
    KafkaError._AUTHENTICATION: "the cluster does not accept our credentials; see DANCU_KAFKA_SASL_… and _SSL_…",
    KafkaError.SASL_AUTHENTICATION_FAILED: "the cluster does not accept our credentials; see DANCU_KAFKA_SASL_…",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "we may not use a topic; see `dancu topics acls`",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "we may not use a consumer group; see `dancu topics acls`",
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "we may not use a transactional id; see `dancu topics acls`",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "the cluster does not authorise us; see `dancu topics acls`",
    KafkaError.MSG_SIZE_TOO_LARGE: "a record is larger than the topic takes; raise its max.message.bytes",
    KafkaError._INVALID_ARG: "a setting of the Kafka client is wrong",
    KafkaError._SSL: "TLS does not come about; `dancu doctor` says why",
}
#: What passes by itself, but not because the cluster answers again.
_PASSES = {
    KafkaError._MAX_POLL_EXCEEDED: "this process was too slow, so that its partitions went to others; it joins again",
    KafkaError._STATE: "this process has left its group, or joins it just now; it tries again",
}
#: The cluster is busy with itself, such as choosing a leader: asking again helps, soon.
_BUSY = frozenset(
    {
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.UNSTABLE_OFFSET_COMMIT,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._TIMED_OUT,
        KafkaError._WAIT_COORD,
        KafkaError._NOENT,  # no partition of those asked for has a leader
    }
)
UNKNOWN_TOPIC = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION})


def error_of(problem: KafkaException) -> KafkaError:
    """Return the client's error in an exception."""
    error = problem.args[0]
    return error if isinstance(error, KafkaError) else KafkaError(KafkaError._FAIL, str(error))


def is_fenced(problem: KafkaException) -> bool:
    """Say whether another process has taken over from us."""
    return error_of(problem).code() in _FENCED


def in_words(error: KafkaError, doing: str) -> LogUnavailable:
    """Say what an error means while `doing` something: for good, or for now."""
    wrong = _WRONG.get(error.code())
    if wrong:
        return LogUnavailable(f"Kafka, {doing}: {wrong} ({error.str() or error.name()})")
    if error.code() in _PASSES:
        return LogAway(f"Kafka, {doing}: {_PASSES[error.code()]} ({error.name()}). Nothing is lost.")
    return LogAway(
        f"Kafka, {doing}: {error.str() or error.name()} ({error.name()}). Nothing is lost; it goes on when the cluster"
        " answers again. `dancu doctor` looks for the reason."
    )


def insist(step: Callable[[], T], doing: str, patience: float) -> T:
    """Do something again for up to `patience` seconds while the client says that this helps.

    Raises `LogUnavailable`; a fenced producer's KafkaException as it is.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return step()
        except KafkaException as problem:
            error = error_of(problem)
            if is_fenced(problem):
                raise
            if time.monotonic() > deadline or not (error.retriable() or error.code() in _BUSY):
                raise in_words(error, doing) from problem
            time.sleep(0.05)


@contextmanager
def plain(doing: str) -> Iterator[None]:
    """Turn the client's errors into `LogUnavailable` in plain words."""
    try:
        yield
    except KafkaException as problem:
        raise in_words(error_of(problem), doing) from problem
