"""`dancu edge doctor` finds what is wrong between a counter's reader and its hub, and says what to do."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from adapters.registry.serving import served
from deploy.cli import app
from tests.adapters.card_reader.stack import Stack
from tests.adapters.card_reader.virtual.issuing import OVER, authority, revocation_list
from tests.adapters.card_reader.virtual.variants import write_trust
from tests.commands import PROGRAM, check_words

Found = Mapping[str, tuple[str, str]]


@pytest.fixture
def examine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Found]:
    """Ask the doctor about a counter that is set up well; return state and finding of each check."""
    monkeypatch.setenv("DANCU_EDGE_HOME", str(tmp_path / "edge"))
    monkeypatch.setenv("DANCU_EDGE_ALLOW_VIRTUAL", "1")
    trust = write_trust(tmp_path / "csca")

    def run(**settings: str) -> Found:
        for name, value in {"trust": str(trust), **settings}.items():
            monkeypatch.setenv(f"DANCU_EDGE_{name.upper()}", value)
        done = CliRunner().invoke(app, ["edge", "doctor", "--timeout", "2", "--json"])
        check_words(done.output)
        found: list[dict[str, Any]] = orjson.loads(done.stdout)
        assert all(one["advice"] for one in found if one["state"] in ("problem", "warning")), found
        assert done.exit_code == any(one["state"] == "problem" for one in found), found
        return {one["check"]: (one["state"], one["what"]) for one in found}

    return run


def test_a_counter_that_is_well_has_no_problem(stack: Stack, examine: Callable[..., Found]) -> None:
    found = examine()
    states = {check: state for check, (state, _) in found.items() if check not in ("clock.synchronised", "disk.space")}
    assert states == {
        "cards.library": "ok",
        "cards.service": "ok",
        "cards.readers": "warning",
        "cards.access": "ok",
        "trust.authorities": "ok",
        "trust.lists": "ok",
        "hub": "skipped",
        "outbox": "skipped",
    }
    assert "clock.synchronised" in found


def test_virtual_readers_are_a_problem_unless_they_are_allowed(stack: Stack, examine: Callable[..., Found]) -> None:
    state, what = examine(allow_virtual="0")["cards.readers"]
    assert state == "problem"
    assert "only virtual" in what


def test_a_service_that_is_away_is_found(stack: Stack, examine: Callable[..., Found]) -> None:
    stack.stop()
    try:
        found = examine()
        assert found["cards.service"][0] == "problem"
        assert "cards.readers" not in found
    finally:
        stack.start()


def test_what_is_wrong_with_the_trust_folder_is_named(
    stack: Stack, examine: Callable[..., Found], tmp_path: Path
) -> None:
    folder = tmp_path / "poor"
    assert examine(trust=str(folder))["trust.authorities"][0] == "problem"
    folder.mkdir()
    assert examine(trust=str(folder))["trust.authorities"][0] == "problem"
    known = authority()
    (folder / "known.der").write_bytes(known.der)
    assert examine(trust=str(folder))["trust.lists"][0] == "warning"
    (folder / "old.crl").write_bytes(revocation_list(known, [1], OVER))
    (folder / "notes.pem").write_text("not a certificate")
    found = examine(trust=str(folder))
    assert "out of date" in found["trust.lists"][1]
    assert "notes.pem" in found["trust.files"][1]
    assert found["trust.authorities"][0] == "ok"


def test_no_trust_folder_at_all_is_a_problem(examine: Callable[..., Found]) -> None:
    assert examine(trust="")["trust.authorities"][0] == "problem"


def test_a_bad_setting_is_a_finding(examine: Callable[..., Found]) -> None:
    state, what = examine(port="70000")["edge.settings"]
    assert state == "problem"
    assert "DANCU_EDGE_PORT" in what


def test_a_hub_that_answers_is_told_and_its_clock_is_compared(examine: Callable[..., Found]) -> None:
    with served(FastAPI()) as url:
        found = examine(hub=url)
    assert found["hub"] == ("ok", f"{url} answers")
    assert found["hub.clock"][0] in ("ok", "skipped")


def test_a_hub_that_does_not_answer_is_a_problem(examine: Callable[..., Found]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        state, what = examine(hub=f"http://127.0.0.1:{nobody.getsockname()[1]}")["hub"]
    assert state == "problem"
    assert "no answer" in what


def test_without_polkits_word_or_a_socket_it_says_where_it_looked(stack: Stack, tmp_path: Path) -> None:
    """In the service's own place, as a process: nothing is there once the service has ended."""
    stack.stop()
    try:
        line = [*stack.inside, str(PROGRAM), "edge", "doctor"]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "COLUMNS": "200"}
        done = subprocess.run(line, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60)
    finally:
        stack.start()
    check_words(done.stdout + done.stderr)
    assert done.returncode == 1
    assert "pcscd" in done.stdout
    assert "systemctl" in done.stdout
