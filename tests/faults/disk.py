"""A disk of its own for a broker, that somebody fills."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.missing import skip_missing

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Disk:
    """A small disk at a folder."""

    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    @property
    def free(self) -> int:
        """Bytes that are free."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, leave: int = 0) -> int:
        """Fill it but for so many bytes; return how many bytes were written."""
        written = 0
        with suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while (room := self.free - leave) > 0:
                written += ballast.write(bytes(min(room, _PIECE)))
        return written

    def make_room(self) -> None:
        """Take away what filled it."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Put a disk at a new folder, and take it away at the end. Skips the running test where this can't be done."""
    folder.mkdir(parents=True)
    size = f"size={megabytes}m"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        skip_missing(f"a small disk can't be made here: {mounted.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
