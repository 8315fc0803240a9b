"""Kafka's jars are fetched once per machine, and whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.dev.jars import jars, java
from deploy.dev.problem import Missing
from tests.kafka import need_kafka
from tests.missing import skip_missing

_ASK = [sys.executable, "-c", "from deploy.dev.jars import jars; print(jars())"]


def maven(folder: Path, script: str) -> dict[str, str]:
    """Return an environment with a new cache whose `mvn` is this script."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "mvn"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"XDG_CACHE_HOME": str(folder / "cache"), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


def test_processes_that_ask_at_the_same_time_get_one_whole_copy(tmp_path: Path) -> None:
    need_kafka()
    real = shutil.which("mvn")
    if real is None:
        skip_missing("Maven is not installed; on Debian and Ubuntu: apt install maven")
    env = os.environ | maven(tmp_path, f'echo once >> {tmp_path}/fetched; exec {real} "$@"')
    asking = [subprocess.Popen(_ASK, env=env, stdout=subprocess.PIPE) for _ in range(2)]
    answers = {process.communicate()[0].decode().strip() for process in asking}
    assert len(answers) == 1
    (folder,) = map(Path, answers)
    assert {jar.name for jar in folder.iterdir()} == {jar.name for jar in jars().iterdir()}
    assert (tmp_path / "fetched").read_text() == "once\n"
    assert [path for path in folder.parent.iterdir() if path.is_dir()] == [folder]


def test_a_fetch_that_fails_half_way_leaves_nothing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = 'mkdir -p "${word#*=}"; touch "${word#*=}/kafka_x.jar"'
    half = f"for word; do case $word in -DoutputDirectory=*) {half};; esac; done"
    env = maven(tmp_path, f"{half}; echo '[ERROR] no route to host'; exit 1")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Missing, match=r"look at the network.*Maven said: no route to host"):
        jars()
    assert [path for path in (tmp_path / "cache" / "dancu").iterdir() if path.is_dir()] == []


def test_missing_programs_are_named_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Missing, match=r"`java` is not installed.*apt install openjdk"):
        java()
    with pytest.raises(Missing, match=r"`mvn` is not installed.*apt install maven"):
        jars()
