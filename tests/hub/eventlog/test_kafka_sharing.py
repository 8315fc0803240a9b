"""The Kafka log shared out among processes: who reads what, who may commit, and what a dead or slow owner leaves."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from hub import headers as h
from hub.eventlog import LogAway, LogUnavailable, Outputs, PositionMoved, Record, partition_of
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka import KafkaLog
from tests.hub.eventlog.on_kafka import (
    PIPELINE,
    RECEIVED,
    eventually,
    key_in,
    numbered,
    numbers_in,
    open_kafka,
    send,
)
from tests.kafka import MakeTopic

pytestmark = pytest.mark.xdist_group("kafka-core")

PARTS = 4
KEYS = [key_in(part, PARTS) for part in range(PARTS)]


@pytest.fixture
def log(kafka: KafkaConnection, make_topic: MakeTopic) -> Iterator[KafkaLog]:
    make_topic(RECEIVED, PARTS)
    for topic in ("copied", "dancu.places"):
        make_topic(topic)
    with open_kafka(kafka) as log:
        yield log


@contextmanager
def a_member(kafka: KafkaConnection) -> Iterator[KafkaLog]:
    with open_kafka(kafka) as log:
        log.share(RECEIVED, PIPELINE)
        yield log


def own(log: KafkaLog) -> set[int]:
    return set(log.owned(RECEIVED, PIPELINE))


def shared_out(*members: KafkaLog) -> bool:
    """Let the members turn; say whether each has something and together they have everything, once."""
    for member in members:
        member.read(RECEIVED, PIPELINE, 1)
    return all(map(own, members)) and Counter(part for member in members for part in own(member)) == Counter(
        range(PARTS)
    )


def work(log: KafkaLog, limit: int = 2) -> list[Record]:
    """Read a batch and copy it."""
    batch = log.read(RECEIVED, PIPELINE, limit)
    if batch.records:
        log.commit(batch, Outputs({"copied": [record.message for record in batch.records]}))
    return list(batch.records)


def has_worked(log: KafkaLog, seen: list[Record], enough: int, limit: int = 2) -> bool:
    """Let a member work once; say whether it has read enough by now."""
    seen += work(log, limit)
    return len(seen) >= enough


def copied(log: KafkaLog) -> list[int]:
    return sorted(numbers_in(log.scan("copied", 0, 10_000)))


def test_two_members_share_the_partitions_and_each_reads_only_its_own(log: KafkaLog, kafka: KafkaConnection) -> None:
    with a_member(kafka) as one, a_member(kafka) as other:
        eventually(lambda: shared_out(one, other))
        send(log, *(message for key in KEYS for message in numbered(key, range(5))))
        seen: dict[int, list[Record]] = {0: [], 1: []}
        eventually(lambda: _both_work(seen, one, other) == 5 * PARTS)
        for records, member in zip(seen.values(), (one, other), strict=True):
            assert {partition_of(record.position) for record in records} == own(member)
    assert copied(log) == sorted([*range(5)] * PARTS)


def _both_work(seen: dict[int, list[Record]], *members: KafkaLog) -> int:
    for number, member in enumerate(members):
        seen[number] += work(member)
    return sum(map(len, seen.values()))


def test_when_one_leaves_the_other_goes_on_exactly_behind_what_was_committed(
    log: KafkaLog, kafka: KafkaConnection
) -> None:
    send(log, *(message for part, key in enumerate(KEYS) for message in numbered(key, range(part * 10, part * 10 + 6))))
    with a_member(kafka) as one:
        with a_member(kafka) as leaving:
            eventually(lambda: shared_out(one, leaving))
            theirs = own(leaving)
            done = work(leaving)
            not_committed = leaving.read(RECEIVED, PIPELINE, 100)
            assert len(done) == 2
            assert not_committed.records
        eventually(lambda: shared_out(one))
        rest: list[Record] = []
        eventually(lambda: has_worked(one, rest, 22))
    found = {part: numbers_in(r for r in rest if partition_of(r.position) == part) for part in range(PARTS)}
    skipped = {part: 2 if part == partition_of(done[0].position) else 0 for part in range(PARTS)}
    assert found == {part: list(range(part * 10 + skipped[part], part * 10 + 6)) for part in range(PARTS)}
    assert {partition_of(done[0].position), not_committed.partition} <= theirs


def test_an_owner_that_was_overtaken_commits_nothing_and_reads_on_from_there(
    log: KafkaLog, kafka: KafkaConnection
) -> None:
    send(log, *numbered(KEYS[0], range(4)))
    with a_member(kafka) as member:
        eventually(lambda: bool(member.read(RECEIVED, PIPELINE, 2).records))
        work(member)  # its writer has begun
        mine = member.read(RECEIVED, PIPELINE, 1)
        log.commit(log.read(RECEIVED, PIPELINE, 1), Outputs({"copied": numbered("", [2])}))
        with pytest.raises(PositionMoved):
            member.commit(mine, Outputs({"copied": numbered("", [-1])}))
        rest: list[Record] = []
        eventually(lambda: has_worked(member, rest, 1))
    assert numbers_in(rest) == [3]
    assert copied(log) == [0, 1, 2, 3]


def test_an_owner_that_was_taken_for_dead_commits_nothing_and_comes_back(log: KafkaLog, kafka: KafkaConnection) -> None:
    send(log, *(message for key in KEYS for message in numbered(key, range(3))))
    impatient = replace(kafka, options={**kafka.options, "max.poll.interval.ms": "6000"})
    with a_member(impatient) as sleeper, a_member(kafka) as other:
        eventually(lambda: shared_out(sleeper, other))
        mine = sleeper.read(RECEIVED, PIPELINE, 3)
        assert mine.records
        seen: list[Record] = []
        eventually(lambda: has_worked(other, seen, 3 * PARTS, 3))  # the sleeper doesn't turn
        with pytest.raises((PositionMoved, LogAway)):
            sleeper.commit(mine, Outputs({"copied": numbered("", [-1])}))
        eventually(lambda: _shared_out_in_spite_of_errors(sleeper, other))
        send(log, *(message for key in KEYS for message in numbered(key, [3])))
        both: dict[int, list[Record]] = {0: [], 1: []}
        eventually(lambda: _both_work(both, sleeper, other) == PARTS)
        assert both[0]
        assert both[1]
    assert copied(log) == sorted([0, 1, 2, 3] * PARTS)


def _shared_out_in_spite_of_errors(*members: KafkaLog) -> bool:
    try:
        return shared_out(*members)
    except LogAway:  # the client says once that it was too slow
        return False


def test_a_killed_process_that_was_just_committing_is_taken_over_at_once_and_nothing_of_it_is_seen(
    log: KafkaLog, kafka: KafkaConnection
) -> None:
    send(log, *numbered(KEYS[1], range(5)))
    line = [sys.executable, "-m", "tests.hub.eventlog.left_open", kafka.servers, kafka.prefix]
    with subprocess.Popen(line) as victim:
        try:
            eventually(lambda: victim.poll() is None and log.ends("copied")[0] == 3)  # sent, and not committed
            time.sleep(0.2)
        finally:
            victim.kill()
    assert victim.returncode == -9
    assert log.scan("copied", 0, 10) == []
    with a_member(kafka) as heir:
        seen: list[Record] = []
        # 6 s until its session is over; the cluster itself would end what it left open after 30 s
        eventually(lambda: has_worked(heir, seen, 5, 3), seconds=22)
    assert numbers_in(seen) == [0, 1, 2, 3, 4]
    assert [record.position for record in seen] == [(1 << 40) + number for number in range(1, 6)]
    assert copied(log) == [0, 1, 2, 3, 4]


def test_a_record_behind_a_barrier_waits_for_another_members_commit(log: KafkaLog, kafka: KafkaConnection) -> None:
    with a_member(kafka) as one, a_member(kafka) as other:
        eventually(lambda: shared_out(one, other))
        first, second = min(own(one)), min(own(other))
        send(log, *numbered(KEYS[first], [1]))
        after = f"{first}:{log.ends(RECEIVED)[first]}"
        send(log, *numbered(KEYS[second], [2], **{h.AFTER: after}))
        for _ in range(20):
            assert not other.read(RECEIVED, PIPELINE, 1).records
        eventually(lambda: bool(work(one)))
        seen: list[Record] = []
        eventually(lambda: has_worked(other, seen, 1))
        assert numbers_in(seen) == [2]


def test_a_topic_that_is_not_there_is_not_shared(kafka: KafkaConnection) -> None:
    with KafkaLog(kafka) as log, pytest.raises(LogUnavailable, match=r"there is no topic .*topics apply"):
        log.share("nothing", PIPELINE)
