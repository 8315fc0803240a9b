"""`dancu status`, `dancu explain` and `dancu feed` on a real home, as a user calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app
from tests.monitoring.scene import Scene, again, an_event, later, open_scene

DANCU = [sys.executable, "-c", "from deploy.cli import main; main()"]


def dancu(home: Path, *arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, ["--home", str(home), *arguments])


def lines(result: Result) -> list[dict[str, object]]:
    """Return the lines of a command that went well."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def scene(home: Path) -> Iterator[Scene]:
    """A hub in that home."""
    with open_scene(home) as scene:
        yield scene


def test_a_new_home_has_a_status_in_both_forms(home: Path) -> None:
    found = json.loads(dancu(home, "status", "--json").stdout)
    assert list(found) == ["received", "duplicates", "refused", "withheld", "agencies", "held"]
    assert "Không có gì cần chú ý" in dancu(home, "status").stdout


def test_the_status_says_first_what_needs_attention(scene: Scene, home: Path) -> None:
    death = an_event()
    scene.run(death, b"{")
    scene.deliver("land", death["id"])
    for agency in ("tax", "insurance"):
        scene.deliver(agency)
    shown = dancu(home, "status").stdout.splitlines()
    assert shown[0].startswith("land: 1 sự kiện bị giữ / events parked")
    assert death["id"] in shown[1]
    assert shown[2].startswith("welfare: 1 sự kiện chưa giao / events pending")
    assert any("not_json" in line for line in shown)
    found = json.loads(dancu(home, "status", "--json").stdout)
    assert found["agencies"]["land"] == {"delivered": 0, "pending": 0, "parked": 1, "replayed": 0}


def test_explaining_tells_the_same_in_both_forms(scene: Scene, home: Path) -> None:
    death = an_event()
    scene.run(death, death)
    scene.deliver("land", death["id"])
    told = json.loads(dancu(home, "explain", death["id"], "--json").stdout)
    assert told == json.loads(json.dumps(scene.story(death["id"]).as_json()))
    shown = dancu(home, "explain", death["id"]).stdout
    for words in ("Đã nhận / received", "Gửi lại cùng mã", "statute: ", "chưa có sự đồng ý", "trái ràng buộc dữ liệu"):
        assert words in shown
    assert all(step["at"] in shown for step in told["steps"])
    assert death["subject"] not in shown


def test_an_unknown_event_is_an_error_that_says_what_to_do(home: Path) -> None:
    result = dancu(home, "explain", "0199c0de-0000-7000-8000-000000000001")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "dancu ingest" in result.stderr


def test_a_feed_has_the_agencys_events_in_order(scene: Scene, home: Path) -> None:
    first, second = an_event(), an_event()
    scene.run(first, second, later(first, "ANNULLED"))
    found = lines(dancu(home, "feed", "land", "--json"))
    assert [event["id"] for event in found][:2] == [first["id"], second["id"]]
    assert [event["sequence"] for event in found] == [f"{n:020d}" for n in (1, 2, 3)]
    assert found[0]["data"] == {"died_on": "2025-08-04", "certificate_number": "KT-01-2025-001873"}
    assert (found[2]["change"], found[2]["previousid"], found[2]["data"]) == ("ANNULLED", first["id"], {})
    assert str(found[0]["legalbasis"]).startswith("statute: ")


def test_an_empty_feed_prints_nothing(home: Path) -> None:
    result = dancu(home, "feed", "tax")
    assert (result.exit_code, result.output) == (0, "")


def test_every_cursor_leads_to_exactly_the_rest(scene: Scene, home: Path) -> None:
    scene.run(*(an_event() for _ in range(5)))
    every = lines(dancu(home, "feed", "tax"))
    for place, event in enumerate(every, 1):
        rest = lines(dancu(home, "feed", "tax", "--after", json.dumps(event["cursor"])))
        assert rest == every[place:]
    assert lines(dancu(home, "feed", "tax", "--limit", "2")) == every[:2]
    assert lines(dancu(home, "feed", "tax", "--limit", "0")) == []


def test_protection_of_today_holds_for_events_of_yesterday(scene: Scene, home: Path) -> None:
    move = an_event("ResidenceChanged")
    scene.run(move)
    assert "to_address" in str(lines(dancu(home, "feed", "tax"))[0]["data"])
    scene.run(an_event("AddressProtectionChanged", data={"level": "STRICT", "valid_from": "2025-08-05"}))
    assert lines(dancu(home, "feed", "tax"))[0]["data"] == {"kind": "PERMANENT", "moved_on": "2025-08-04"}


def test_an_unknown_agency_is_refused_with_the_allowed_ones(home: Path) -> None:
    result = dancu(home, "feed", "police")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "bank, insurance, land, tax, welfare" in result.stderr


def test_damaged_foreign_and_too_far_cursors_are_refused(scene: Scene, home: Path, tmp_path: Path) -> None:
    scene.run(an_event())
    cursor = str(lines(dancu(home, "feed", "tax"))[0]["cursor"])
    for agency, after, words in (
        ("tax", cursor[:-2], "damaged"),
        ("land", cursor, "of the feed of 'tax'"),
    ):
        result = dancu(home, "feed", agency, "--after", after)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr
    other = dancu(tmp_path / "other", "feed", "tax", "--after", cursor)
    assert (other.exit_code, "another hub" in other.stderr) == (2, True)


def test_a_reader_that_leaves_ends_the_feed_quietly(scene: Scene, home: Path) -> None:
    death = an_event()
    scene.run(*(again(death, subject=an_event()["subject"], factid=f"D-{n}") for n in range(600)))
    arguments = [*DANCU, "--home", str(home), "feed", "tax", "--follow"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        scene.run(an_event())  # something more to write
        assert (process.wait(30), process.stderr.read()) == (0, b"")
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
@pytest.mark.parametrize("command", [["feed", "tax"], ["status"], ["status", "--json"]])
def test_a_full_disk_behind_the_output_gives_one_clear_line(scene: Scene, home: Path, command: list[str]) -> None:
    scene.run(an_event())
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*DANCU, "--home", str(home), *command], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "the disk is full: standard output" in line


def test_following_waits_for_what_comes(scene: Scene, home: Path) -> None:
    arguments = [*DANCU, "--home", str(home), "feed", "tax", "--follow", "--limit", "1"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE)
    try:
        time.sleep(1)
        assert process.poll() is None
        death = an_event()
        scene.run(death)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert json.loads(out)["id"] == death["id"]
    assert process.returncode == 0
