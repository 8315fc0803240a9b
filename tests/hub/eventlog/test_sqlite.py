"""The SQLite log: the contract, and what can happen to a file."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import UserDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.eventlog import LogUnavailable, Mark, Message, Outputs, Record, records_of
from hub.eventlog.sqlite import PAGE_BYTES, SqliteLog
from tests.hub.eventlog.contract import EventLogContract, contents, messages
from tests.hub.eventlog.endless import batch_of
from tests.hub.eventlog.processes import OpenLog
from tests.missing import skip_missing


class TestSqliteLog(EventLogContract):
    @pytest.fixture
    def open_log(self, tmp_path: Path) -> OpenLog:
        return partial(SqliteLog, tmp_path / "log.db")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with SqliteLog(path) as log:
        yield log


# Time, memory, locks


def test_time_stands_still_when_the_clock_goes_backwards(path: Path) -> None:
    clock = iter([1000, 900, 1100])
    with SqliteLog(path, clock=lambda: next(clock)) as log:
        for number in range(3):
            log.append(Outputs({"received": messages(number)}))
        assert [record.at for record in log.scan("received", 0, 10)] == [1000, 1000, 1100]


def test_a_page_of_large_records_ends_early_and_skips_none(log: SqliteLog) -> None:
    sent = [Message("1", bytes([number]) * (PAGE_BYTES // 3), {}) for number in range(5)]
    log.append(Outputs({"received": sent}))
    assert len(log.scan("received", 0, 1000)) == 4
    assert contents(list(records_of(log, "received"))) == sent


class Counted(UserDict[str, str]):
    """Headers that count how often they are looked through."""

    looks = 0

    def __iter__(self) -> Iterator[str]:
        self.looks += 1
        return super().__iter__()


def test_headers_shared_by_messages_are_encoded_once(log: SqliteLog) -> None:
    headers = Counted({"ce_id": "1"})
    log.append(Outputs({f"outbox.{n}": [Message("1", b"", headers)] * 200 for n in range(4)}))
    assert headers.looks == 1
    assert log.scan("outbox.3", 199, 1)[0].headers == {"ce_id": "1"}


def test_a_long_reader_does_not_hold_up_a_writer(log: SqliteLog, path: Path) -> None:
    log.append(Outputs({"received": messages(1)}))
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as reader,
        SqliteLog(path, lock_timeout=0) as eager,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM topics").fetchall()
        eager.append(Outputs({"received": messages(2)}))
        assert contents(eager.scan("received", 0, 10)) == messages(1, 2)


def test_a_writer_does_not_hold_up_readers_and_another_writer_is_told_after_a_while(log: SqliteLog, path: Path) -> None:
    log.append(Outputs({"received": messages(1)}))
    with SqliteLog(path, lock_timeout=0.05) as eager, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert contents(eager.read("received", "pipeline", 10).records) == messages(1)
        with pytest.raises(LogUnavailable, match=r"log\.db: another process has held the log too long"):
            eager.append(Outputs({"received": messages(2)}))
        other.rollback()
        eager.append(Outputs({"received": messages(3)}))
    assert contents(log.scan("received", 0, 10)) == messages(1, 3)


def test_connections_of_ended_threads_do_not_pile_up(log: SqliteLog, path: Path) -> None:
    for number in range(50):
        thread = threading.Thread(target=log.append, args=(Outputs({"received": messages(number)}),))
        thread.start()
        thread.join()
    opened = [file.path for file in psutil.Process().open_files()]
    assert opened.count(str(path)) <= 3
    assert log.extent("received", "pipeline") == (0, 50)


def test_using_a_closed_log_is_a_bug(path: Path) -> None:
    log = SqliteLog(path)
    log.close()
    log.close()
    with pytest.raises(ValueError, match="was closed"):
        log.append(Outputs())


def test_closing_the_log_leaves_one_file(path: Path) -> None:
    with SqliteLog(path) as log:
        thread = threading.Thread(target=log.append, args=(Outputs({"received": messages(1)}),))
        thread.start()
        thread.join()
    assert [file.name for file in path.parent.iterdir()] == ["log.db"]


def test_many_handles_opening_a_new_log_at_the_same_instant_all_succeed(tmp_path: Path) -> None:
    for number in range(10):
        path, start = tmp_path / f"{number}.db", threading.Barrier(6)

        def open_and_append(path: Path = path, start: threading.Barrier = start) -> None:
            start.wait()
            with SqliteLog(path) as log:
                log.append(Outputs({"received": messages(1)}))

        with ThreadPoolExecutor(6) as crew:
            for job in [crew.submit(open_and_append) for _ in range(6)]:
                job.result()
        with SqliteLog(path) as log:
            assert log.extent("received", "pipeline") == (0, 6)


# Killed, cut


def whole_batches(records: Iterator[Record]) -> int:
    """Check that the records are whole batches of `endless`, 1, 2, 3, … and return the last one's number."""
    number = 0
    for number, record in enumerate(records, 1):
        expected = batch_of(number)
        rest = [next(records) for _ in expected[1:]]
        assert contents([record, *rest]) == expected
    return number


def check_after_a_crash(path: Path) -> int:
    """Check that the log is sound and holds whole commits only; return the number of the last batch."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with SqliteLog(path) as log:
        last = int(log.mark("endless") or 0)
        assert whole_batches(records_of(log, "received")) == last
        assert whole_batches(records_of(log, "twin")) == last
        committed, _ = log.extent("received", "copier")
        assert contents(list(records_of(log, "copied"))) == contents(log.scan("received", 0, committed))
    return last


def test_a_log_whose_writers_are_killed_keeps_every_acknowledged_batch_whole(path: Path) -> None:
    moments = random.Random(20)
    acknowledged = 0
    for kill in range(20):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.eventlog.endless", path], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        opening = kill % 5 == 4  # every fifth dies while it starts and opens the log
        said = [] if opening else [child.stdout.readline()]
        time.sleep(moments.uniform(0, 0.2 if opening else 0.1))
        child.send_signal(signal.SIGKILL)
        said += child.stdout
        child.stdout.close()
        assert child.wait() == -signal.SIGKILL
        acknowledged = max([acknowledged, *(int(line) for line in said if line.endswith("\n"))])
        assert check_after_a_crash(path) >= acknowledged > 0


@given(cut=st.floats(0, 1))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_write_ahead_file_cut_anywhere_holds_whole_commits_only(tmp_path: Path, cut: float) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    if not whole.exists():
        whole.mkdir()
        with SqliteLog(tmp_path / "log.db") as log:
            for number in range(1, 15):
                batch = batch_of(number)
                log.append(Outputs({"received": batch, "twin": batch}, Mark("endless", f"{number}")))
            for file in tmp_path.glob("log.db*"):
                shutil.copy(file, whole)
    shutil.rmtree(torn, ignore_errors=True)
    shutil.copytree(whole, torn, ignore=shutil.ignore_patterns("*-shm"))
    wal = torn / "log.db-wal"
    os.truncate(wal, int(wal.stat().st_size * cut))
    assert 0 <= check_after_a_crash(torn / "log.db") <= 14


# Files that can't be used


def fill(path: Path, count: int) -> None:
    with SqliteLog(path) as log:
        log.append(Outputs({"received": messages(*range(count))}, Mark("file", "line 1")))


def test_a_file_that_is_no_database_is_named_with_what_to_do(path: Path) -> None:
    path.write_bytes(b"Not a database, but longer than the header of one. " * 100)
    with pytest.raises(LogUnavailable, match=r"log\.db: the event log is damaged; .* restore a copy"):
        SqliteLog(path)


def test_a_truncated_file_is_named_with_what_to_do(path: Path) -> None:
    fill(path, 5000)
    os.truncate(path, path.stat().st_size // 2)
    with (
        pytest.raises(LogUnavailable, match=r"log\.db: the event log is damaged"),
        SqliteLog(path) as log,
    ):
        list(records_of(log, "received"))


def test_a_page_of_rubbish_is_named_with_what_to_do(path: Path) -> None:
    fill(path, 5000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 16384 * 16384
    content[middle : middle + 16384] = random.Random(1).randbytes(16384)
    path.write_bytes(content)
    with (
        pytest.raises(LogUnavailable, match=r"log\.db: the event log is damaged"),
        SqliteLog(path) as log,
    ):
        list(records_of(log, "received"))


@pytest.mark.parametrize(
    "damage", ["UPDATE topic_1 SET headers = x'7b22'", "UPDATE topic_1 SET key = CAST(x'fffe' AS TEXT)"]
)
def test_a_record_that_cannot_be_read_is_named_with_what_to_do(path: Path, damage: str) -> None:
    fill(path, 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(damage)
    with SqliteLog(path) as log, pytest.raises(LogUnavailable, match=r"log\.db: the event log is damaged"):
        log.read("received", "pipeline", 10)


def test_a_log_of_another_version_is_refused_and_left_as_it_is(path: Path) -> None:
    fill(path, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    with pytest.raises(LogUnavailable, match=r"not an event log of this dancu \(version 7, expected 1\)"):
        SqliteLog(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM topics").fetchall() == [("received",)]


def test_a_database_of_something_else_is_refused_and_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE taxpayers (number TEXT)")
    with pytest.raises(LogUnavailable, match=r"not an event log of this dancu \(version 0"):
        SqliteLog(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("taxpayers",)]


def test_a_folder_in_the_place_of_the_file_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LogUnavailable, match=r"log\.db: this is a folder"):
        SqliteLog(path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match=r"log\.db: its folder does not exist"):
        SqliteLog(tmp_path / "nowhere" / "log.db")


def test_a_bug_in_a_statement_is_not_taken_for_a_broken_world(path: Path) -> None:
    fill(path, 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE topic_1")
    with SqliteLog(path) as log, pytest.raises(sqlite3.OperationalError, match="no such table"):
        log.read("received", "pipeline", 10)


# A disk of its own


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        skip_missing(f"a full disk needs the right to mount a tmpfs: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_loses_nothing_and_the_log_goes_on_when_there_is_space(disk: Path) -> None:
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(300_000))
    with SqliteLog(disk / "log.db") as log:
        written = 0
        with pytest.raises(LogUnavailable, match=r"log\.db: the disk is full, nothing was written"):  # noqa: PT012
            while True:
                record = Message("1", b"x" * 5000, {})
                log.append(Outputs({"received": [record]}, Mark("n", f"{written + 1}")))
                written += 1
        assert written > 0
        assert log.extent("received", "pipeline") == (0, written)
        assert log.mark("n") == f"{written}"
        ballast.unlink()
        log.append(Outputs({"received": messages(1)}))
    with SqliteLog(disk / "log.db") as log:
        assert len(list(records_of(log, "received"))) == written + 1


def test_a_disk_full_from_the_start_is_named(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="No space"):  # noqa: PT012
        while True:
            ballast.write(bytes(4096))
    with pytest.raises(LogUnavailable, match=r"log\.db: the disk"):
        SqliteLog(disk / "log.db")


def test_a_read_only_disk_is_named(disk: Path) -> None:
    fill(disk / "log.db", 10)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(LogUnavailable, match=r"log\.db: the event log can't be written; give this user"):
        SqliteLog(disk / "log.db")
