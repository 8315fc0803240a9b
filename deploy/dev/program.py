"""One server process with a folder for its id, its lock and its log; it dies with us unless it shall outlive us."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.dev.problem import DidNotStart

#: Starts what dies with us. Linux kills such a process when the *thread* that started it ends, so this one stays.
_keeper = ThreadPoolExecutor(1, "servers")
#: We may have been killed before the process asked to die with us.
_IF_WE_LIVE = '[ "$PPID" = "$0" ] && exec "$@"'
_MOMENT = 0.02
#: Seconds that the machine's first process has to take note of a death.
_GRAVE = 10.0
_LAST_LINES = 15


@dataclass(slots=True)
class Program:
    """A process that can be found again by its folder, also from another process and after we have ended.

    It holds an exclusive lock on the file `lock` as long as it lives. A process id alone could be another's by now.
    """

    folder: Path
    #: It goes on when we end. Otherwise it is killed then, whatever ends us (on Linux).
    outlives: bool = False
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """The file with what it says."""
        return self.folder / "log"

    @property
    def pid(self) -> int | None:
        """The id of the running process, or None."""
        if not self.running():
            return None
        try:
            return int((self.folder / "pid").read_text())
        except (FileNotFoundError, ValueError):  # it is being started
            return None

    def running(self) -> bool:
        """Whether the process lives."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        try:
            with (self.folder / "lock").open("rb") as lock:
                return not _lock(lock.fileno(), fcntl.LOCK_SH)
        except FileNotFoundError:
            return False

    def start(self, command: Sequence[str], account: Mapping[str, Any] | None = None) -> None:
        """Start it, as another account if one is given. Raises `DidNotStart` if it runs already; OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("wb") as lock, self.log.open("ab") as log:
            if not _lock_soon(lock.fileno()):
                raise DidNotStart(f"{self.folder}: it runs already. Stop it first.")
            self._await_burial()
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": self.folder}
            options |= {"pass_fds": (lock.fileno(),), "start_new_session": self.outlives, **(account or {})}
            self._child = self._popen(list(command), options)
            (self.folder / "pid").write_text(str(self._child.pid))

    def _await_burial(self) -> None:
        """Wait while the one before is dead and still has its id: PostgreSQL would believe that it lives."""
        deadline = time.monotonic() + _GRAVE
        with suppress(OSError, ValueError, IndexError):  # it has no id any more, or nobody here can tell
            stat = Path("/proc", str(int((self.folder / "pid").read_text())), "stat")
            while stat.read_text().rpartition(")")[2].split()[0] == "Z" and time.monotonic() < deadline:
                time.sleep(_MOMENT)

    def signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; return whether it has."""
        deadline = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > deadline:
                return False
            time.sleep(_MOMENT)
        if self._child is not None:
            self._child.wait()
            self._child = None
        return True

    def kill(self) -> None:
        """Kill it (SIGKILL) and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait(60)

    def end(self, number: int, seconds: float) -> None:
        """Ask it to end with a signal; kill it if it hasn't after these seconds."""
        self.signal(number)
        if not self.wait(seconds):
            self.kill()

    def waiting(self, name: str, seconds: float) -> Callable[[], None]:
        """Return what to call between looks whether it answers. That raises `DidNotStart` with its last words."""
        deadline = time.monotonic() + seconds

        def again() -> None:
            if not self.running():
                raise DidNotStart(f"{name} ended instead of starting ({self.log}):\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise DidNotStart(f"{name} doesn't answer after {seconds:.0f} s ({self.log}):\n{self.last_words()}")
            time.sleep(_MOMENT)

        return again

    def _popen(self, command: list[str], options: dict[str, Any]) -> subprocess.Popen[bytes]:
        if self.outlives:
            return subprocess.Popen(command, **options)  # noqa: S603
        bound = shutil.which("setpriv")
        prefix = (
            [] if bound is None else [bound, "--pdeathsig", "KILL", "--", "sh", "-c", _IF_WE_LIVE, str(os.getpid())]
        )
        return _keeper.submit(lambda: subprocess.Popen(prefix + command, **options)).result()  # noqa: S603

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:])


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_soon(descriptor: int) -> bool:
    """Take the lock even if somebody looks at it just now."""
    for _ in range(50):
        if _lock(descriptor, fcntl.LOCK_EX):
            return True
        time.sleep(_MOMENT)
    return False
