"""`dancu ingest` from the outside: what is taken, and that nothing is taken twice."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import adapters.sources
from hub.topics import RECEIVED
from tests.commands import Dancu, log_of, received_ids, wait_for
from tests.deploy.sample import lines, move

EXAMPLES = Path(adapters.sources.__file__).parent / "examples"
MANY = 20_000


def counts(accepted: int = 0, refused: int = 0, duplicates: int = 0) -> dict[str, int]:
    return {"accepted": accepted, "refused": refused, "duplicates": duplicates}


def test_a_file_that_was_killed_halfway_goes_on_and_counts_as_if_nothing_had_been(dancu: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "moves.ndjson"
    file.write_bytes(lines(*(move(n) for n in range(MANY))) + b"no event\n")
    dancu.home.mkdir()
    with log_of(dancu.home) as log, dancu.started("ingest", file) as process:
        wait_for(process, lambda: log.extent(RECEIVED, "")[1] > 0)
        process.kill()
        assert process.wait() == -9
        assert 0 < log.extent(RECEIVED, "")[1] < MANY
    assert dancu.ingest(file) == counts(accepted=MANY, refused=1)
    assert received_ids(dancu.home) == [f"move-{n}-1" for n in range(MANY)]


def test_the_same_file_again_is_all_duplicates(dancu: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "moves.ndjson"
    file.write_bytes(lines(*map(move, range(5))))
    assert dancu.ingest(file) == counts(accepted=5)
    assert dancu.ingest(file) == counts(duplicates=5)
    dancu.run_until_idle()
    assert dancu.status()["duplicates"] == {"event_id": 5, "fact": 0, "vital": 0}


def test_a_file_that_has_grown_goes_on_behind_what_was_taken(dancu: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "moves.ndjson"
    file.write_bytes(lines(*map(move, range(3))))
    assert dancu.ingest(file) == counts(accepted=3)
    with file.open("ab") as more:
        more.write(lines(move(3), move(4)) + b"no event\n")
    answer = dancu("ingest", file, "--json")
    assert answer.json == counts(accepted=5, refused=1)
    assert f"{file}:6:" in answer.err
    assert received_ids(dancu.home) == [f"move-{n}-1" for n in range(5)]


def test_a_line_that_was_only_half_there_is_taken_when_it_is_whole(dancu: Dancu, tmp_path: Path) -> None:
    file, whole = tmp_path / "moves.ndjson", lines(*map(move, range(3)))
    file.write_bytes(whole[:-100])
    assert dancu.ingest(file) == counts(accepted=2, refused=1)
    file.write_bytes(whole[:-1])
    assert dancu.ingest(file) == counts(accepted=1, duplicates=2)
    file.write_bytes(whole + lines(move(3)) + b"no event\n")
    answer = dancu("ingest", file, "--json")
    assert answer.json == counts(accepted=2, refused=1, duplicates=2)
    assert f"{file}:5:" in answer.err
    assert received_ids(dancu.home)[-1] == "move-3-1"


def test_another_content_under_the_same_name_is_another_file(dancu: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "moves.ndjson"
    file.write_bytes(lines(*map(move, range(3))))
    dancu.ingest(file)
    file.write_bytes(lines(*map(move, range(2, 9))))
    assert dancu.ingest(file) == counts(accepted=6, duplicates=1)


def test_several_files_and_standard_input_are_taken_and_one_that_is_missing_stops_no_other(
    dancu: Dancu, tmp_path: Path
) -> None:
    first, gone, last = (tmp_path / name for name in ("first.ndjson", "gone.ndjson", "last.ndjson"))
    first.write_bytes(lines(move(0)))
    last.write_bytes(lines(move(1)))
    answer = dancu("ingest", first, gone, last, "-", "--json", stdin=lines(move(2), move(0)))
    assert (answer.code, answer.json) == (1, counts(accepted=3, duplicates=1))
    assert f"{gone}: No such file" in answer.err
    assert received_ids(dancu.home) == ["move-0-1", "move-1-1", "move-2-1", "move-0-1"]


def test_a_named_pipe_is_read_to_its_end(dancu: Dancu, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(lines(*map(move, range(3000))),), daemon=True)
    writer.start()
    assert dancu.ingest(pipe) == counts(accepted=3000)


def test_a_registers_export_is_known_by_its_first_line_or_by_its_name(dancu: Dancu) -> None:
    detected = dancu.ingest(*(EXAMPLES / f"{name}.csv" for name in ("civil_status", "residence", "identity")))
    assert list(detected) == ["accepted", "refused", "duplicates"]
    assert detected == counts(accepted=dancu.status()["received"])
    assert detected["accepted"] > 60
    named = dancu.ingest(EXAMPLES / "identity.csv", "--source", "identity")
    assert named == counts(duplicates=named["duplicates"])
    assert named["duplicates"] > 20


def test_an_export_named_as_another_registers_is_refused_as_a_whole(dancu: Dancu) -> None:
    answer = dancu("ingest", EXAMPLES / "identity.csv", "--source", "residence", "--json")
    assert (answer.code, answer.json) == (1, counts())
    assert "identity.csv: dòng 1 / line 1: thiếu cột / missing: 'Loại cư trú'" in answer.err


def test_an_unknown_source_is_named_with_those_that_there_are(dancu: Dancu) -> None:
    answer = dancu("ingest", EXAMPLES / "identity.csv", "--source", "police")
    assert answer.code == 1
    assert "police: no such source. Allowed: cloudevents, civil_status, residence, identity" in answer.err
