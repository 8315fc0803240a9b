"""The rivals' own Python environment, kept in the user's cache: never in the work tree, never the project's."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

_REQUIREMENTS = Path(__file__).parent / "rivals" / "requirements.txt"


class NoEnvironment(Exception):
    """The rivals can't be installed here. Says why."""


def rivals_python() -> Path:
    """Return the interpreter that has the rivals; the first time, install them. Raises `NoEnvironment`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dancu" / "bench"
    mark = hashlib.sha256(_REQUIREMENTS.read_bytes() + platform.python_version().encode()).hexdigest()[:12]
    folder = cache / mark
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    try:
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(_REQUIREMENTS))
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        last = said.strip().splitlines()[-1] if said.strip() else "no reason given"
        raise NoEnvironment(f"the rivals can't be installed into {folder}: {last}") from error
    (folder / "complete").touch()
    return python


def pins() -> list[str]:
    """Return what the rivals run on, as it is pinned."""
    return [line for line in _REQUIREMENTS.read_text().splitlines() if "==" in line]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
