"""A full disk, damaged files, no rights: said with the file's name and what to do, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Dancu, applied, received_ids, terminate, wait_for, words_of
from tests.deploy.sample import TAKE_MOVES, lines, move
from tests.missing import skip_missing

MANY = 6000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        skip_missing(f"a small disk can't be made: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_after_a_full_disk_the_same_commands_go_on_and_nothing_is_lost_or_doubled(
    small_disk: Path, tmp_path: Path
) -> None:
    dancu, file = Dancu(small_disk / "home"), tmp_path / "moves.ndjson"
    file.write_bytes(lines(*map(move, range(MANY))))
    answer = dancu("ingest", file, "--json")
    assert answer.code == 1
    assert "disk is full" in answer.err
    assert str(dancu.home) in answer.err
    assert dancu("run", "--until-idle").code == 1
    _grow(small_disk, "8m")
    assert dancu.ingest(file) == {"accepted": MANY, "refused": 0, "duplicates": 0}
    answer = dancu("run", "--until-idle", timeout=60)
    assert answer.code == 1, "the log has room now, but not what comes of it"
    assert "disk" in answer.err
    _grow(small_disk, "200m")
    dancu.run_until_idle()
    assert received_ids(dancu.home) == [f"move-{n}-1" for n in range(MANY)]
    for agency in TAKE_MOVES:
        assert applied(dancu.home, agency) == [f"move-{n}-1" for n in range(MANY)]


def _grow(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


@pytest.mark.parametrize(
    "words", [["ingest", "-", "--json"], ["status"], ["status", "--json"], ["replay", "--json"], ["demo", "--json"]]
)
def test_an_answer_that_can_not_be_written_ends_with_1_and_says_so(dancu: Dancu, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        answer = dancu(*words, *(["--events", "5"] if words[0] == "demo" else []), out=full)
    assert answer.code == 1
    assert "the disk is full: standard output" in answer.err


@pytest.mark.parametrize("name", ["log", "registers", "deliveries"])
def test_a_damaged_file_of_the_home_is_named(dancu: Dancu, name: str) -> None:
    dancu.ingest("-", stdin=lines(*map(move, range(50))))
    dancu.run_until_idle()
    file = dancu.home / f"{name}.db"
    whole = file.read_bytes()
    garbage, cut_off = os.urandom(len(whole)), whole[: len(whole) // 3]
    good_beginning = whole[:16384] + b"\x5a" * (len(whole) - 16384)
    for content, command in ((garbage, "ingest"), (cut_off, "run"), (good_beginning, "status")):
        for old in dancu.home.glob(f"{name}.db-*"):
            old.unlink()
        file.write_bytes(content)
        answer = dancu(command, *(["-"] if command == "ingest" else []))
        assert (answer.code, f"{name}.db: " in answer.err) == (1, True), (command, answer)


def test_a_damaged_agency_is_named_and_the_others_get_everything(dancu: Dancu) -> None:
    """The agency's people must repair it; until then its events wait."""
    (dancu.home / "agencies").mkdir(parents=True)
    (dancu.home / "agencies" / "tax.db").write_bytes(os.urandom(40_000))
    dancu.ingest("-", stdin=lines(move(1)))
    with dancu.started("run") as process:
        wait_for(process, lambda: applied(dancu.home, "welfare") == ["move-1-1"])
        wait_for(process, lambda: "agencies/tax.db: the file is not a database" in words_of(dancu.home).read_text())
        assert terminate(process) == 0
    (dancu.home / "agencies" / "tax.db").unlink()
    dancu.run_until_idle()
    assert applied(dancu.home, "tax") == ["move-1-1"]


@pytest.fixture
def read_only_log(dancu: Dancu) -> Iterator[Path]:
    """A log that may be read only, even by root."""
    dancu.ingest("-", stdin=lines(move(1)))
    file = dancu.home / "log.db"
    if os.geteuid():
        file.chmod(0o400)
        yield file
        return
    mounted = subprocess.run(["mount", "--bind", file, file], capture_output=True)
    if mounted.returncode:
        skip_missing(f"a file can't be mounted: {mounted.stderr.decode().strip()}")
    subprocess.run(["mount", "-o", "remount,ro,bind", file], check=True)
    yield file
    subprocess.run(["umount", file], check=True)


def test_a_log_that_may_not_be_written_is_named(dancu: Dancu, read_only_log: Path) -> None:
    answer = dancu("ingest", "-", stdin=lines(move(2)))
    assert answer.code == 1
    assert f"{read_only_log}: the event log can't be written; give this user write access" in answer.err


def test_a_home_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = Dancu(tmp_path / "file" / "home")("status")
    assert answer.code == 1
    assert f"{tmp_path / 'file' / 'home'}: Not a directory" in answer.err
