"""A producer and reader that goes on until it is killed: `python -m tests.hub.eventlog.endless FILE`."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from hub.eventlog import Mark, Message, Outputs
from hub.eventlog.sqlite import SqliteLog


def batch_of(number: int) -> list[Message]:
    """Return the messages of a numbered batch: mostly a few, sometimes more than one statement takes."""
    size = 130 if number % 5 == 0 else number % 7 + 1
    return [Message(f"{i}", b"x" * 300, {"batch": f"{number}", "of": f"{size}"}) for i in range(size)]


def main(path: Path) -> None:
    """Append batch after batch and copy each, saying on stdout which is safely in the log."""
    with SqliteLog(path) as log:
        start = int(log.mark("endless") or 0) + 1
        for number in count(start):
            messages = batch_of(number)
            log.append(Outputs({"received": messages, "twin": messages}, Mark("endless", f"{number}")))
            print(number, flush=True)  # noqa: T201
            batch = log.read("received", "copier", 100)
            log.commit(batch, Outputs({"copied": [Message(r.key, r.value, r.headers) for r in batch.records]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
