"""An embedded hub: its home, its files, its disk, its agreements; nothing is changed by looking."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from deploy import doctor as doctor_package
from deploy.bootstrap import open_hub
from deploy.doctor import State, Wish, examine
from deploy.settings import BadSetting, load_settings
from hub.database import open_database, sqlite_url
from hub.migrations import DELIVERIES, REGISTERS, upgrade
from hub.registers import tables
from tests.deploy.doctor.looking import Doctor, Report
from tests.missing import skip_missing

_SHIPPED = Path(doctor_package.__file__).parents[1] / "agreements"


@pytest.fixture
def home(doctor: Doctor) -> Path:
    """A home in which a hub of today has been."""
    doctor.home.mkdir()
    for name, history in (("registers.db", REGISTERS), ("deliveries.db", DELIVERIES)):
        engine = open_database(sqlite_url(doctor.home / name))
        upgrade(engine, history)
        engine.dispose()
    with open_hub(load_settings(home=doctor.home)):
        pass
    return doctor.home


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one mebibyte."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        skip_missing("a disk can be made full only as root, who may mount a small one")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=64", "tmpfs", place]).returncode != 0:
        skip_missing("this machine lets nobody mount a small disk (tmpfs)")
    yield place
    subprocess.run(["umount", place], check=True)


def _files(home: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}


def test_a_home_that_is_not_there_yet_is_no_problem_and_is_not_made(doctor: Doctor) -> None:
    found = doctor()
    assert not [one for one in found.findings if one.state is State.PROBLEM]
    assert not doctor.home.exists()


def test_a_home_that_is_well(doctor: Doctor, home: Path) -> None:
    before = _files(home)
    found = doctor()
    assert not [one for one in found.findings if one.state is State.PROBLEM]
    assert found.one("home.log").what == f"{home / 'log.db'}: whole"
    assert "as this program needs it" in found.one("home.deliveries.schema").what
    assert _files(home) == before


def test_a_damaged_file(doctor: Doctor, home: Path) -> None:
    (home / "log.db").write_bytes(b"no database at all" * 1000)
    assert "file is not a database" in doctor().problem("home.log")


def test_a_file_with_a_damaged_page(doctor: Doctor, home: Path) -> None:
    with (home / "registers.db").open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)
    found = doctor()
    assert "registers.db" in found.problem("home.registers")
    assert found.one("home.registers.schema").what == "skipped: needs home.registers"


def test_tables_of_an_old_release(doctor: Doctor) -> None:
    doctor.home.mkdir()
    engine = open_database(sqlite_url(doctor.home / "registers.db"))
    tables.metadata.create_all(engine)
    engine.dispose()
    assert "not migrated" in doctor().problem("home.registers.schema")


def test_a_full_disk(doctor: Doctor, small_disk: Path) -> None:
    _fill(small_disk)
    found = Report(examine(load_settings(home=small_disk), Wish()))
    assert "the disk is full" in found.one("disk.writable").what
    assert found.one("disk.space").state is State.PROBLEM
    assert found.one("disk.inodes").state is State.PROBLEM


def _fill(place: Path) -> None:
    with suppress(OSError), (place / "filling").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_an_agreement_that_can_not_be_used(doctor: Doctor, tmp_path: Path) -> None:
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "tax.yaml").write_text("agency: [")
    assert f"{folder / 'tax.yaml'}:1: not YAML" in doctor(agreements=folder).problem("agreements")


def test_an_agencys_database_that_is_away_is_a_warning(doctor: Doctor, tmp_path: Path) -> None:
    folder = tmp_path / "agreements"
    shutil.copytree(_SHIPPED, folder)
    for agency in ("land", "tax"):
        _elsewhere(folder / f"{agency}.yaml", f"{agency.upper()}_URL")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://land:wort-geheim@127.0.0.1:{bound.getsockname()[1]}/land"
        doctor.monkeypatch.setenv("LAND_URL", url)
        found = doctor(agreements=folder)
    assert "nothing listens" in found.one("agency.land").what
    assert "TAX_URL is not set" in found.one("agency.tax").what
    assert {one.state for one in (found.one("agency.land"), found.one("agency.tax"))} == {State.WARNING}


def _elsewhere(manifest: Path, variable: str) -> None:
    text = manifest.read_text().replace("delivery:\n", f"delivery:\n  url_env: {variable}\n")
    manifest.write_text(text)


def test_settings_that_can_not_be_used_are_a_finding() -> None:
    (found,) = examine(BadSetting("DANCU_BATCH: no number"), Wish())
    assert (found.check, found.state, found.what) == ("settings", State.PROBLEM, "DANCU_BATCH: no number")


def test_a_secret_file_that_is_missing_is_a_finding_and_all_else_is_looked_at(doctor: Doctor, tmp_path: Path) -> None:
    found = doctor(kafka="127.0.0.1:1", kafka_sasl_password_file=tmp_path / "missing")
    assert "DANCU_KAFKA_SASL_PASSWORD_FILE" in found.problem("settings")
    assert found.one("disk.writable").state is State.OK


def test_the_clock_is_looked_at(doctor: Doctor) -> None:
    assert doctor().one("clock.synchronised").state is not State.PROBLEM
