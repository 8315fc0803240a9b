"""`dancu db`: says which version the tables have, upgrades them, and refuses in words that help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner

from deploy.cli.db import app
from deploy.home import Home
from deploy.settings import Settings
from hub.database import open_database, sqlite_url
from hub.migrations import DELIVERIES, REGISTERS, require_current
from tests.hub.migrations.released import make_released

HEADS = {"registers": REGISTERS.head, "deliveries": DELIVERIES.head}


def _db(settings: Settings, *words: str) -> tuple[int, str, str]:
    """Run `dancu db` with settings; return exit code, standard output and what was said beside it."""
    dancu = typer.Typer()
    dancu.add_typer(app, name="db")

    @dancu.callback()
    def _main(context: typer.Context) -> None:
        context.obj = settings

    done = CliRunner().invoke(dancu, ["db", *words], env={"COLUMNS": "300"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.stdout, done.stderr


def _released(home: Home) -> None:
    home.prepare()
    for path, which in ((home.registers, REGISTERS), (home.deliveries, DELIVERIES)):
        engine = open_database(sqlite_url(path))
        make_released(engine, which)
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A home with nothing in it, or an empty database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    return Settings(home=tmp_path / "home", database=url)


def _standing(answer: list[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    return {one["tables"]: (one["standing"], one["revision"]) for one in answer}


def test_from_nothing_to_current(settings: Settings) -> None:
    code, out, _ = _db(settings, "status", "--json")
    assert code == 1
    assert _standing(orjson.loads(out)) == {"registers": ("empty", None), "deliveries": ("empty", None)}
    assert not settings.home.exists()
    code, out, said = _db(settings, "upgrade", "--json")
    assert code == 0
    answer = orjson.loads(out)
    assert {(step["history"], step["revision"]) for step in answer["done"]} >= {("registers", "0001")}
    assert _standing(answer["now"]) == {name: ("current", head) for name, head in HEADS.items()}
    assert "đang làm / doing: registers 0001: " in said
    assert _db(settings, "status")[0] == 0
    code, out, _ = _db(settings, "upgrade", "--json")
    assert (code, orjson.loads(out)["done"]) == (0, [])


def test_a_home_of_the_first_release_is_upgraded_with_its_rows(tmp_path: Path) -> None:
    home, settings = Home(tmp_path / "home"), Settings(home=tmp_path / "home")
    _released(home)
    code, out, _ = _db(settings, "status")
    assert code == 1
    assert "release 0.1.0" in out
    assert "keep a copy" in out
    assert _db(settings, "upgrade")[0] == 0
    engine = open_database(sqlite_url(home.registers))
    require_current(engine, REGISTERS)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT position FROM progress")) == 41
    engine.dispose()


def test_a_home_that_is_in_use_is_not_upgraded(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    with home.claimed():
        code, _, said = _db(Settings(home=home.folder), "upgrade")
    assert code == 1
    assert "Stop it first" in said


def test_tables_of_a_newer_program_are_told(settings: Settings) -> None:
    _db(settings, "upgrade")
    url = settings.database or sqlite_url(Home(settings.home).registers)
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE registers_version SET version_num = '9999'"))
    engine.dispose()
    assert _standing(orjson.loads(_db(settings, "status", "--json")[1]))["registers"] == ("newer", "9999")
    code, _, said = _db(settings, "upgrade")
    assert code == 1
    assert "9999" in said
    assert "Install that one" in said


def test_a_database_that_cannot_be_reached_is_told_by_name_without_its_password(postgres_url: str) -> None:
    url = sa.make_url(postgres_url).set(password="not-it")
    shown = url.render_as_string(hide_password=False)
    for command in ("status", "upgrade"):
        code, out, said = _db(Settings(database=shown), command)
        assert code == 1
        assert f"PostgreSQL {url.database} on 127.0.0.1:{url.port}: the database refuses our account" in said
        assert "not-it" not in out + said


def test_a_damaged_file_is_told_by_name(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    home.registers.write_bytes(b"no database" * 1000)
    code, _, said = _db(Settings(home=home.folder), "status")
    assert code == 1
    assert f"{home.registers}: the file is no database" in said
