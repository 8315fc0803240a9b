"""Every event of one person goes one way, whatever number it comes under; on real Kafka and PostgreSQL."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from hub import headers as h
from hub.database import open_database
from hub.eventlog import Message, Outputs, partition_of
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka import KafkaLog
from hub.eventlog.kafka.cluster import partition_for
from hub.patience import Patience
from hub.topics import RECEIVED
from schemas.reference.numbers import make_number
from tests.hub.making import MOVE, Hub, admitted, event
from tests.hub.on_kafka_and_postgres import (
    PARTITIONS,
    Worker,
    decided,
    make_tables,
    make_topics,
    routed_log,
    shared_hub,
    until,
)
from tests.hub.test_batches import AGREEMENTS, messages, outcome_of, stream_of

pytestmark = pytest.mark.xdist_group("kafka-core")

_ALL = [make_number("001", "FEMALE", 1990, serial) for serial in range(100_000, 100_300)]


def _home(number: str) -> int:
    return partition_for(number.encode(), PARTITIONS)


def _living_in(part: int, which: int = 0) -> str:
    return [number for number in _ALL if _home(number) == part][which]


#: So that nothing is due while a slow machine works; `flush` ends all waiting.
_PATIENT = Patience(join=86_400_000, previous=86_400_000)
#: Numbers whose keys lead to the partitions 0, 1, 2 and 4.
ZERO, ONE, TWO, FOUR = map(_living_in, (0, 1, 2, 4))


@pytest.fixture
def engine(postgres_url: str) -> Iterator[sa.Engine]:
    make_tables(postgres_url)
    engine = open_database(postgres_url)
    yield engine
    engine.dispose()


@pytest.fixture
def log(kafka: KafkaConnection, engine: sa.Engine) -> Iterator[KafkaLog]:
    make_topics(kafka, ())
    with routed_log(kafka, engine) as log:
        yield log


def moved(subject: str, event_id: str) -> Message:
    return admitted(event("ResidenceChanged", event_id, MOVE, subject=subject))


def changed(old: str, new: str, event_id: str = "change", subject: str = "") -> Message:
    data = {"old_number": old, "new_number": new, "changed_on": "2025-08-05"}
    return admitted(event("PersonalNumberChanged", event_id, data, subject=subject or new))


def merged(into: str, *others: str, event_id: str = "merge") -> Message:
    data = {"merged_numbers": list(others), "merged_on": "2025-08-05"}
    return admitted(event("PersonsMerged", event_id, data, subject=into))


def send(log: KafkaLog, *sent: Message) -> None:
    log.append(Outputs({RECEIVED: sent}))


def ends(log: KafkaLog) -> Mapping[int, int]:
    """Return the ends when everything that was appended can be read: the end of a transaction comes a moment later."""
    log.scan(RECEIVED, 0, 1)
    return log.ends(RECEIVED)


def placed(log: KafkaLog) -> dict[str, tuple[int, str | None]]:
    """Return for each event its partition and its barrier."""
    records = log.scan(RECEIVED, 0, 10_000)
    return {r.headers[h.ID]: (partition_of(r.position), r.headers.get(h.AFTER)) for r in records}


class TestOneWay:
    def test_a_person_without_a_change_stays_where_the_key_leads(self, log: KafkaLog) -> None:
        send(log, *(moved(number, number) for number in (ZERO, ONE, TWO, FOUR)))
        assert placed(log) == {ZERO: (0, None), ONE: (1, None), TWO: (2, None), FOUR: (4, None)}

    @pytest.mark.parametrize(("old", "new"), [(ONE, FOUR), (FOUR, ONE)])
    def test_after_a_change_of_number_all_goes_to_the_highest_and_waits_for_the_other(
        self, log: KafkaLog, old: str, new: str
    ) -> None:
        send(log, moved(ONE, "before-1"), moved(FOUR, "before-4"), moved(TWO, "other"))
        before = ends(log)
        send(log, changed(old, new))
        send(log, moved(old, "old-later"), moved(new, "new-later"), moved(TWO, "other-later"))
        found = placed(log)
        assert found["before-1"] == (1, None)
        for event_id in ("change", "old-later", "new-later"):
            assert found[event_id] == (4, f"1:{before[1]}")
        assert found["other-later"] == (2, None)

    def test_the_change_itself_and_what_comes_with_it_in_one_append_go_that_way(self, log: KafkaLog) -> None:
        send(log, changed(FOUR, ZERO), moved(ZERO, "together"), moved(FOUR, "together too"))
        found = placed(log)
        assert {found[event_id][0] for event_id in ("change", "together", "together too")} == {4}

    def test_numbers_that_lead_to_one_partition_wait_for_nobody(self, log: KafkaLog) -> None:
        another = _living_in(2, 1)
        send(log, changed(TWO, another))
        send(log, moved(TWO, "a"), moved(another, "b"))
        assert set(placed(log).values()) <= {(2, None), (2, "")}

    def test_a_merge_of_merged_persons_takes_all_of_them_along(self, log: KafkaLog) -> None:
        send(log, merged(ZERO, ONE, event_id="first"))
        send(log, moved(ZERO, "between"))
        assert placed(log)["between"][0] == 1
        before = ends(log)
        send(log, merged(TWO, FOUR, event_id="second"))
        ends_before_third = ends(log)
        send(log, merged(ONE, TWO, event_id="third"))
        send(log, *(moved(number, f"later-{number}") for number in (ZERO, ONE, TWO, FOUR)))
        found = placed(log)
        assert found["second"] == (4, f"2:{before[2]}")
        for number in (ZERO, ONE, TWO, FOUR):
            part, after = found[f"later-{number}"]
            assert part == 4
            waits = dict(one.split(":") for one in (after or "").split(","))
            assert set(waits) == {"0", "1", "2"}
            assert int(waits["1"]) == ends_before_third[1]

    def test_the_same_change_again_raises_no_new_barrier(self, log: KafkaLog) -> None:
        send(log, changed(ONE, FOUR))
        first = placed(log)["change"]
        send(log, moved(_living_in(1, 1), "somebody else"))
        send(log, changed(ONE, FOUR, "again"), moved(ONE, "later"))
        assert placed(log)["again"] == placed(log)["later"] == first

    def test_a_change_back_changes_nothing(self, log: KafkaLog) -> None:
        send(log, changed(ONE, FOUR))
        send(log, changed(FOUR, ONE, "back"), moved(ONE, "later"))
        assert {part for part, _ in placed(log).values()} == {4}

    def test_a_tick_and_other_topics_are_left_alone(self, log: KafkaLog) -> None:
        send(log, changed(ONE, FOUR))
        send(log, Message("", b"", {h.TICK: h.TICK_DUE, h.PARTITION: "3"}))
        log.append(Outputs({"refused": [Message(ONE, b"x", {})]}))
        assert [r.headers.get(h.AFTER) for r in log.scan("refused", 0, 10)] == [None]
        ticks = [partition_of(r.position) for r in log.scan(RECEIVED, 0, 100) if h.TICK in r.headers]
        assert ticks == [3]


def test_many_who_append_at_once_keep_each_persons_order_through_changes(
    log: KafkaLog, kafka: KafkaConnection, engine: sa.Engine
) -> None:
    """Two threads, each with persons of its own, who get new numbers; two others with everybody's neighbours."""
    mine = [_ALL[number::4] for number in range(4)]

    def work(which: int) -> list[list[str]]:
        rng, persons, orders = Random(which), mine[which], []
        with routed_log(kafka, engine) as own:
            for person in range(6):
                numbers, order = [persons[3 * person + n] for n in range(3)], []
                send(own, moved(numbers[0], f"{which}-{person}-0"))
                order.append(f"{which}-{person}-0")
                for turn in (1, 2):
                    send(own, changed(numbers[turn - 1], numbers[turn], f"{which}-{person}-{turn}c"))
                    send(own, moved(rng.choice(numbers[: turn + 1]), f"{which}-{person}-{turn}"))
                    order += [f"{which}-{person}-{turn}c", f"{which}-{person}-{turn}"]
                orders.append(order)
        return orders

    with ThreadPoolExecutor(4) as crew:
        orders = [order for found in crew.map(work, range(4)) for order in found]
    read = _read_in_order(log)
    for order in orders:
        assert [event_id for event_id in read if event_id in order] == order


def _read_in_order(log: KafkaLog) -> list[str]:
    """Return the ids as the pipeline reads them, a few at a time."""
    read: list[str] = []
    while (batch := log.read(RECEIVED, "pipeline", 3)).records:
        read += [record.headers[h.ID] for record in batch.records]
        log.commit(batch, Outputs())
    assert decided(log)
    return read


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_workers_that_die_tell_the_story_that_one_embedded_hub_tells(
    kafka: KafkaConnection, postgres_url: str, seed: int
) -> None:
    rng = Random(seed)
    stream = messages(stream_of(rng.randrange(2**32), 60))
    alone = outcome_of([(1, message) for _, message in stream], iter(()), agreements=AGREEMENTS)
    make_tables(postgres_url)
    make_topics(kafka, AGREEMENTS.by_agency)
    with shared_hub(kafka, postgres_url, AGREEMENTS, _PATIENT) as hub:
        stop = threading.Event()
        sizes = [rng.randint(1, 12) for _ in range(100)]
        dies = [rng.random() < 0.15 for _ in range(100)]
        workers = [
            Worker(kafka, postgres_url, hub.rules, iter(sizes[n::2]), iter(dies[n::2]), stop, set()) for n in range(2)
        ]
        with ThreadPoolExecutor(2) as crew:
            jobs = [crew.submit(worker.go) for worker in workers]
            try:
                for _, message in stream:
                    hub.log.append(Outputs({RECEIVED: [message]}))
                until(lambda: _idle(hub))
            finally:
                stop.set()
            for job in jobs:
                job.result()
        assert sum(worker.deaths for worker in workers) > 0
        _compare(hub.story(), alone)


def _idle(hub: Hub) -> bool:
    if not decided(hub.log):
        return False
    if hub.waiting.count():
        hub.waiting.flush()
        return False
    return True


def _compare(story: dict[str, Any], alone: dict[str, Any]) -> None:
    """Positions differ, and the order across persons; nothing else may."""
    assert story["feeds"] == alone["feeds"]
    assert _without_routes(story["aside"]) == alone["aside"]
    assert _without_ticks(story["tallies"]) == _without_ticks(alone["tallies"])
    assert Counter(map(repr, (row[1:] for row in story["events"]))) == Counter(
        map(repr, (row[1:] for row in alone["events"]))
    )
    assert story["kept"] == alone["kept"]


def _without_routes(aside: Mapping[str, Counter[Any]]) -> dict[str, Counter[Any]]:
    """What is refused keeps all headers, those of its way too."""
    ways = (h.PARTITION, h.AFTER)
    return {
        topic: Counter((*record[:2], *(x for x in record[2:] if x[0] not in ways)) for record in found.elements())
        for topic, found in aside.items()
    }


def _without_ticks(tallies: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    return {key: count for key, count in tallies.items() if key[0] != "tick"}
