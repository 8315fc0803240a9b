"""`dancu run` from the outside: it delivers, it stops when told, and no agency's trouble is another's."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.commands import AGENCIES, Dancu, applied, terminate, wait_for, words_of
from tests.deploy.sample import TAKE_DEATHS, TAKE_MOVES, death, event, lines, move, person


def moves(count: int) -> bytes:
    return lines(*map(move, range(count)))


def ids(count: int) -> list[str]:
    return [f"move-{n}-1" for n in range(count)]


def test_a_run_until_idle_delivers_everything_and_ends_with_0(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(move(1), death(2)))
    dancu.run_until_idle()
    due = {name: ["move-1-1"] * (name in TAKE_MOVES) + ["death-2"] * (name in TAKE_DEATHS) for name in AGENCIES}
    assert {name: applied(dancu.home, name) for name in AGENCIES} == due
    assert dancu.status()["withheld"] == {"bank": 2}


def test_a_run_that_is_told_to_stop_ends_with_0_within_10_s_and_loses_nothing(tmp_path: Path) -> None:
    dancu = Dancu(tmp_path / "home", {"DANCU_BATCH": "50", "DANCU_DELIVERY_BATCH": "10"})
    dancu.ingest("-", stdin=moves(2000))
    with dancu.started("run") as process:
        wait_for(process, lambda: bool(applied(dancu.home, "tax")))
        assert terminate(process) == 0
    assert len(applied(dancu.home, "tax")) < 2000
    Dancu(dancu.home).run_until_idle()
    for agency in TAKE_MOVES:
        assert applied(dancu.home, agency) == ids(2000)


def test_two_agencies_that_hang_delay_no_other_and_not_the_end(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(move(1), death(2)))
    stuck = ("insurance", "welfare")
    (dancu.home / "agencies").mkdir(exist_ok=True)
    with (
        closing(sqlite3.connect(dancu.home / "agencies" / "insurance.db", isolation_level=None)) as insurance,
        closing(sqlite3.connect(dancu.home / "agencies" / "welfare.db", isolation_level=None)) as welfare,
        dancu.started("run") as process,
    ):
        for database in (insurance, welfare):
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("BEGIN IMMEDIATE")
        wait_for(process, lambda: bool(applied(dancu.home, "tax")) and bool(applied(dancu.home, "land")))
        assert terminate(process) == 0
    assert not any(applied(dancu.home, agency) for agency in stuck)
    dancu.run_until_idle()
    for agency in stuck:
        assert applied(dancu.home, agency) == ["move-1-1", "death-2"]


def test_an_agency_whose_database_is_no_file_gets_everything_after_its_repair(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=moves(3))
    folder = dancu.home / "agencies" / "insurance.db"
    folder.mkdir(parents=True)
    with dancu.started("run") as process:
        wait_for(process, lambda: len(applied(dancu.home, "tax")) == 3)
        wait_for(process, lambda: "insurance: không phản hồi / unavailable" in words_of(dancu.home).read_text())
        folder.rmdir()
        wait_for(process, lambda: len(applied(dancu.home, "insurance")) == 3)
        assert terminate(process) == 0
    assert dancu.status()["agencies"]["insurance"] == {"delivered": 3, "pending": 0, "parked": 0, "replayed": 0}


def test_a_second_run_in_the_same_home_names_the_first_and_ends(dancu: Dancu) -> None:
    with dancu.started("run") as process:
        wait_for(process, lambda: "running in" in words_of(dancu.home).read_text())
        answer = dancu("run")
        assert answer.code == 1
        assert f"a hub runs here already (process {process.pid})" in answer.err
        assert process.poll() is None
        process.kill()
        process.wait()
    dancu.run_until_idle()


def test_a_death_overtakes_a_mass_run_that_has_begun_but_not_the_persons_own_events(tmp_path: Path) -> None:
    dancu = Dancu(tmp_path / "home", {"DANCU_DELIVERY_BATCH": "5"})
    dancu.ingest("-", stdin=lines(*(move(n, bulkid="wards-2025") for n in range(6000))))
    with dancu.started("run") as process:
        wait_for(process, lambda: all(applied(dancu.home, agency) for agency in ("tax", "welfare")))
        assert terminate(process) == 0
    assert all(len(applied(dancu.home, agency)) < 3000 for agency in ("tax", "welfare")), "the mass run is under way"
    dancu.ingest("-", stdin=lines(death(9000), death(5999)))
    Dancu(dancu.home).run_until_idle()
    for agency in ("tax", "welfare"):
        order = {event_id: place for place, event_id in enumerate(applied(dancu.home, agency))}
        assert len(order) == 6002
        assert order["death-9000"] < 6000, "the death came before the end of the mass run"
        assert order["move-5999-1"] < order["death-5999"] < 6001


def test_a_new_number_overtakes_no_mass_run_under_the_old_one(dancu: Dancu) -> None:
    renumbered = {"old_number": person(1), "new_number": person(9001), "changed_on": "2025-10-03"}
    merged = {"merged_numbers": [person(2)], "merged_on": "2025-10-03"}
    dancu.ingest("-", stdin=lines(*(move(n, bulkid="wards-2025") for n in (1, 2))))
    dancu.ingest(
        "-",
        stdin=lines(
            event("new-number", "PersonalNumberChanged", 9001, renumbered, bulkid="numbers-2025"),
            event("merger", "PersonsMerged", 9002, merged),
            move(9001, 2),
            move(9002, 2),
        ),
    )
    dancu.run_until_idle()
    for agency in TAKE_MOVES:
        order = applied(dancu.home, agency)
        assert [name for name in order if name in ("move-1-1", "new-number", "move-9001-2")] == [
            "move-1-1",
            "new-number",
            "move-9001-2",
        ]
        assert [name for name in order if name in ("move-2-1", "merger", "move-9002-2")] == [
            "move-2-1",
            "merger",
            "move-9002-2",
        ]
