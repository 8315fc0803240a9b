"""The counter's systemd unit: understood by systemd, hardened, and started and watched by what the service tells."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.edge.notify import notify, watchdog_seconds
from tests.missing import skip_missing

UNIT = Path(__file__).parents[3] / "deploy" / "systemd" / "dancu-edge.service"


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        if re.match(r"[A-Za-z]+=", line):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def analyze(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        skip_missing("install systemd")
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, cwd=cwd)


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text("utf-8").replace("/opt/dancu/bin/dancu edge run", "/bin/true"), "utf-8")
    done = analyze("verify", "--man=no", f"./{UNIT.name}", cwd=tmp_path)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_it_is_exposed_to_little() -> None:
    done = analyze("security", "--no-pager", "--offline=true", "--threshold=20", str(UNIT))
    assert done.returncode == 0, done.stdout


def test_it_is_ready_when_it_says_so_restarted_when_it_hangs_and_leaves_no_memory_behind() -> None:
    found = settings()
    assert found["Type"] == ["notify"]
    assert int(found["WatchdogSec"][0]) >= 10
    assert found["Restart"] == ["always"]
    assert found["DynamicUser"] == ["yes"]
    assert (found["LimitCORE"], found["MemorySwapMax"]) == (["0"], ["0"])
    assert found["CapabilityBoundingSet"] == [""]
    assert found["StateDirectoryMode"] == ["0700"]


def test_it_may_ask_for_the_state_of_the_clock() -> None:
    assert settings()["SystemCallFilter"][-1] == "adjtimex clock_adjtime"  # after what takes it away
    assert settings()["ProtectClock"] == ["no"]


def test_without_systemd_nobody_is_told_and_nothing_breaks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for address in ("", "relative", str(tmp_path / "nobody")):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        notify("READY=1")


@pytest.mark.parametrize(
    ("said", "pid", "seconds"),
    [("30000000", "", 30.0), ("0", "", None), ("x", "", None), ("", "", None), ("1", "1", None)],
)
def test_the_watchdog_is_for_the_process_that_it_names(
    monkeypatch: pytest.MonkeyPatch, said: str, pid: str, seconds: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", said)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert watchdog_seconds() == seconds
