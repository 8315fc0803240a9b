"""A smart card service with virtual readers, in namespaces of its own: any number of them run side by side.

The service's socket and the readers' ports are compiled into the programs; so the service sees a `/run/pcscd` and a
loopback that nobody else has. Its `/run/pcscd` is a folder of the test, so that a test's own process reaches it too,
through pcsc-lite's `PCSCLITE_CSOCK_NAME`; a `dancu` is started inside and finds everything where it always is.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from tests.missing import skip_missing

_DRIVER = Path("/etc/reader.conf.d/vpcd")
_PORT = 0x8C7B
_NET = 0x40000000  # CLONE_NEWNET
_WHAT = (
    "a smart card service of its own needs root, pcscd and vsmartcard-vpcd "
    "(Debian and Ubuntu: apt install pcscd vsmartcard-vpcd iproute2 util-linux)"
)
_PLACES = "/usr/local/sbin:/usr/sbin:/sbin"


class Stack:
    """The service and its readers. `readers` are the names that PC/SC gives to the two slots of a driver."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder / "run"
        self._config = folder / "readers"
        self.run.mkdir()
        self._config.mkdir()
        self._library = _library()
        self._keeper = _keep_namespaces(self.run)
        self._service: subprocess.Popen[bytes] | None = None
        self.configure()

    @property
    def inside(self) -> Sequence[str]:
        """What goes before a command that is to run where the service is, in the same working folder."""
        return ("nsenter", f"--target={self._keeper.pid}", "--mount", "--net", "--wd=.", "--")

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process elsewhere needs to reach the service."""
        return {"PCSCLITE_CSOCK_NAME": str(self.run / "pcscd.comm")}

    @property
    def socket_path(self) -> Path:
        return self.run / "pcscd.comm"

    @property
    def service_pid(self) -> int:
        """The running service's process: nsenter has become it."""
        assert self._service is not None
        return self._service.pid

    def start(self) -> None:
        """Start the service; return when it answers."""
        for stale in ("pcscd.comm", "pcscd.pid"):
            (self.run / stale).unlink(missing_ok=True)
        words = [_program("pcscd"), "--foreground", "--config", str(self._config), *_no_polkit()]
        self._service = subprocess.Popen([*self.inside, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self._service.poll() is None, "pcscd does not start"
            assert time.monotonic() < deadline, "pcscd does not answer"
            time.sleep(0.01)

    def stop(self) -> None:
        """End the service as an administrator does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the service as a crash does: nothing is tidied up."""
        self._end(signal.SIGKILL)

    def configure(self, drivers: int = 1) -> None:
        """Have so many pairs of readers at the next start: the service takes no others in while it runs."""
        for number in range(drivers, 9):
            (self._config / f"vpcd{number}").unlink(missing_ok=True)
        for number in range(drivers):
            (self._config / f"vpcd{number}").write_text(self._stanza(number))

    def connect(self, slot: int) -> socket.socket:
        """Return the socket on which the card of a slot is; it is there when this returns."""
        return _in_network(self._keeper.pid, lambda: dial(slot))

    def close(self) -> None:
        """End everything."""
        if self._service is not None:
            self.kill()
        self._keeper.kill()
        self._keeper.wait()

    def _stanza(self, number: int) -> str:
        """The driver keeps its slots in static memory: a second pair of readers needs a copy, and another name."""
        library = self.folder / f"driver{number}.so"
        if not library.exists():
            shutil.copy(self._library, library)
        port, name = hex(_port(2 * number)), f"Virtual PCD {number}" if number else "Virtual PCD"
        return f'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{port}\nLIBPATH {library}\nCHANNELID {port}\n'

    def _end(self, how: signal.Signals) -> None:
        assert self._service is not None
        with suppress(ProcessLookupError):
            os.kill(self.service_pid, how)
        self._service.wait(20)
        self._service = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
            line.connect(str(self.socket_path))
            return True
        return False


@contextmanager
def a_stack() -> Iterator[Stack]:
    """Run a service of one's own. Skips the running test where that can't be done."""
    need_stack()
    folder = Path(tempfile.mkdtemp(prefix="dancu-pcsc-"))
    try:
        stack = Stack(folder)
        try:
            stack.start()
            yield stack
        finally:
            stack.close()
    finally:
        shutil.rmtree(folder)


def missing_stack() -> str | None:
    """Return what this machine lacks, in one sentence, or None."""
    if find_spec("smartcard") is None:
        return "pyscard is not installed (Debian and Ubuntu: apt install gcc libpcsclite-dev; then make dev)"
    programs = all(_program(name) for name in ("pcscd", "ip", "unshare", "nsenter"))
    if not programs or os.geteuid() != 0 or not _DRIVER.exists():
        return _WHAT
    tried = subprocess.run(
        ["unshare", "--mount", "--net", _program("ip"), "link", "set", "lo", "up"], capture_output=True, text=True
    )
    return f"namespaces can't be made here: {tried.stderr.strip()}" if tried.returncode else None


def need_stack() -> None:
    """Skip the running test where no service can be started."""
    if (lacks := missing_stack()) is not None:
        skip_missing(lacks)


def _keep_namespaces(run: Path) -> subprocess.Popen[bytes]:
    """Start a process that does nothing in the new namespaces: they last as long as it does."""
    ip, here = _program("ip"), "/run/pcscd"
    Path(here).mkdir(exist_ok=True)
    script = f'mount --bind "$1" {here} && {ip} link set lo up && echo ready && exec sleep infinity'
    words = ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", script, "sh", str(run)]
    keeper = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert keeper.stdout is not None
    with keeper.stdout:
        assert keeper.stdout.readline() == b"ready\n", "no namespaces"
    return keeper


def _in_network(pid: int, work: object) -> socket.socket:
    """Make a socket in the network of another process. A namespace belongs to a thread: one is lent for it."""
    made: list[socket.socket | BaseException] = []

    def run() -> None:
        try:
            with open(f"/proc/{pid}/ns/net", "rb") as namespace:  # noqa: PTH123 - a file of the kernel
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NET):
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(work())  # type: ignore[operator]
        except BaseException as error:
            made.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(made[0], BaseException):
        raise made[0]
    return made[0]


def dial(slot: int) -> socket.socket:
    """Return the socket on which the card of a slot is, where this process is in the service's network."""
    port = _port(slot)
    deadline = time.monotonic() + 20
    while True:
        try:
            line = socket.create_connection(("127.0.0.1", port), timeout=20)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "no reader has this port"
            time.sleep(0.01)
        else:
            line.settimeout(None)
            return line


def _port(slot: int) -> int:
    """Two slots have neighbouring ports; the next pair is a driver of its own."""
    return _PORT + 16 * (slot // 2) + slot % 2


def _library() -> Path:
    found = re.search(r"^LIBPATH\s+(\S+)", _DRIVER.read_text(), re.MULTILINE)
    assert found, f"{_DRIVER} names no driver"
    return Path(found[1])


def _program(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path=_PLACES) or ""


def _no_polkit() -> list[str]:
    """From 2.x on pcscd asks polkit, which is not there in a container."""
    told = subprocess.run([_program("pcscd"), "--help"], capture_output=True, text=True)
    return ["--disable-polkit"] if "--disable-polkit" in told.stdout + told.stderr else []


if __name__ == "__main__":
    sys.exit(missing_stack())
