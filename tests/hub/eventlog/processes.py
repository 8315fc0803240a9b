"""What the contract lets run in processes of their own: producers and readers that race on one log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, Self

from hub.eventlog import EventLog, LogBrowser, Message, Outputs, PositionMoved


class Log(EventLog, LogBrowser, Protocol):
    """A handle on a log under test."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


#: Opens another handle on the log under test. Can be pickled, so that other processes can call it.
OpenLog = Callable[[], Log]


def message(key: str, number: int) -> Message:
    """Return a message that can be told from all others."""
    return Message(key, b"value %d" % number, {"ce_id": f"{key}-{number}"})


def append_alone(open_log: OpenLog, key: str, count: int) -> None:
    """Append `count` messages of one key to the topic `received`, one at a time."""
    with open_log() as log:
        append_many(log, key, count)


def append_many(log: EventLog, key: str, count: int) -> None:
    """Append `count` messages of one key to the topic `received`, one at a time."""
    for number in range(count):
        log.append(Outputs({"received": [message(key, number)]}))


def copy_racing(open_log: OpenLog, total: int) -> int:
    """Copy the topic `received` to `copied` as one of two readers of a group. Returns how many it copied."""
    copied = 0
    with open_log() as log:
        log.append(Outputs({"ready": [message("reader", 1)]}))
        while log.extent("ready", "")[1] < 2:  # the race starts when both are there
            time.sleep(0.001)
        while log.extent("received", "pipeline")[0] < total:
            batch = log.read("received", "pipeline", 7)
            messages = [Message(record.key, record.value, record.headers) for record in batch.records]
            try:
                log.commit(batch, Outputs({"copied": messages}))
            except PositionMoved:
                continue
            copied += len(messages)
    return copied


def read_and_vanish(open_log: OpenLog) -> list[int]:
    """Read a batch without committing it, as a process that dies right after. Returns its positions."""
    with open_log() as log:
        return [record.position for record in log.read("received", "pipeline", 3).records]
