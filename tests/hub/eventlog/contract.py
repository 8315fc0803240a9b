"""What every event log must keep. A log's own test file subclasses this and gives the fixture `open_log`."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import count
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.eventlog import Mark, Message, Outputs, PositionMoved, Record, records_of
from tests.hub.eventlog.processes import (
    Log,
    OpenLog,
    append_alone,
    append_many,
    copy_racing,
    message,
    read_and_vanish,
)

_example = count()
#: A contract is one method that runs on several logs, in a class for each; and an example takes a topic of its own.
_ONE_FOR_BOTH_LOGS = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]

#: Bugs of a caller that no log can write: half a surrogate pair is no text.
UNWRITABLE = (Message("\ud800", b"", {}), Message("1", b"", {"name": "\ud800"}))


def processes() -> ProcessPoolExecutor:
    """Return two real processes that share nothing with this one."""
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def messages(*numbers: int) -> list[Message]:
    """Return one message per number, all of one person."""
    return [message("079203004512", number) for number in numbers]


def contents(records: Sequence[Record]) -> list[Message]:
    """Return what was appended, without its place."""
    return [Message(record.key, record.value, record.headers) for record in records]


class MadeOnTheFly(Sequence[Message]):
    """Messages that nobody holds on to: each exists only while it is looked at."""

    def __len__(self) -> int:
        return 500

    def __getitem__(self, index: int | slice) -> Any:
        return messages(*range(500)[index]) if isinstance(index, slice) else messages(range(500)[index])[0]


class EventLogContract:
    """The tests of the contract of `EventLog` and `LogBrowser`."""

    @pytest.fixture
    def open_log(self) -> OpenLog:
        """Return what opens another handle on one fresh log. It can be pickled."""
        raise NotImplementedError

    @pytest.fixture
    def log(self, open_log: OpenLog) -> Iterator[Log]:
        with open_log() as log:
            yield log

    # Appending

    def test_what_is_appended_is_read_back_whole(self, log: Log) -> None:
        sent = [
            Message("079203004512", b"\x00\x00\x00\x00\x01avro", {"ce_id": "1", "ce_type": "BirthRegistered"}),
            Message("", b"", {}),
            Message("khóa-Đặng-鍵-🗝", b"\x00", {"tên": "Nguyễn Thị Ánh\n\u0000🗝", "": "empty"}),
        ]
        log.append(Outputs({"received": sent}))
        assert contents(log.read("received", "pipeline", 10).records) == sent

    def test_positions_rise_by_one_from_one_in_each_topic(self, log: Log) -> None:
        for _ in range(3):
            log.append(Outputs({"received": messages(1, 2), "refused": messages(3)}))
        assert [record.position for record in log.scan("received", 0, 100)] == [1, 2, 3, 4, 5, 6]
        assert [record.position for record in log.scan("refused", 0, 100)] == [1, 2, 3]

    def test_time_never_goes_backwards_within_a_topic(self, log: Log) -> None:
        for number in range(5):
            log.append(Outputs({"received": messages(number)}))
        times = [record.at for record in log.scan("received", 0, 100)]
        assert times == sorted(times)
        assert times[0] > 1_700_000_000_000  # milliseconds, not seconds

    def test_an_append_is_seen_through_every_other_handle(self, log: Log, open_log: OpenLog) -> None:
        with open_log() as other:
            assert other.read("received", "pipeline", 10).records == []
            log.append(Outputs({"received": messages(1)}))
            assert contents(other.read("received", "pipeline", 10).records) == messages(1)

    def test_an_append_that_breaks_writes_nothing_at_all(self, log: Log) -> None:
        log.append(Outputs({"received": messages(1)}, Mark("file", "line 1")))
        for bad in UNWRITABLE:
            outputs = Outputs({"received": messages(2), "new": [*messages(3), bad]}, Mark("file", "line 2"))
            with pytest.raises(Exception):  # noqa: B017, PT011 - which error a bug gives is the log's own affair
                log.append(outputs)
        assert contents(log.scan("received", 0, 10)) == messages(1)
        assert log.scan("new", 0, 10) == []
        assert log.mark("file") == "line 1"
        log.append(Outputs({"new": messages(4)}))  # and the log goes on
        assert contents(log.scan("new", 0, 10)) == messages(4)

    def test_an_append_of_nothing_is_allowed(self, log: Log) -> None:
        log.append(Outputs())
        log.append(Outputs({"received": []}))
        assert log.extent("received", "pipeline") == (0, 0)

    def test_large_values_come_back_whole_and_in_order(self, log: Log) -> None:
        sent = [Message("1", bytes([number]) * 5_000_000, {"n": f"{number}"}) for number in range(3)]
        log.append(Outputs({"received": sent}))
        assert contents(list(records_of(log, "received"))) == sent

    def test_headers_shared_by_messages_stay_apart_from_others(self, log: Log) -> None:
        shared = {"ce_id": "1"}
        sent = [Message("1", b"%d" % n, shared if n % 2 else {"ce_id": f"{n}"}) for n in range(500)]
        log.append(Outputs({"outbox.tax": sent, "outbox.land": sent[::-1]}))
        assert contents(log.scan("outbox.tax", 0, 1000)) == sent
        assert contents(log.scan("outbox.land", 0, 1000)) == sent[::-1]

    def test_messages_made_while_they_are_written_keep_their_own_headers(self, log: Log) -> None:
        log.append(Outputs({"received": MadeOnTheFly()}))
        assert contents(log.scan("received", 0, 1000)) == messages(*range(500))

    def test_headers_may_be_any_mapping(self, log: Log) -> None:
        log.append(Outputs({"received": [Message("1", b"", MappingProxyType({"ce_id": "1"}))]}))
        assert log.scan("received", 0, 10)[0].headers == {"ce_id": "1"}

    # Reading and committing

    def test_an_unknown_topic_gives_an_empty_batch(self, log: Log) -> None:
        batch = log.read("nobody-wrote-here", "pipeline", 10)
        assert (batch.records, batch.after, batch.last) == ([], 0, 0)

    def test_the_same_batch_comes_until_it_is_committed(self, log: Log, open_log: OpenLog) -> None:
        log.append(Outputs({"received": messages(1, 2, 3, 4, 5)}))
        first = log.read("received", "pipeline", 3)
        log.append(Outputs({"received": messages(6)}))
        assert log.read("received", "pipeline", 3) == first
        with open_log() as other:
            assert other.read("received", "pipeline", 3) == first

    def test_the_same_batch_comes_after_the_reading_process_has_ended(self, log: Log, open_log: OpenLog) -> None:
        log.append(Outputs({"received": messages(1, 2, 3, 4, 5)}))
        with processes() as pool:
            assert pool.submit(read_and_vanish, open_log).result() == [1, 2, 3]
        assert [record.position for record in log.read("received", "pipeline", 3).records] == [1, 2, 3]

    def test_a_commit_moves_exactly_behind_the_batch(self, log: Log, open_log: OpenLog) -> None:
        log.append(Outputs({"received": messages(1, 2, 3, 4, 5)}))
        log.commit(log.read("received", "pipeline", 3), Outputs())
        with open_log() as reopened:
            batch = reopened.read("received", "pipeline", 10)
        assert (batch.after, contents(batch.records)) == (3, messages(4, 5))

    def test_a_commit_writes_its_outputs_and_its_mark(self, log: Log) -> None:
        log.append(Outputs({"received": messages(1, 2)}))
        outputs = Outputs({"outbox.tax": messages(1, 2), "refused": messages(3)}, Mark("clock", "noon"))
        log.commit(log.read("received", "pipeline", 10), outputs)
        assert contents(log.scan("outbox.tax", 0, 10)) == messages(1, 2)
        assert contents(log.scan("refused", 0, 10)) == messages(3)
        assert log.mark("clock") == "noon"

    def test_a_commit_may_write_to_the_topic_that_it_read(self, log: Log) -> None:
        log.append(Outputs({"received": messages(1)}))
        log.commit(log.read("received", "pipeline", 10), Outputs({"received": messages(2)}))
        assert contents(log.read("received", "pipeline", 10).records) == messages(2)

    def test_a_commit_that_breaks_moves_nothing_and_writes_nothing(self, log: Log) -> None:
        log.append(Outputs({"received": messages(1, 2)}))
        batch = log.read("received", "pipeline", 10)
        with pytest.raises(Exception):  # noqa: B017, PT011 - which error a bug gives is the log's own affair
            log.commit(batch, Outputs({"outbox.tax": [*messages(1), UNWRITABLE[0]]}, Mark("clock", "noon")))
        assert log.read("received", "pipeline", 10) == batch
        assert log.scan("outbox.tax", 0, 10) == []
        assert log.mark("clock") is None
        log.commit(batch, Outputs({"outbox.tax": messages(1)}))
        assert contents(log.scan("outbox.tax", 0, 10)) == messages(1)

    def test_committing_an_empty_batch_writes_its_outputs_and_moves_nothing(self, log: Log) -> None:
        log.append(Outputs({"received": messages(1)}))
        log.commit(log.read("received", "pipeline", 10), Outputs())
        empty = log.read("received", "pipeline", 10)
        log.commit(empty, Outputs({"outbox.tax": messages(2)}, Mark("clock", "noon")))
        log.append(Outputs({"received": messages(3)}))
        assert contents(log.scan("outbox.tax", 0, 10)) == messages(2)
        assert contents(log.read("received", "pipeline", 10).records) == messages(3)

    def test_committing_an_empty_batch_of_an_unknown_topic_is_allowed(self, log: Log) -> None:
        log.commit(log.read("nothing-yet", "pipeline", 10), Outputs({"outbox.tax": messages(1)}))
        assert log.extent("nothing-yet", "pipeline") == (0, 0)
        assert contents(log.scan("outbox.tax", 0, 10)) == messages(1)

    def test_groups_do_not_move_each_other(self, log: Log) -> None:
        log.append(Outputs({"received": messages(1, 2), "outbox.tax": messages(3)}))
        log.commit(log.read("received", "pipeline", 10), Outputs())
        assert contents(log.read("received", "deliver", 10).records) == messages(1, 2)
        assert contents(log.read("outbox.tax", "pipeline", 10).records) == messages(3)

    # Two readers of one group

    def test_only_one_of_two_readers_of_a_group_can_commit(self, log: Log, open_log: OpenLog) -> None:
        log.append(Outputs({"received": messages(1, 2)}))
        with open_log() as other:
            mine, theirs = log.read("received", "pipeline", 10), other.read("received", "pipeline", 1)
            other.commit(theirs, Outputs({"outbox.tax": messages(1)}))
            with pytest.raises(PositionMoved):
                log.commit(mine, Outputs({"outbox.tax": messages(1, 2)}, Mark("clock", "noon")))
        assert contents(log.scan("outbox.tax", 0, 10)) == messages(1)
        assert log.mark("clock") is None
        assert contents(log.read("received", "pipeline", 10).records) == messages(2)

    def test_a_batch_can_be_committed_only_once(self, log: Log) -> None:
        log.append(Outputs({"received": messages(1, 2)}))
        batch = log.read("received", "pipeline", 1)
        log.commit(batch, Outputs())
        with pytest.raises(PositionMoved):
            log.commit(batch, Outputs())

    def test_an_empty_batch_read_before_another_reader_moved_is_refused(self, log: Log, open_log: OpenLog) -> None:
        empty = log.read("received", "pipeline", 10)
        with open_log() as other:
            other.append(Outputs({"received": messages(1)}))
            other.commit(other.read("received", "pipeline", 10), Outputs())
        with pytest.raises(PositionMoved):
            log.commit(empty, Outputs({"outbox.tax": messages(1)}))
        assert log.scan("outbox.tax", 0, 10) == []

    def test_two_processes_racing_for_a_group_copy_each_record_once(self, log: Log, open_log: OpenLog) -> None:
        sent = messages(*range(2000))
        log.append(Outputs({"received": sent}))
        with processes() as pool:
            copied = list(pool.map(copy_racing, [open_log] * 2, [len(sent)] * 2))
        assert sum(copied) == len(sent)
        assert contents(list(records_of(log, "copied"))) == sent

    # Many at once

    def test_four_threads_and_two_processes_appending_lose_nothing(self, log: Log, open_log: OpenLog) -> None:
        threads, others = ["t1", "t2", "t3", "t4"], ["p1", "p2"]
        with processes() as pool, ThreadPoolExecutor(4) as crew:
            alone = [pool.submit(append_alone, open_log, key, 100) for key in others]
            together = [crew.submit(append_many, log, key, 100) for key in threads]
            for job in [*alone, *together]:
                job.result()
        records = list(records_of(log, "received", page=64))
        assert [record.position for record in records] == list(range(1, 601))
        for key in [*threads, *others]:
            assert contents([r for r in records if r.key == key]) == [message(key, n) for n in range(100)]

    def test_two_processes_opening_a_new_log_at_once_both_succeed(self, open_log: OpenLog) -> None:
        with processes() as pool:
            list(pool.map(append_alone, [open_log] * 2, ["p1", "p2"], [1, 1]))
        with open_log() as log:
            assert sorted(record.key for record in log.scan("received", 0, 10)) == ["p1", "p2"]

    @given(
        steps=st.lists(
            st.one_of(
                st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=4)), max_size=6),
                st.tuples(st.sampled_from(["pipeline", "deliver"]), st.integers(1, 5), st.booleans()),
            ),
            max_size=20,
        )
    )
    @settings(max_examples=30, deadline=None, suppress_health_check=_ONE_FOR_BOTH_LOGS)
    def test_any_interleaving_of_appends_and_reads_gives_back_what_was_appended(
        self, log: Log, steps: list[list[tuple[str, bytes]] | tuple[str, int, bool]]
    ) -> None:
        topic = f"received.{next(_example)}"
        sent: list[Message] = []
        behind = {"pipeline": 0, "deliver": 0}
        for step in steps:
            if isinstance(step, list):
                new = [Message(key, value, {"n": f"{len(sent) + n}"}) for n, (key, value) in enumerate(step)]
                log.append(Outputs({topic: new}))
                sent += new
                continue
            group, limit, commits = step
            batch = log.read(topic, group, limit)
            after = behind[group]
            assert batch.after == after
            assert contents(batch.records) == sent[after : after + limit]
            assert [r.position for r in batch.records] == list(range(after + 1, after + 1 + len(batch.records)))
            if commits:
                log.commit(batch, Outputs())
                behind[group] = batch.last
        assert {group: log.extent(topic, group) for group in behind} == {
            group: (position, len(sent)) for group, position in behind.items()
        }

    # Marks and browsing

    def test_a_mark_moves_only_with_its_own_producer(self, log: Log, open_log: OpenLog) -> None:
        assert log.mark("civil-status") is None
        log.append(Outputs({"received": messages(1)}, Mark("civil-status", "line 1")))
        log.append(Outputs({"received": messages(2)}))
        log.append(Outputs({}, Mark("hộ-tịch", "dòng 5")))
        with open_log() as reopened:
            assert reopened.mark("civil-status") == "line 1"
            assert reopened.mark("hộ-tịch") == "dòng 5"
        log.append(Outputs({"received": messages(3)}, Mark("civil-status", "line 2")))
        assert log.mark("civil-status") == "line 2"

    def test_scanning_starts_behind_a_position_and_moves_no_group(self, log: Log) -> None:
        log.append(Outputs({"received": messages(1, 2, 3, 4)}))
        assert contents(log.scan("received", 1, 2)) == messages(2, 3)
        assert log.scan("received", 4, 10) == []
        assert log.scan("nobody-wrote-here", 0, 10) == []
        assert log.read("received", "pipeline", 10).after == 0

    def test_the_extent_says_how_far_a_group_is_and_how_far_the_topic(self, log: Log) -> None:
        assert log.extent("received", "pipeline") == (0, 0)
        log.append(Outputs({"received": messages(1, 2, 3)}))
        log.commit(log.read("received", "pipeline", 2), Outputs())
        assert log.extent("received", "pipeline") == (2, 3)
        assert log.extent("received", "deliver") == (0, 3)
