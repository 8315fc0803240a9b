"""Bad input: refused with the line and the reason, kept whole, and everything else goes on."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
import unicodedata
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

import adapters.sources
from hub.topics import REFUSED
from tests.commands import Answer, Dancu, applied, received_ids, topic, words_of
from tests.deploy.sample import HOME, TAKE_MOVES, death, line, lines, move, person

EXAMPLES = Path(adapters.sources.__file__).parent / "examples"

MEGABYTE = 1 << 20


class Bad(NamedTuple):
    """A line that is no acceptable event, and what must be said about it."""

    raw: bytes
    reason: str
    said: str


def _with(event: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {**event, "data": {**event["data"], **data}}


def _without(event: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != name}


_FOLLOWS: dict[str, Any] = {"previousid": "move-1-1", "factid": "fact-move-1-1", "factversion": 2}
_HANOI = {"code_system": "VN34", "province_code": "01", "detail": "Hà Nội"}

BAD = {
    "truncated": Bad(line(move(100))[:-5], "not_json", "unexpected end of data"),
    "not_json": Bad(b"Lan has moved", "not_json", "not JSON at character 1"),
    "a_list": Bad(b"[1, 2]", "not_an_object", "an event is a JSON object"),
    "a_number": Bad(person(7).encode(), "not_json", "not JSON"),
    "wrong_type": Bad(line(move(101, factversion="one")), "schema", "factversion: must be integer"),
    "wrong_type_in_data": Bad(line(_with(move(102), kind=5)), "schema", "data.kind: must be"),
    "an_address_as_text": Bad(line(_with(move(103), to_address="Hà Nội")), "schema", "data.to_address: must be"),
    "missing_field": Bad(line({**move(104), "data": {"kind": "PERMANENT"}}), "schema", "data.to_address: is missing"),
    "no_data": Bad(line(_without(move(105), "data")), "schema", "data"),
    "unknown_type": Bad(line(move(106, type="PersonVanished")), "unknown_type", "type: is no event type of the hub"),
    "unknown_field": Bad(line(_with(move(107), phone="09")), "unknown_field", "data.phone: no such field"),
    "unknown_attribute": Bad(line(move(108, priority=1)), "unknown_field", "priority: no such field"),
    "a_person_as_field": Bad(line(_with(move(109), **{person(8): 1})), "unknown_field", "no such field"),
    "a_person_as_type": Bad(line(move(110, type=person(8))), "unknown_type", "type: is no event type"),
    "unknown_province_in_number": Bad(
        line(move(111, subject="003090000111")), "impossible_number", "subject: the first three digits"
    ),
    "short_number": Bad(line(move(112, subject="00109000011")), "schema", "subject: "),
    "other_sex": Bad(line(_with(death(113), sex="FEMALE")), "impossible_number", "data.sex: differs from the sex"),
    "other_birth_year": Bad(
        line(_with(death(114), born_on="1991-01-01")), "impossible_number", "data.born_on: differs from the birth year"
    ),
    "future_date": Bad(line(_with(move(115), moved_on="2999-01-01")), "future_date", "data.moved_on: is in the future"),
    "future_time": Bad(
        line(move(116, registeredat="2999-01-01T00:00:00Z")), "future_date", "registeredat: is in the future"
    ),
    "no_date": Bad(line(_with(move(117), moved_on="2025-02-30")), "schema", "data.moved_on: "),
    "death_before_birth": Bad(
        line(_with(death(118), died_on="1989-12-31")), "death_before_birth", "data.died_on: is before"
    ),
    "forbidden_change": Bad(
        line(death(119, change="CEASED", previousid="death-1", factversion=2)),
        "forbidden_change",
        "DeathRegistered can't be CEASED; allowed: ANNULLED, CORRECTED, CREATED",
    ),
    "no_previous": Bad(line(move(120, change="CORRECTED", factversion=2)), "missing_previous", "previousid: "),
    "annulment_with_data": Bad(
        line(move(1, change="ANNULLED", **_FOLLOWS) | {"id": "x"}), "schema", "an annulment carries no payload"
    ),
    "latin_1": Bad(
        line(_with(move(121), to_address=_HANOI)).replace("à".encode(), b"\xe0"), "encoding", "not UTF-8 from byte"
    ),
    "utf_16": Bad("{'id': 'á'}".encode("utf-16"), "nul_byte", "a NUL byte at byte"),
    "nul_byte": Bad(line(move(122)).replace(b"PERMANENT", b"PERM\0ANENT"), "nul_byte", "a NUL byte at byte"),
    "nul_escape": Bad(line(_with(move(123), household_id="a\0b")), "nul_byte", "a text holds the NUL character"),
}
#: Only so many complaints of a file are shown.
_HALF = 15


class Taken(NamedTuple):
    """Files with good and bad lines that were taken in and delivered."""

    dancu: Dancu
    files: list[Path]
    answer: Answer


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """Bad lines, each before a good one. The log tells all it can, and must tell of no person."""
    folder = tmp_path_factory.mktemp("bad")
    dancu = Dancu(folder / "home", {"DANCU_LOG_LEVEL": "DEBUG"})
    files = [folder / "first.ndjson", folder / "second.ndjson"]
    mixed = [bad.raw + b"\n" + line(move(n)) + b"\n" for n, bad in enumerate(BAD.values())]
    files[0].write_bytes(b"".join(mixed[:_HALF]))
    files[1].write_bytes(b"".join(mixed[_HALF:]))
    answer = dancu("ingest", *files, "--json")
    dancu.run_until_idle()
    return Taken(dancu, files, answer)


@pytest.mark.parametrize(("number", "name"), list(enumerate(BAD)))
def test_a_bad_line_is_refused_with_its_place_and_the_reason(taken: Taken, number: int, name: str) -> None:
    bad, (file, place) = BAD[name], (taken.files[number >= _HALF], 1 + 2 * (number % _HALF))
    said = [told for told in taken.answer.err.splitlines() if told.startswith(f"{file}:{place}:")]
    assert len(said) == 1
    assert f"refused: {bad.reason}: " in said[0]
    assert bad.said in said[0]


@pytest.mark.parametrize(("number", "name"), list(enumerate(BAD)))
def test_a_refused_line_is_kept_whole_byte_for_byte(taken: Taken, number: int, name: str) -> None:
    assert topic(taken.dancu.home, REFUSED)[number].value == BAD[name].raw


def test_everything_else_is_delivered_and_the_refusals_are_counted(taken: Taken) -> None:
    assert (taken.answer.code, taken.answer.json) == (
        0,
        {"accepted": len(BAD), "refused": len(BAD), "duplicates": 0},
    )
    for agency in TAKE_MOVES:
        assert applied(taken.dancu.home, agency) == [f"move-{n}-1" for n in range(len(BAD))]
    status = taken.dancu.status()
    assert status["received"] == len(BAD)
    assert status["refused"] == dict(sorted(Counter(bad.reason for bad in BAD.values()).items()))


def test_only_the_first_complaints_are_shown(dancu: Dancu) -> None:
    answer = dancu("ingest", "-", stdin=b"no event\n" * 50)
    assert answer.code == 0
    assert answer.err.count("not_json") == 20
    assert "stdin:20: từ chối / refused" in answer.err
    assert "and more" in answer.err


def test_names_in_decomposed_letters_are_taken_and_composed(dancu: Dancu) -> None:
    detail = "Đường Nguyễn Thị Minh Khai, phường Bến Thành"
    address = {**HOME, "detail": unicodedata.normalize("NFD", detail)}
    as_text, as_escapes = move(1), move(2)
    for event in (as_text, as_escapes):
        event["data"]["to_address"] = address
    counts = dancu.ingest("-", stdin=line(as_text) + b"\n" + json.dumps(as_escapes).encode())
    assert counts == {"accepted": 2, "refused": 0, "duplicates": 0}
    dancu.run_until_idle()
    with closing(sqlite3.connect(dancu.home / "agencies" / "tax.db")) as database:
        bodies = [json.loads(body) for (body,) in database.execute("SELECT body FROM applied_events")]
    assert [body["to_address"]["detail"] for body in bodies] == [detail, detail]


def test_a_line_of_50_megabytes_is_kept_whole_in_bounded_memory(dancu: Dancu, tmp_path: Path) -> None:
    file, long = tmp_path / "long.ndjson", line(move(2))[:-2] + b"7" * (50 * MEGABYTE) + b"}}"
    file.write_bytes(line(move(1)) + b"\n" + long + b"\n" + line(move(3)) + b"\n")
    with dancu.started("ingest", file) as process:
        assert MEGABYTE < peak_memory(process) < 200 * MEGABYTE
        assert process.returncode == 0
    assert received_ids(dancu.home) == ["move-1-1", "move-3-1"]
    refused = topic(dancu.home, REFUSED)[0]
    assert refused.headers["dancu_reason"] == "too_long"
    assert (dancu.home / "refused" / refused.value.decode()).read_bytes() == long + b"\n"
    assert "long.ndjson:2: từ chối / refused: too_long" in words_of(dancu.home).read_text()


def peak_memory(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process to end; return the most memory that it was seen to have resident, in bytes.

    The system's own account (`ru_maxrss`) begins with that of the process which started it: these tests.
    """
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        with suppress(psutil.Error):  # it may just have ended
            peak = max(peak, watched.memory_info().rss)
        time.sleep(0.002)
    return peak


def test_an_empty_file_holds_no_events(dancu: Dancu, tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("blank", b"\n\n  \n"), ("mark", b"\xef\xbb\xbf")):
        (tmp_path / name).write_bytes(content)
    answer = dancu("ingest", *(tmp_path / name for name in ("empty", "blank", "mark")), "--json")
    assert (answer.code, answer.json) == (0, {"accepted": 0, "refused": 0, "duplicates": 0})
    assert answer.err.count("the file holds no events") == 3


def test_what_is_no_file_is_named_and_the_rest_is_taken(dancu: Dancu, tmp_path: Path) -> None:
    said = {
        tmp_path: "is a folder. Name its files",
        tmp_path / "gone.ndjson": "No such file",
        Path("/dev/full"): "is a device, not a file",
        Path("/dev/zero"): "is a device, not a file",
    }
    answer = dancu("ingest", *said, "-", "--json", stdin=lines(move(1)))
    assert (answer.code, answer.json["accepted"]) == (1, 1)
    for path, words in said.items():
        assert f"{path}: {words}" in answer.err


def test_a_bad_row_of_an_export_is_refused_with_line_and_column(dancu: Dancu, tmp_path: Path) -> None:
    rows = (EXAMPLES / "identity.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    rows[2] = rows[2].replace("05/04/2024", "31/02/2024")
    file = tmp_path / "identity.csv"
    file.write_text("".join(rows), encoding="utf-8")
    answer = dancu("ingest", file, "--json")
    assert (answer.code, answer.json["refused"]) == (0, 1)
    assert f"{file}:3: từ chối / refused: row: Ngày sự kiện: " in answer.err
    assert topic(dancu.home, REFUSED)[0].value.decode() == rows[2].rstrip("\n")
