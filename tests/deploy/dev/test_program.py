"""Server processes die with the tests, and only our own are ever signalled."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.dev.problem import DidNotStart
from deploy.dev.program import Program
from tests.missing import skip_missing

_SLEEP = ["sleep", "600"]


def test_a_process_dies_with_the_one_that_started_it_even_if_that_is_killed(tmp_path: Path) -> None:
    if shutil.which("setpriv") is None:
        skip_missing("setpriv is not installed; on Debian and Ubuntu: apt install util-linux")
    start = f"""
import threading, time, pathlib, deploy.dev.program as program
server = program.Program(pathlib.Path({str(tmp_path)!r}))
thread = threading.Thread(target=server.start, args=({_SLEEP!r},))
thread.start(), thread.join(), print("started", flush=True), time.sleep(600)"""
    with subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"started\n"
        server = Program(tmp_path)
        assert server.running(), "the thread that started it has ended, the process has not"
        starter.kill()
    assert server.wait(30)


def test_a_process_that_shall_outlive_us_does_and_is_found_again(tmp_path: Path) -> None:
    start = f"import pathlib, deploy.dev.program as program; program.Program(pathlib.Path({str(tmp_path)!r}), True)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", f"{start}.start({_SLEEP!r})"], check=True)
    server = Program(tmp_path)
    try:
        assert server.running()
        with pytest.raises(DidNotStart, match="runs already"):
            Program(tmp_path).start(_SLEEP)
    finally:
        server.end(signal.SIGTERM, 30)
    assert server.pid is None


def test_a_process_that_only_has_the_same_id_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(_SLEEP) as other:
        (tmp_path / "lock").touch()
        (tmp_path / "pid").write_text(str(other.pid))
        server = Program(tmp_path)
        server.kill()
        assert not server.running()
        assert other.poll() is None
        other.kill()


def test_a_server_that_ends_while_it_starts_is_told_with_its_last_words(tmp_path: Path) -> None:
    server = Program(tmp_path)
    server.start(["sh", "-c", "echo the port is taken; exit 3"])
    again = server.waiting("Kafka", 30)
    with pytest.raises(DidNotStart, match=r"Kafka ended instead of starting .*\n.*the port is taken"):  # noqa: PT012
        while True:
            again()
