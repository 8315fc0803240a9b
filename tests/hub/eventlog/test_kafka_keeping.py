"""What Kafka keeps and what it doesn't: old records and groups' offsets go, topics are missing, the cluster is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from hub.eventlog import LogAway, LogUnavailable, Mark, Outputs, Record, start_of
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka import KafkaLog, places
from tests.hub.eventlog.on_kafka import PIPELINE, RECEIVED, drain, key_in, numbered, numbers_in, open_kafka, send
from tests.kafka import MakeTopic, StartCluster, create_topic

pytestmark = pytest.mark.xdist_group("kafka-core")

PARTS = 2
A, B = (key_in(part, PARTS) for part in range(PARTS))


@pytest.fixture
def log(kafka: KafkaConnection, make_topic: MakeTopic) -> Iterator[KafkaLog]:
    make_topic(RECEIVED, PARTS)
    with open_kafka(kafka) as log:
        yield log


def delete_before(kafka: KafkaConnection, part: int, offset: int) -> None:
    """Delete the head of a partition, as the cluster does by itself with what is too old."""
    at = TopicPartition(kafka.name(RECEIVED), part, offset)
    admin = AdminClient(kafka.config())
    admin.delete_records([at])[at].result(30)


def forget_group(kafka: KafkaConnection, group: str) -> None:
    """Delete a group's offsets, as the cluster does by itself with those of a group without members."""
    admin = AdminClient(kafka.config())
    admin.delete_consumer_groups([kafka.name(group)])[kafka.name(group)].result(30)


def said(records: Sequence[Record]) -> list[tuple[int, int]]:
    return [(record.position, int(record.value)) for record in records]


class TestRetention:
    """Records with the numbers 1, 2, … of one key, so that a record's position must be its number."""

    def test_positions_stay_when_older_records_go_wherever_one_begins_to_read(
        self, log: KafkaLog, kafka: KafkaConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(places, "_EVERY", 10)
        for number in range(1, 61):  # a transaction for each: their ends take offsets too
            send(log, *numbered(A, [number]))
        while log.extent(RECEIVED, PIPELINE)[0] < 55:
            log.commit(log.read(RECEIVED, PIPELINE, 5), Outputs())
        delete_before(kafka, 0, 2 * 32)
        kept = [(number, number) for number in range(33, 61)]
        with open_kafka(kafka) as fresh:
            assert said(fresh.scan(RECEIVED, 0, 100)) == kept
            assert said(fresh.scan(RECEIVED, 0, 3)) == kept[:3]
            for after in (20, 33, 47, 59):  # the index has places before, at and behind what is gone
                with open_kafka(kafka) as other:
                    assert said(other.scan(RECEIVED, after, 100)) == [one for one in kept if one[0] > after]
            assert said(fresh.read(RECEIVED, "new", 100).records) == kept
            assert fresh.extents(RECEIVED, "new")[0] == (32, 60)
            assert said(fresh.read(RECEIVED, PIPELINE, 100).records) == kept[-5:]

    def test_positions_stay_when_only_the_groups_own_commit_has_counted_what_is_gone(
        self, log: KafkaLog, kafka: KafkaConnection
    ) -> None:
        for number in range(1, 13):
            send(log, *numbered(B, [number]))
        log.commit(log.read(RECEIVED, PIPELINE, 10), Outputs())
        delete_before(kafka, 1, 2 * 4)
        kept = [(start_of(1) + number, number) for number in range(5, 13)]
        with open_kafka(kafka) as fresh:
            assert said(fresh.scan(RECEIVED, 0, 100)) == kept
            assert said(fresh.read(RECEIVED, "new", 100).records) == kept
            assert said(fresh.read(RECEIVED, PIPELINE, 100).records) == kept[-2:]

    def test_positions_go_on_when_everything_is_gone(self, log: KafkaLog, kafka: KafkaConnection) -> None:
        for number in range(1, 6):
            send(log, *numbered(A, [number]))
        drain(log, at_least=5)
        delete_before(kafka, 0, log.ends(RECEIVED)[0])
        with open_kafka(kafka) as fresh:
            assert fresh.scan(RECEIVED, 0, 100) == []
            assert fresh.extents(RECEIVED, PIPELINE)[0] == (5, 5)
            send(fresh, *numbered(A, [6]))
            assert said(fresh.read(RECEIVED, PIPELINE, 100).records) == [(6, 6)]
            assert said(fresh.scan(RECEIVED, 0, 100)) == [(6, 6)]
            assert fresh.extents(RECEIVED, PIPELINE)[0] == (5, 6)

    def test_without_any_count_there_is_a_gap_and_no_position_is_given_twice(
        self, log: KafkaLog, kafka: KafkaConnection
    ) -> None:
        for number in range(1, 9):
            send(log, *numbered(A, [number]))
        before = [record.position for record in log.scan(RECEIVED, 0, 4)]
        delete_before(kafka, 0, 2 * 4)
        with open_kafka(kafka) as fresh:
            scanned = fresh.scan(RECEIVED, 0, 100)
            assert numbers_in(scanned) == [5, 6, 7, 8]
            assert fresh.read(RECEIVED, PIPELINE, 100).records == scanned
            positions = [record.position for record in scanned]
            assert min(positions) > max(before)
            assert positions == list(range(positions[0], positions[0] + 4))


class TestForgottenOffsets:
    def test_a_group_whose_offsets_are_gone_goes_on_where_it_was(self, log: KafkaLog, kafka: KafkaConnection) -> None:
        send(log, *numbered(A, range(6)), *numbered(B, range(10, 16)))
        for _ in range(2):
            log.commit(log.read(RECEIVED, PIPELINE, 4), Outputs())
        log.close()
        forget_group(kafka, f"{PIPELINE}.{RECEIVED}")
        with open_kafka(kafka) as fresh:
            assert fresh.extents(RECEIVED, PIPELINE) == [(4, 6), (start_of(1) + 4, start_of(1) + 6)]
            assert numbers_in(drain(fresh, at_least=4)) == [4, 5, 14, 15]

    def test_a_group_that_is_shared_out_does_too(self, log: KafkaLog, kafka: KafkaConnection) -> None:
        send(log, *numbered(A, range(6)))
        log.commit(log.read(RECEIVED, PIPELINE, 4), Outputs())
        log.close()
        forget_group(kafka, f"{PIPELINE}.{RECEIVED}")
        with open_kafka(kafka) as fresh:
            fresh.share(RECEIVED, PIPELINE)
            deadline = time.monotonic() + 30
            while not (batch := fresh.read(RECEIVED, PIPELINE, 10)).records and time.monotonic() < deadline:
                pass
            assert (batch.after, numbers_in(batch.records)) == (4, [4, 5])
            fresh.commit(batch, Outputs())


class TestMissingTopic:
    def test_nothing_is_written_to_a_topic_that_is_not_there(self, kafka: KafkaConnection) -> None:
        with KafkaLog(kafka) as log:
            with pytest.raises(LogUnavailable, match=f"there is no topic {kafka.name(RECEIVED)}.*dancu topics apply"):
                send(log, *numbered(A, [1]))
            with pytest.raises(LogUnavailable, match=f"no topic {kafka.name('dancu.marks')}.*dancu topics apply"):
                log.append(Outputs({}, Mark("file", "line 1")))

    def test_a_commit_to_a_topic_that_is_not_there_moves_nothing(
        self, kafka: KafkaConnection, make_topic: MakeTopic
    ) -> None:
        make_topic(RECEIVED, PARTS)
        with KafkaLog(kafka) as log:
            send(log, *numbered(A, [1]))
            batch = log.read(RECEIVED, PIPELINE, 10)
            with pytest.raises(LogUnavailable, match=r"no topic .*outbox.tax.*dancu topics apply"):
                log.commit(batch, Outputs({"outbox.tax": numbered(A, [1])}))
            with pytest.raises(LogUnavailable, match=r"no topic .*dancu.places.*dancu topics apply"):
                log.commit(batch, Outputs())
            make_topic("dancu.places")
            make_topic("outbox.tax")
            assert log.read(RECEIVED, PIPELINE, 10) == batch
            log.commit(batch, Outputs({"outbox.tax": numbered(A, [1])}))
            assert numbers_in(log.scan("outbox.tax", 0, 10)) == [1]


def test_while_the_cluster_is_away_that_is_said_and_then_it_goes_on(kafka_cluster: StartCluster) -> None:
    cluster = kafka_cluster(1)
    kafka = cluster.connection("x-")
    create_topic(kafka, kafka.name(RECEIVED), PARTS)
    with open_kafka(kafka) as log, open_kafka(kafka) as member:
        log.append(Outputs({RECEIVED: [*numbered(A, range(4)), *numbered(B, range(4, 8))]}, Mark("file", "1")))
        assert log.mark("file") == "1"
        member.share(RECEIVED, PIPELINE)
        while not (mine := member.read(RECEIVED, PIPELINE, 2)).records:
            pass
        cluster.kill()
        calls: list[Callable[[], object]] = [
            lambda: send(log, *numbered(A, [100])),
            lambda: log.scan(RECEIVED, 0, 100),
            lambda: log.mark("file"),
            lambda: log.extent(RECEIVED, PIPELINE),
            lambda: log.read(RECEIVED, "other", 100),
            lambda: member.commit(mine, Outputs()),
        ]
        with ThreadPoolExecutor(len(calls)) as crew:
            problems = [job.exception() for job in [crew.submit(call) for call in calls]]
        for problem in problems:
            assert isinstance(problem, LogAway), problem
            assert "Nothing is lost" in str(problem)
            assert "dancu doctor" in str(problem)
        cluster.start()
        _go_on(member, log)


def _go_on(member: KafkaLog, log: KafkaLog) -> None:
    """Everything that was there is decided about once, and what was told to be away was not written."""
    found: list[Record] = []
    deadline = time.monotonic() + 60
    while len(found) < 9:
        assert time.monotonic() < deadline, found
        try:
            if len(found) == 8:
                send(log, *numbered(A, [8]))
            found += drain(member)
        except LogAway:
            continue
    assert sorted(numbers_in(found)) == [*range(9)]
    assert [record.position for record in found if record.position < start_of(1)] == [1, 2, 3, 4, 5]
    assert log.mark("file") == "1"
