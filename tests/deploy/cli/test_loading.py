"""What a command loads: itself, and nothing that only others need."""

from __future__ import annotations

import subprocess
import sys

_LOOK = """
import sys
from deploy.cli import app
try:
    app(["status", "--help"])
except SystemExit:
    print(*sys.modules, sep="\\n")
"""


def test_a_command_loads_no_other_and_no_tool_that_only_changes_tables() -> None:
    done = subprocess.run([sys.executable, "-c", _LOOK], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines())
    assert "deploy.cli.status" in loaded
    assert not loaded & {
        "deploy.cli.demo",
        "deploy.cli.doctor",
        "deploy.cli.replay",
        "alembic",
        "faust",
        "prometheus_client",
        "smartcard",
    }
