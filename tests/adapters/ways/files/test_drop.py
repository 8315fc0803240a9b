"""The file drop: sets of files that are whole, in order, each event once."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import avro.datafile
import avro.io
import orjson
import pytest

from adapters.ways import WAYS, Place
from adapters.ways.files import SetState, file_sets, sets_json
from adapters.ways.files.drop import FileDrop
from hub.cursors import cursor_of
from hub.destination import Receipt, Unavailable
from schemas.catalogue import load_catalogue
from tests.adapters.ways.files.making import (
    ADDRESS,
    PERSON,
    VIEWS,
    avro_records,
    csv_rows,
    drop,
    event,
    ids,
    manifests,
)
from tests.hub.making import agreement

DEATH = event(2, "DeathRegistered", {"died_on": "2025-08-05"})
ANNULLED = event(3, data={}, change="ANNULLED", previous_event_id="event-1", fact_version=2, unmatched=True)


def test_a_plain_avro_reader_gets_the_view_and_the_whole_envelope(tmp_path: Path) -> None:
    assert drop(tmp_path / "out").deliver([event(1), DEATH, ANNULLED]) == Receipt()
    moved, died, annulled = avro_records(tmp_path / "out")
    assert {name: moved[name] for name in ("event_id", "type", "subject", "change", "fact_id", "fact_version")} == {
        "event_id": "event-1",
        "type": "ResidenceChanged",
        "subject": PERSON,
        "change": "CREATED",
        "fact_id": "fact-1",
        "fact_version": 1,
    }
    assert moved["occurred_at"] == datetime(2025, 8, 6, 1, tzinfo=UTC)
    assert moved["registered_at"] == datetime(2025, 8, 6, 2, 0, 0, 123_000, tzinfo=UTC)
    assert (moved["legal_basis"], moved["purpose"]) == ("statute: Law on Tax Administration", "tax-administration")
    assert (moved["sequence"], moved["cursor"]) == (1, cursor_of("tax", 1))
    assert (moved["unmatched"], moved["replayed"], moved["bulk_id"]) == (False, False, None)
    assert moved["to_address"].items() >= ADDRESS.items()
    assert (moved["moved_on"], died["died_on"]) == (date(2025, 8, 4), date(2025, 8, 5))
    assert (annulled["to_address"], annulled["previous_event_id"], annulled["unmatched"]) == (None, "event-1", True)


def test_the_avro_library_of_apache_reads_the_same(tmp_path: Path) -> None:
    drop(tmp_path / "out").deliver([event(1), DEATH])
    with avro.datafile.DataFileReader(
        (tmp_path / "out" / "tax-0000000001.avro").open("rb"), avro.io.DatumReader()
    ) as found:
        assert [(one["event_id"], one["legal_basis"]) for one in found] == [
            ("event-1", "statute: Law on Tax Administration"),
            ("event-2", "statute: Law on Tax Administration"),
        ]


def test_a_file_can_hold_every_type_that_the_agency_takes(tmp_path: Path) -> None:
    sent = [event(n, name, {}, change="ANNULLED") for n, name in enumerate(VIEWS, start=1)]
    drop(tmp_path / "out").deliver(sent)
    assert [one["type"] for one in avro_records(tmp_path / "out")] == list(VIEWS)
    assert [one["type"] for one in csv_rows(tmp_path / "out")] == list(VIEWS)


def test_csv_has_a_header_flat_columns_and_no_formulas(tmp_path: Path) -> None:
    formula = {"to_address": ADDRESS | {"detail": '=HYPERLINK("x")'}, "moved_on": "2025-08-04"}
    quoted = {"to_address": ADDRESS | {"detail": 'a "b",\r\nc'}, "moved_on": "2025-08-04"}
    guarded = {"to_address": ADDRESS | {"detail": "'x"}, "moved_on": "2025-08-04"}
    drop(tmp_path / "out").deliver([event(1, data=formula), event(2, data=quoted), event(3, data=guarded)])
    rows = csv_rows(tmp_path / "out")
    details = [row["to_address.detail"] for row in rows]
    assert details == ['\'=HYPERLINK("x")', 'a "b",\r\nc', "''x"]
    assert rows[0]["subject"] == PERSON
    assert (rows[0]["moved_on"], rows[0]["occurred_at"]) == ("2025-08-04", "2025-08-06T01:00:00.000Z")
    assert (rows[0]["replayed"], rows[0]["previous_event_id"], rows[0]["died_on"]) == ("false", "", "")
    raw = (tmp_path / "out" / "tax-0000000001.csv").read_bytes()
    assert raw.split(b"\r\n")[0].startswith(b"event_id,type,source,subject,")
    assert raw.endswith(b"\r\n")


def test_the_manifest_counts_and_names_the_one_before(tmp_path: Path) -> None:
    one = drop(tmp_path / "out")
    one.deliver([event(1), DEATH])
    one.deliver([event(5), event(4)])
    first, second = manifests(tmp_path / "out")
    assert (first["format"], first["agency"], first["set"], first["previous"]) == ("dancu-files/1", "tax", 1, None)
    assert (first["events"], first["types"]) == (2, {"DeathRegistered": 1, "ResidenceChanged": 1})
    assert [one["name"] for one in first["files"]] == ["tax-0000000001.avro", "tax-0000000001.csv"]
    assert second["first"] == {"sequence": 4, "cursor": cursor_of("tax", 4)}
    assert second["last"] == {"sequence": 5, "cursor": cursor_of("tax", 5)}
    assert PERSON not in orjson.dumps([first, second]).decode()


def test_what_comes_again_is_not_written_again(tmp_path: Path) -> None:
    one = drop(tmp_path / "out", seconds=3600)
    one.deliver([event(1), DEATH])
    one.deliver([event(1), event(4)])
    one.close()
    again = drop(tmp_path / "out")
    again.deliver([DEATH, event(5)])
    again.deliver([event(n) for n in (1, 4, 5)])
    assert ids(tmp_path / "out") == ["event-1", "event-2", "event-4", "event-5"]


def test_what_is_sent_again_on_purpose_comes_in_files_that_say_so(tmp_path: Path) -> None:
    one = drop(tmp_path / "out", seconds=3600, events=3)
    one.deliver([event(1)])
    one.deliver([replace(event(1), replayed=True)])
    one.deliver([replace(event(1), replayed=True)])
    one.deliver([event(2)])
    told = manifests(tmp_path / "out")
    assert [(one["replayed"], one["events"]) for one in told] == [(False, 1), (True, 1), (False, 1)]
    assert [one["files"][0]["name"] for one in told][1] == "tax-0000000002-replayed.avro"
    assert [one["replayed"] for one in avro_records(tmp_path / "out")] == [False, True, False]
    one.deliver([replace(event(1), replayed=True), event(3), event(4)])
    assert ids(tmp_path / "out")[3:] == ["event-1", "event-3", "event-4"]


def test_a_set_is_closed_by_count(tmp_path: Path) -> None:
    one = drop(tmp_path / "out", seconds=3600, events=4)
    one.deliver([event(n) for n in range(1, 4)])
    assert manifests(tmp_path / "out") == []
    one.deliver([event(n) for n in range(4, 11)])
    assert [told["events"] for told in manifests(tmp_path / "out")] == [4, 4, 2]


def test_a_set_is_closed_in_time_without_another_event(tmp_path: Path) -> None:
    one = drop(tmp_path / "out", seconds=0.2)
    one.deliver([event(1)])
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out").glob("*.manifest.json")):
        assert time.monotonic() < deadline, "nobody closes the set"
        time.sleep(0.02)
    one.close()
    assert ids(tmp_path / "out") == ["event-1"]


def test_what_waited_when_the_process_ended_goes_out_after_the_next_start(tmp_path: Path) -> None:
    ended = drop(tmp_path / "out", seconds=3600)
    ended.deliver([event(1)])
    ended.close()
    drop(tmp_path / "out").deliver(())
    assert ids(tmp_path / "out") == ["event-1"]


def test_only_the_hub_and_the_agencys_group_may_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        drop(tmp_path / "out").deliver([event(1)])
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()}
    assert modes.pop(".dancu") == 0o700
    assert set(modes.values()) == {0o640}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o750
    assert stat.S_IMODE((tmp_path / "out" / ".dancu" / "journal.db").stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_an_outage_and_not_made(tmp_path: Path) -> None:
    one = drop(tmp_path / "share", own=False)
    with pytest.raises(Unavailable, match="the folder is not there"):
        one.deliver([event(1)])
    (tmp_path / "share").mkdir()
    one.deliver([event(1)])
    assert ids(tmp_path / "share") == ["event-1"]


def test_a_folder_that_went_away_and_came_back_empty_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    one = drop(folder, own=False)
    one.deliver([event(1)])
    folder.rename(tmp_path / "gone")
    with pytest.raises(Unavailable):
        one.deliver([event(2)])
    folder.mkdir()
    one.deliver([event(2)])
    assert ids(folder) == ["event-2"]


def test_a_damaged_journal_is_an_outage_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "out" / ".dancu").mkdir(parents=True)
    (tmp_path / "out" / ".dancu" / "journal.db").write_bytes(b"no database" * 100)
    with pytest.raises(Unavailable, match="is damaged"):
        drop(tmp_path / "out").deliver([event(1)])


def test_receipts_say_how_each_set_stands(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    one = drop(folder)
    for number in range(1, 7):
        one.deliver([event(number)])
    hashes = [told["previous"]["sha256"] for told in manifests(folder)[1:]]

    def answer(number: int, **content: object) -> None:
        (folder / f"tax-{number:010d}.receipt.json").write_bytes(orjson.dumps(content))

    answer(1, sha256=hashes[0], status="ok")
    answer(2, sha256=hashes[1], status="rejected", reason="no column", events=[{"event_id": "event-2"}])
    answer(3, sha256=hashes[0], status="ok")
    answer(4, sha256=hashes[3])
    (folder / "tax-0000000005.receipt.json").write_bytes(b"{")
    found = list(file_sets(folder))
    assert [one.state for one in found] == [
        SetState.ACKNOWLEDGED,
        SetState.REJECTED,
        SetState.UNCLEAR,
        SetState.UNCLEAR,
        SetState.UNCLEAR,
        SetState.WRITTEN,
    ]
    assert (found[1].reason, found[1].refused) == ("no column", ("event-2",))
    assert "another manifest" in str(found[2].reason)
    later = found[5].written_at + 86_400_001
    assert [one.overdue(later, 86_400) for one in found] == [False] * 5 + [True]
    assert not found[5].overdue(later - 1000, 86_400)


def test_an_agreement_names_the_folder_and_the_formats(tmp_path: Path) -> None:
    shares = {"way": "files", "folder": str(tmp_path / "share"), "format": "csv", "events": 2, "seconds": 3600}
    place = Place(tmp_path / "home", load_catalogue(), {})
    (tmp_path / "share").mkdir()
    assert WAYS["files"].open is not None
    one = WAYS["files"].open(agreement("tax", delivery=shares), place)
    assert isinstance(one, FileDrop)
    one.deliver([event(1), event(2)])
    assert sorted(path.suffix for path in (tmp_path / "share").glob("tax-*")) == [".csv", ".json"]
    of_the_home = WAYS["files"].open(agreement("tax", delivery={"way": "files", "seconds": 0}), place)
    of_the_home.deliver([event(1)])
    assert ids(tmp_path / "home" / "tax.files") == ["event-1"]


def test_operators_see_which_sets_ask_for_somebody(tmp_path: Path) -> None:
    delivery = {"way": "files", "folder": str(tmp_path), "receipt_within": 60}
    tax, place = agreement("tax", delivery=delivery), Place(tmp_path / "home", load_catalogue(), {})
    drop(tmp_path).deliver([event(1)])
    now = next(file_sets(tmp_path)).written_at
    assert sets_json(tax, place, now + 1000) == {
        "folder": str(tmp_path),
        "written": 1,
        "acknowledged": 0,
        "rejected": 0,
        "unclear": 0,
        "overdue": 0,
        "asking": [],
    }
    late = sets_json(tax, place, now + 61_000)
    assert (late["overdue"], late["asking"]) == (1, [{"set": "tax-0000000001", "state": "no receipt in time"}])
    (tmp_path / "tax-0000000002.manifest.json").write_bytes(b"{")
    assert sets_json(tax, place, now)["problem"] == "can't be read: JSONDecodeError"
