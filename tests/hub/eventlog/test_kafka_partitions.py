"""The Kafka log with several partitions: where a key goes, positions, batches, barriers and what stays in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub import headers as h
from hub.eventlog import Mark, Message, Outputs, partition_of, records_of, start_of
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka import KafkaLog, following
from hub.eventlog.kafka.cluster import partition_for
from tests.hub.eventlog.on_kafka import PIPELINE, RECEIVED, drain, key_in, numbered, numbers_in, open_kafka, send
from tests.kafka import MakeTopic

pytestmark = pytest.mark.xdist_group("kafka-core")

PARTS = 4
A, B, C, D = (key_in(part, PARTS) for part in range(PARTS))
#: From the tests of Kafka's own Java client.
_MURMUR2 = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536, b"abc": 479470107}


@pytest.fixture
def log(kafka: KafkaConnection, make_topic: MakeTopic) -> Iterator[KafkaLog]:
    make_topic(RECEIVED, PARTS)
    with open_kafka(kafka) as log:
        yield log


def test_a_key_goes_where_kafkas_java_client_would_put_it(log: KafkaLog) -> None:
    for key, hashed in _MURMUR2.items():
        for count in (1, 4, 12, 1000):
            assert partition_for(key, count) == (hashed & 0x7FFFFFFF) % count
    send(log, *(Message(key.decode(), b"1", {}) for key in _MURMUR2))
    found = {record.key.encode(): partition_of(record.position) for record in log.scan(RECEIVED, 0, 10)}
    assert found == {key: (hashed & 0x7FFFFFFF) % PARTS for key, hashed in _MURMUR2.items()}
    assert {log.home_of(RECEIVED, key.decode()) for key in _MURMUR2} == set(found.values())


def test_positions_rise_by_one_within_each_partition_however_the_offsets_jump(log: KafkaLog) -> None:
    for number in range(5):  # each in a transaction of its own, whose end takes an offset
        send(log, *numbered(C, [number]), *numbered(A, [10 + number]))
    found = [(record.position, int(record.value)) for record in log.scan(RECEIVED, 0, 100)]
    in_a = [(start_of(0) + 1 + number, 10 + number) for number in range(5)]
    assert found == [*in_a, *((start_of(2) + 1 + number, number) for number in range(5))]


def test_a_scan_goes_over_all_partitions_in_the_order_of_positions_from_any_place(log: KafkaLog) -> None:
    send(log, *numbered(D, range(3)), *numbered(B, range(3, 7)), *numbered(A, range(7, 9)))
    every = log.scan(RECEIVED, 0, 100)
    assert numbers_in(every) == [7, 8, 3, 4, 5, 6, 0, 1, 2]
    assert list(records_of(log, RECEIVED, page=2)) == every
    for index, record in enumerate(every):
        assert log.scan(RECEIVED, record.position, 3) == every[index + 1 : index + 4]
    assert numbers_in(log.scan(RECEIVED, start_of(3), 10)) == [0, 1, 2]
    assert numbers_in(log.scan(RECEIVED, start_of(2), 2)) == [0, 1]


def test_extents_are_of_each_partition_and_their_sums_are_numbers_of_records(log: KafkaLog) -> None:
    send(log, *numbered(B, range(5)), *numbered(D, range(2)))
    batch = log.read(RECEIVED, PIPELINE, 3)
    assert partition_of(batch.after) == 1
    log.commit(batch, Outputs())
    assert log.extents(RECEIVED, PIPELINE) == [
        (0, 0),
        (start_of(1) + 3, start_of(1) + 5),
        (start_of(2), start_of(2)),
        (start_of(3), start_of(3) + 2),
    ]
    assert log.extent(RECEIVED, PIPELINE) == (3, 7)
    assert log.extent(RECEIVED, "other") == (0, 7)
    assert list(log.owned(RECEIVED, PIPELINE)) == [0, 1, 2, 3]


def test_the_header_that_names_a_partition_wins_over_the_key(log: KafkaLog) -> None:
    send(log, *numbered(A, [1], **{h.PARTITION: "3"}), *numbered("", [2], **{h.PARTITION: "2"}), *numbered(A, [3]))
    placed = [(partition_of(record.position), int(record.value)) for record in log.scan(RECEIVED, 0, 10)]
    assert placed == [(0, 3), (2, 2), (3, 1)]


def test_the_header_that_names_a_partition_does_not_lead_out_of_a_topic_that_has_one(log: KafkaLog) -> None:
    log.append(Outputs({"outbox.tax": numbered(A, [1], **{h.PARTITION: "3"})}))
    assert numbers_in(log.scan("outbox.tax", 0, 10)) == [1]


def test_a_batch_is_of_one_partition_and_the_partitions_take_turns(log: KafkaLog) -> None:
    send(log, *numbered(A, range(6)), *numbered(C, range(10, 16)))
    seen: list[list[int]] = []
    while (batch := log.read(RECEIVED, PIPELINE, 2)).records:
        assert {partition_of(record.position) for record in batch.records} == {batch.partition}
        assert log.read(RECEIVED, PIPELINE, 2) == batch
        log.commit(batch, Outputs())
        seen.append(numbers_in(batch.records))
    assert seen == [[0, 1], [10, 11], [2, 3], [12, 13], [4, 5], [14, 15]]


def test_a_header_is_kept_whole_even_with_a_zero_in_it(log: KafkaLog) -> None:
    odd = {"detail": "a\0b", "empty": "", "zero": "\0"}
    send(log, Message(A, b"1", odd), Message(A, b"2", {"detail": "plain"}))
    assert [record.headers for record in log.read(RECEIVED, PIPELINE, 10).records] == [odd, {"detail": "plain"}]


def test_a_mark_is_seen_through_another_handle_right_after_it_was_appended(
    log: KafkaLog, kafka: KafkaConnection
) -> None:
    with open_kafka(kafka) as other:
        for number in range(20):
            log.append(Outputs({RECEIVED: numbered(A, [number])}, Mark("file", f"line {number}")))
            assert other.mark("file") == f"line {number}"


class TestBarrier:
    def test_a_record_waits_until_the_other_partition_is_committed_and_holds_up_nobody_else(
        self, log: KafkaLog
    ) -> None:
        send(log, *numbered(A, [1]))
        send(log, *numbered(A, [2]))
        after = f"0:{log.ends(RECEIVED)[0]}"  # behind the end of the transaction, which is no record
        send(log, *numbered(D, [3]), *numbered(D, [4], **{h.AFTER: after}), *numbered(D, [5]), *numbered(B, [6]))
        seen = []
        while (batch := log.read(RECEIVED, PIPELINE, 1)).records:
            log.commit(batch, Outputs())
            seen += numbers_in(batch.records)
        assert seen == [1, 6, 3, 2, 4, 5]

    def test_what_comes_behind_the_barrier_in_the_other_partition_is_not_waited_for(self, log: KafkaLog) -> None:
        send(log, *numbered(A, [1]))
        after = f"0:{log.ends(RECEIVED)[0]}"
        send(log, *numbered(A, [2]), *numbered(D, [4], **{h.AFTER: after}))
        log.commit(log.read(RECEIVED, PIPELINE, 1), Outputs())
        assert numbers_in(log.read(RECEIVED, PIPELINE, 1).records) == [4]

    def test_all_partitions_that_are_named_must_have_come_there(self, log: KafkaLog) -> None:
        send(log, *numbered(A, [1]), *numbered(B, [2]))
        ends = log.ends(RECEIVED)
        send(log, *numbered(D, [4], **{h.AFTER: f"0:{ends[0]},1:{ends[1]}"}))
        assert numbers_in(drain(log, at_least=3)) == [1, 2, 4]

    def test_an_empty_partition_is_not_waited_for(self, log: KafkaLog) -> None:
        send(log, *numbered(D, [1], **{h.AFTER: "0:0"}))
        assert numbers_in(log.read(RECEIVED, PIPELINE, 1).records) == [1]

    def test_another_handle_and_another_group_wait_too(self, log: KafkaLog, kafka: KafkaConnection) -> None:
        send(log, *numbered(A, [1]))
        send(log, *numbered(D, [2], **{h.AFTER: f"0:{log.ends(RECEIVED)[0]}"}))
        log.commit(log.read(RECEIVED, PIPELINE, 1), Outputs())
        with open_kafka(kafka) as other:
            assert numbers_in(other.read(RECEIVED, PIPELINE, 1).records) == [2]
            batch = other.read(RECEIVED, "other", 1)
            assert numbers_in(batch.records) == [1]


class TestMemory:
    def test_a_large_backlog_waits_in_the_cluster_and_not_here(
        self, log: KafkaLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(following, "_AHEAD", 200)
        send(log, *numbered(A, range(6000)))
        log.share(RECEIVED, PIPELINE)
        inside = log._following(RECEIVED, PIPELINE)
        while not log.read(RECEIVED, PIPELINE, 10).records:
            pass
        for _ in range(20):  # each could fetch two thousand more
            log.read(RECEIVED, PIPELINE, 10)
        assert len(inside._stretches[0]) <= 200 + 2 * 1000
        assert numbers_in(drain(log, limit=700, at_least=6000)) == list(range(6000))

    def test_whoever_follows_all_partitions_fetches_a_page_and_not_the_backlog(self, log: KafkaLog) -> None:
        send(log, *numbered(A, range(6000)))
        for _ in range(5):
            log.read(RECEIVED, PIPELINE, 10)
        assert len(log._following(RECEIVED, PIPELINE)._stretches[0]) <= 10 + 500
