"""Runs `dancu` commands as copies of a process that has loaded it already: a second less for each of a thousand tests.

Each is a real process with its own arguments, environment, folder and streams; only the loading is shared. What the
installed program does from its very start is for the tests that start it themselves (`tests.commands.Dancu.started`).
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NoReturn

import orjson

#: What a command reads, prints and complains to.
Streams = tuple[IO[bytes], IO[bytes], IO[bytes]]
#: Loaded before the copies are made: what nearly every command needs. It opens nothing and starts no thread.
_LOADED = [
    "deploy.cli",
    *(f"deploy.cli.{name}" for name in ("agencies", "audit", "connections", "db", "doctor", "explain", "failures")),
    *(f"deploy.cli.{name}" for name in ("feed", "ingest", "operator", "replay", "run", "schemas", "status", "worker")),
    "alembic.command",
    "hub.worker",
]
_DIE_WITH_PARENT = 1
_LENGTH = 8


def run(words: Sequence[str], environment: Mapping[str, str], streams: Streams, timeout: float) -> int:
    """Run a command to its end and return its exit code, minus the number of a signal.

    Raises `subprocess.TimeoutExpired` when it had to be killed.
    """
    asked = orjson.dumps({"words": list(words), "environment": dict(environment), "folder": str(Path.cwd())})
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(_address())
        socket.send_fds(line, [len(asked).to_bytes(_LENGTH)], [stream.fileno() for stream in streams])
        line.sendall(asked)
        pid = int.from_bytes(_exactly(line, _LENGTH))
        line.settimeout(timeout)
        try:
            return int.from_bytes(_exactly(line, _LENGTH), signed=True)
        except TimeoutError as late:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(words), timeout) from late


def _exactly(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = line.recv(size - len(found))
        if not piece:
            raise ConnectionError("the process that is copied has ended")
        found += piece
    return found


_starting = threading.Lock()


def _address() -> str:
    with _starting:
        return _started()


@cache
def _started() -> str:
    """Start the process that is copied; return the address that it listens on."""
    address = f"\0dancu-tests-{os.getpid()}-{time.monotonic_ns()}"  # in no folder, and gone with the process
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DANCU_")}
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, address[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**environment, "COLUMNS": "200"},
    )
    atexit.register(process.kill)
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == b"ready\n"
    return address


def _serve(address: str) -> NoReturn:
    _die_with_parent()
    for name in _LOADED:
        import_module(name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(f"\0{address}")
        listening.listen(64)
        os.write(1, b"ready\n")
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those who look after a command are waited for by nobody
        while True:
            line, _ = listening.accept()
            with line:
                _fork(lambda line=line: _look_after(line))  # type: ignore[misc]


def _look_after(line: socket.socket) -> int:
    """Begin the command that is asked for, say which process it is and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(line, _LENGTH, 3)
    asked = orjson.loads(_exactly(line, int.from_bytes(size)))
    pid = _fork(lambda: _be(asked["words"], asked["environment"], asked["folder"], streams))
    for stream in streams:
        os.close(stream)
    line.sendall(pid.to_bytes(_LENGTH))
    _, status = os.waitpid(pid, 0)
    line.sendall(os.waitstatus_to_exitcode(status).to_bytes(_LENGTH, signed=True))
    return 0


def _be(words: Sequence[str], environment: Mapping[str, str], folder: str, streams: Sequence[int]) -> int:
    """Be the command."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 64)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["dancu", *words]
    from deploy.cli import main

    main()
    return 0


def _fork(work: Callable[[], int]) -> int:
    """Do work in a copy of this process, which ends with it; return the copy's id."""
    if pid := os.fork():
        return pid
    _die_with_parent()
    code = 1
    try:
        code = work()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


if __name__ == "__main__":
    _serve(sys.argv[1])
