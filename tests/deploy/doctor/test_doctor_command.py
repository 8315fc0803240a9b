"""`dancu doctor` as its users see it: a table in both languages, JSON, and the exit code."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import typer
from typer.testing import CliRunner

from deploy.cli.doctor import doctor
from deploy.settings import BadSetting, Settings, load_settings

_CHECKS = ["settings", "agreements", "home.log", "home.registers", "home.registers.schema", "home.deliveries",
           "home.deliveries.schema", "edge.key", "clock.synchronised", "disk.writable", "disk.space",
           "disk.inodes"]  # fmt: skip


def _run(settings: Settings | BadSetting, *words: str) -> tuple[int, str]:
    app = typer.Typer()

    @app.callback()
    def _main(context: typer.Context) -> None:
        context.obj = settings

    app.command("doctor")(doctor)
    done = CliRunner().invoke(app, ["doctor", *words])
    return done.exit_code, done.stdout


def test_the_json_lists_every_check_once_in_order(tmp_path: Path) -> None:
    code, out = _run(load_settings(home=tmp_path / "home"), "--json")
    found = orjson.loads(out)
    assert [one["check"] for one in found] == _CHECKS
    assert {frozenset(one) for one in found} == {frozenset({"check", "state", "what", "advice"})}
    assert code == 0


def test_a_problem_ends_with_one_and_says_what_to_do_in_both_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, out = _run(load_settings(home=tmp_path / "home", kafka="x.invalid:9092"), "--timeout", "10")
    assert code == 1
    assert "✗ hỏng / problem" in out
    assert "tên máy / name" in out
    assert "✗ kafka.dns: Xem lại tên trong DANCU_KAFKA" in out
    assert "/ Check the spelling in DANCU_KAFKA" in out
    assert "skipped: needs kafka.dns" in out


def test_settings_that_can_not_be_used_are_shown_as_a_check() -> None:
    code, out = _run(BadSetting("DANCU_BATCH: no number"), "--json")
    assert code == 1
    assert orjson.loads(out)[0]["what"] == "DANCU_BATCH: no number"
