"""The hub's own log, as each process has it, on a broker that asks everybody who they are."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from hub.eventlog import LogUnavailable, Mark, Message, Outputs, records_of
from hub.eventlog.kafka import KafkaLog
from hub.eventlog.kafka.onlooking import records_behind
from hub.topics import DELIVER, DUPLICATES, PIPELINE, RECEIVED, REFUSED, WITHHELD, outbox
from tests.deploy.cluster.secured import Secured

EVENT = Message("001099000018", b"value", {"ce_id": "1"})
LIMIT = 100


def _soon(true: Callable[[], bool]) -> None:
    """Wait until something is so: what is committed can be read a moment later."""
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def _decide(worker: KafkaLog) -> bool:
    """Move what was received into every topic that the pipeline writes; return whether nothing is left."""
    batch = worker.read(RECEIVED, PIPELINE, LIMIT)
    if batch.records:
        topics = (outbox("tax"), outbox("land"), REFUSED, WITHHELD, DUPLICATES)
        worker.commit(batch, Outputs({topic: [EVENT] for topic in topics}, Mark("lane", "7")))
    decided, received = worker.extent(RECEIVED, PIPELINE)
    return decided == received > 0


def _hand_out(deliver: KafkaLog) -> bool:
    """Hand out a batch of a feed; return whether nothing is left."""
    deliver.commit(deliver.read(outbox("tax"), DELIVER, LIMIT), Outputs())
    done, last = deliver.extent(outbox("tax"), DELIVER)
    return done == last > 0


@pytest.mark.parametrize("way", ["scram", "certificates"])
def test_every_process_does_its_work_under_its_own_principal(way: str, request: pytest.FixtureRequest) -> None:
    secured: Secured = request.getfixturevalue(way)
    with KafkaLog(secured.connection("dancu-intake")) as intake:
        intake.append(Outputs({RECEIVED: [EVENT], REFUSED: [EVENT]}, Mark("file", "3")))
        _soon(lambda: intake.mark("file") == "3")
    with KafkaLog(secured.connection("dancu-worker")) as worker:
        worker.append(Outputs({RECEIVED: [EVENT]}))
        worker.share(RECEIVED, PIPELINE)
        _soon(lambda: _decide(worker))
        worker.extent(outbox("tax"), DELIVER)
    with KafkaLog(secured.connection("dancu-deliver")) as deliver:
        _soon(lambda: _hand_out(deliver))
    with KafkaLog(secured.connection("dancu-web")) as web:
        assert len(list(records_of(web, outbox("tax")))) == web.extent(outbox("tax"), DELIVER)[1]
        web.append(Outputs({RECEIVED: [EVENT]}, Mark("counter", "1")))
    assert records_behind(secured.connection("dancu-web"), "agency.tax.reader", outbox("tax")) is None
    with KafkaLog(secured.connection("dancu-operator")) as operator:
        done, last = operator.extent(outbox("tax"), DELIVER)
        assert done == last == len(list(records_of(operator, outbox("tax"))))
        decided, received = operator.extent(RECEIVED, PIPELINE)
        assert decided == received - 1
        assert operator.mark("lane") == "7"
        with pytest.raises(LogUnavailable, match="dancu topics acls"):
            operator.append(Outputs({RECEIVED: [EVENT]}))
