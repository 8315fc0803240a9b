"""The outbox keeps what it has taken, in one row without holes, and notices when it is an old copy of itself."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from adapters.card_reader.producer.event import Link
from adapters.card_reader.producer.outbox import Outbox
from adapters.card_reader.producer.outbox_file import OutboxDamaged, Stop, Stopped, outbox_of
from adapters.card_reader.producer.outbox_state import look
from adapters.card_reader.producer.sealing import Sealed
from tests.adapters.card_reader.producer.making import NOW, put

ID = "edge-test"


def opened(home: Path, limit: int = 100) -> closing[Outbox]:
    return closing(Outbox(home, ID, limit))


def fill(outbox: Outbox) -> None:
    while True:
        put(outbox)


def test_events_are_numbered_from_one_and_each_names_the_one_before(tmp_path: Path) -> None:
    links: list[Link] = []

    def seal(link: Link) -> Sealed:
        links.append(link)
        return Sealed("text", f"digest-{link.sequence}")

    for _ in range(3):
        with opened(tmp_path) as outbox:  # also over restarts
            outbox.add("id", NOW, seal)
    assert links == [Link(1, None), Link(2, "digest-1"), Link(3, "digest-2")]


def test_numbers_go_on_after_all_was_acknowledged(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        assert [put(outbox), put(outbox)] == [1, 2]
        outbox.settle(outbox.batch(10), [], NOW)
        assert outbox.state().waiting == 0
    with opened(tmp_path) as outbox:
        assert put(outbox) == 3


def test_an_event_that_can_not_be_sealed_uses_up_no_number(tmp_path: Path) -> None:
    def broken(_: Link) -> Sealed:
        raise ZeroDivisionError

    with opened(tmp_path) as outbox:
        with pytest.raises(ZeroDivisionError):
            outbox.add("id", NOW, broken)
        assert put(outbox) == 1


def test_a_full_outbox_takes_no_more_and_drops_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, limit=3) as outbox:
        for _ in range(3):
            put(outbox)
        with pytest.raises(Stopped) as stopped:
            put(outbox)
        assert stopped.value.why is Stop.full
        assert [one.sequence for one in outbox.batch(10)] == [1, 2, 3]
    with opened(tmp_path, limit=3) as outbox:
        with pytest.raises(Stopped):
            outbox.check()
        outbox.settle(outbox.batch(1), [], NOW)
        assert put(outbox) == 4


def test_what_the_hub_refused_is_kept_aside_with_the_reason_and_counts(tmp_path: Path) -> None:
    with opened(tmp_path, limit=2) as outbox:
        put(outbox)
        put(outbox)
        first, second = outbox.batch(2)
        outbox.settle([first], [(second, "clock_behind")], NOW)
        state = outbox.state()
        assert (state.waiting, state.refused, state.contact) == (0, {"clock_behind": 1}, NOW)
        put(outbox)
        with pytest.raises(Stopped):
            put(outbox)


def test_a_full_disk_stops_the_counter_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with opened(tmp_path, limit=10_000) as outbox:
        put(outbox)
        with outbox._file.reading() as connection:
            connection.execute("PRAGMA max_page_count = 1")  # as large as it is now: SQLite says what it says on ENOSPC
        with pytest.raises(Stopped) as stopped:
            fill(outbox)
        assert stopped.value.why is Stop.disk
        before = outbox.state()
        assert before.next == before.waiting + 1
        with outbox._file.reading() as connection:
            connection.execute("PRAGMA max_page_count = 1000000")
        assert put(outbox) == before.next


def test_old_events_make_room_for_one_that_says_so(tmp_path: Path) -> None:
    said: list[Sequence[tuple[int, int]]] = []

    def seal(link: Link, lost: Sequence[tuple[int, int]]) -> Sealed:
        said.append(lost)
        return Sealed("gone", f"digest-{link.sequence}")

    with opened(tmp_path, limit=5) as outbox:
        for at in (1, 2, 9, 3, 9):
            put(outbox, at)
        assert outbox.expire(5, "e1", 10, seal) == 3
        assert said == [[(1, 2), (4, 4)]]
        assert [one.sequence for one in outbox.batch(10)] == [3, 5, 6]
        assert outbox.state().expired == 3
        assert outbox.expire(5, "e2", 11, seal) == 0
        assert outbox.expire(100, "e3", 12, seal) == 2  # the event that says so stays: the hub takes it at any age
        assert said[1:] == [[(3, 3), (5, 5)]]
        assert [one.sequence for one in outbox.batch(10)] == [6, 7]
        assert [put(outbox), put(outbox), put(outbox)] == [8, 9, 10]
        with pytest.raises(Stopped):
            put(outbox)


def test_the_files_are_the_owners_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        put(outbox)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert set(modes) == {f"outbox-{ID}.{end}" for end in ("db", "db-wal", "db-shm", "mark")}
    assert set(modes.values()) == {0o600}


def test_it_is_durable_and_overwrites_what_it_deletes(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox, outbox._file.reading() as connection:
        settings = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "secure_delete")]
        assert settings == [2, 1]  # FULL, ON
        put(outbox)
        marked = outbox.batch(1)[0].sealed.encode()
        outbox.settle(outbox.batch(1), [], NOW)
    assert marked not in outbox_of(tmp_path, ID).read_bytes()


@pytest.mark.parametrize("how", ["over it", "as a new file", "whole folder"])
def test_an_old_copy_that_was_put_back_is_noticed(tmp_path: Path, how: str) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    home.mkdir()
    with opened(home) as outbox:
        put(outbox)
    shutil.copytree(home, backup)
    with opened(home) as outbox:
        put(outbox)
    file = outbox_of(home, ID)
    if how == "over it":
        shutil.copyfile(outbox_of(backup, ID), file)
    elif how == "as a new file":
        file.unlink()
        shutil.copyfile(outbox_of(backup, ID), file)
    else:
        shutil.rmtree(home)
        (tmp_path / "so that the new one is elsewhere on the disk").touch()
        shutil.copytree(backup, home)
    for _ in range(2):  # it is remembered
        with opened(home) as outbox:
            with pytest.raises(Stopped) as stopped:
                put(outbox)
            assert stopped.value.why is Stop.restored
            assert outbox.state().stopped == "restored"


def test_a_lost_outbox_is_noticed_too(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        put(outbox)
    outbox_of(tmp_path, ID).unlink()
    with opened(tmp_path) as outbox, pytest.raises(Stopped):
        put(outbox)


def test_a_witness_that_a_power_cut_has_set_back_is_no_reason_to_stop(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        put(outbox)
        put(outbox)
    witness = outbox_of(tmp_path, ID).with_suffix(".mark")
    witness.write_bytes(b"%020d\n" % 2)
    with opened(tmp_path) as outbox:
        assert put(outbox) == 3
    witness.write_bytes(b"")
    with opened(tmp_path) as outbox:
        assert put(outbox) == 4


def test_a_damaged_file_is_said_in_plain_words(tmp_path: Path) -> None:
    outbox_of(tmp_path, ID).write_bytes(b"no database, but long enough to be looked at" * 100)
    with pytest.raises(OutboxDamaged, match="can't be used: file is not a database"):
        Outbox(tmp_path, ID)


def test_an_outbox_of_another_device_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    outbox_of(tmp_path, ID).rename(outbox_of(tmp_path, "edge-other"))
    with pytest.raises(OutboxDamaged, match="belongs to the device edge-test"):
        Outbox(tmp_path, "edge-other")


def test_it_can_be_looked_at_while_somebody_works_with_it(tmp_path: Path) -> None:
    assert look(tmp_path, ID) is None
    with opened(tmp_path) as outbox:
        put(outbox)
        outbox.trouble("the line is down")
        state = look(tmp_path, ID)
        assert state is not None
        assert (state.next, state.waiting, state.trouble) == (2, 1, "the line is down")
        with closing(sqlite3.connect(outbox_of(tmp_path, ID))) as other:
            other.execute("BEGIN IMMEDIATE")
            assert look(tmp_path, ID) == state
