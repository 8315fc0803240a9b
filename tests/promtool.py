"""Finds promtool, as `.ci/promtool` puts it there, and asks it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.missing import skip_missing


def promtool() -> Path:
    """Return where promtool is. Skips the test where it is not (fails it in CI)."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dancu" / "lint"
    lint = Path(os.environ.get("DANCU_LINT_CACHE") or cache) / "prometheus" / "usr" / "bin" / "promtool"
    found = shutil.which("promtool") or (str(lint) if lint.is_file() else None)
    if found is None:
        skip_missing("promtool: sh .ci/promtool")
    return Path(found)


def check_metrics(text: bytes) -> str:
    """Return what promtool has against an exposition; nothing when it is clean."""
    done = subprocess.run([promtool(), "check", "metrics"], input=text, capture_output=True)
    said = (done.stdout + done.stderr).decode().strip()
    return said or ("" if done.returncode == 0 else f"exit code {done.returncode}")
