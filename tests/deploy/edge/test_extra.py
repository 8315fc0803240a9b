"""Without the extra `edge` the hub's own commands work, and a counter's commands say what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

#: Runs `dancu` as if these packages were not there.
_WITHOUT = """
import sys
for name in sys.argv.pop(1).split(","):
    sys.modules[name] = None
from deploy.cli import main
main()
"""


def dancu(missing: str, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", _WITHOUT, missing, *words]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "COLUMNS": "200"}
    return subprocess.run(line, input="123456\n", capture_output=True, text=True, env=environment, cwd=Path.cwd())


@pytest.mark.parametrize(
    ("missing", "words", "said"),
    [
        ("smartcard", ("edge", "read", "--trust", "."), "pyscard is not installed"),
        ("asn1crypto", ("edge", "read", "--trust", "."), "asn1crypto is not installed"),
        ("smartcard", ("edge", "doctor"), "pyscard is not installed"),
        ("asn1crypto,joserfc,smartcard,cryptography", ("edge", "qr"), "not the QR code"),
    ],
)
def test_a_missing_package_is_named_with_what_to_do(
    missing: str, words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = dancu(missing, *words, home=tmp_path)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_hubs_own_commands_need_none_of_it(tmp_path: Path) -> None:
    done = dancu("smartcard,asn1crypto,joserfc", "schemas", "list", home=tmp_path)
    assert done.returncode == 0, done.stderr
