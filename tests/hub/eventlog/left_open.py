"""A member of a group that is killed while it commits: `python -m tests.hub.eventlog.left_open SERVERS PREFIX`.

Everything of the transaction has been sent to the cluster then, the group's place too, but not its end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import count
from typing import Any

from hub.eventlog import Outputs
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka import KafkaLog, writer
from hub.eventlog.kafka.errors import insist
from tests.hub.eventlog.on_kafka import PIPELINE, RECEIVED


def main(servers: str, prefix: str) -> None:
    """Share, read, begin to commit, and never come to an end."""
    steps = count(1)

    def all_but_the_end(step: Callable[[], Any], doing: str, patience: float) -> Any:
        if doing == "committing" and next(steps) == 2:  # the first is the group's place
            time.sleep(600)
        return insist(step, doing, patience)

    with KafkaLog(KafkaConnection(servers, prefix=prefix)) as log:
        log.share(RECEIVED, PIPELINE)
        while not (batch := log.read(RECEIVED, PIPELINE, 3)).records:
            pass
        vars(writer)["insist"] = all_but_the_end
        log.commit(batch, Outputs({"copied": [record.message for record in batch.records]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
