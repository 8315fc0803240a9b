"""`dancu agency snapshot`: to a file, to a pipe, and on from where it broke off."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

import deploy
from tests.commands import Dancu
from tests.deploy.sample import lines, move

AGREEMENTS = Path(deploy.__file__).parent / "agreements"
MOVES = [move(number) for number in range(1, 1301)]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Dancu:
    """A hub that has decided about some moves."""
    dancu = Dancu(tmp_path_factory.mktemp("busy") / "home")
    assert dancu("ingest", "-", stdin=lines(*MOVES)).code == 0
    assert dancu("run", "--until-idle").code == 0
    return dancu


def test_a_snapshot_goes_to_a_file_and_tells_where_to_follow_from(busy: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "tax.ndjson"
    answer = busy("agency", "snapshot", "tax", "--to", file, "--by", "lan", "--json")
    assert answer.code == 0, answer.err
    told = answer.json
    assert (told["file"], told["agency"], told["events"], told["complete"]) == (str(file), "tax", len(MOVES), True)
    assert told["types"] == {"ResidenceChanged": len(MOVES)}
    found = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    assert [one["id"] for one in found if one.get("snapshot")] == [one["id"] for one in MOVES]
    assert file.stat().st_mode & 0o777 == 0o640
    behind = busy("feed", "tax", "--after", told["cursor"])
    assert (behind.code, behind.out) == (0, "")
    again = busy("agency", "snapshot", "tax", "--to", file)
    assert again.code == 2
    assert "is there already" in again.err


def piped(dancu: Dancu, agency: str, folder: Path) -> bytes:
    """Return what goes to standard output."""
    file = folder / "piped"
    with file.open("wb") as out:
        assert dancu("agency", "snapshot", agency, out=out).code == 0
    return file.read_bytes()


def test_a_file_that_broke_off_goes_on(busy: Dancu, tmp_path: Path) -> None:
    whole = piped(busy, "tax", tmp_path)
    file, part = tmp_path / "tax.ndjson", tmp_path / "tax.ndjson.part"
    events = [one for one in whole.splitlines() if b'"snapshot":true' in one]
    for cut in (10, len(whole) // 2, len(whole) - 10):
        part.write_bytes(whole[:cut])
        answer = busy("agency", "snapshot", "tax", "--to", file, "--json")
        assert answer.code == 0, answer.err
        assert answer.json["events"] == len(MOVES)
        found = file.read_bytes().splitlines()
        assert [one for one in found if b'"snapshot":true' in one] == events
        assert not part.exists()
        file.unlink()


def test_a_part_of_another_agencys_snapshot_is_not_mixed_in(busy: Dancu, tmp_path: Path) -> None:
    (tmp_path / "x.part").write_bytes(piped(busy, "welfare", tmp_path))
    answer = busy("agency", "snapshot", "tax", "--to", tmp_path / "x")
    assert answer.code == 1
    assert "of a snapshot of 'welfare', not of 'tax'" in answer.err


def test_a_snapshot_of_nobody_names_those_that_there_are(busy: Dancu) -> None:
    answer = busy("agency", "snapshot", "police")
    assert answer.code == 2
    assert "Allowed: bank, insurance, land, tax, welfare" in answer.err


def test_the_story_of_an_event_tells_that_it_was_handed_out_in_a_snapshot(tmp_path: Path) -> None:
    dancu = Dancu(tmp_path / "home")
    folder = dancu.home / "agreements"
    folder.mkdir(parents=True)
    for file in AGREEMENTS.glob("*.yaml"):
        if file.stem != "tax":
            (folder / file.name).write_bytes(file.read_bytes())
    dancu.ingest("-", stdin=lines(move(1)))
    dancu.run_until_idle()
    (folder / "tax.yaml").write_bytes((AGREEMENTS / "tax.yaml").read_bytes())
    assert dancu("agency", "snapshot", "tax", "--to", tmp_path / "tax.ndjson").code == 0
    story = dancu("explain", "move-1-1", "--json").json
    assert story["agencies"]["tax"]["state"] == "delivered"
    told = [step for step in story["steps"] if step.get("agency") == "tax"]
    assert [step["what"] for step in told] == ["in_snapshot"]
    assert told[0]["basis"].startswith("statute: ")
