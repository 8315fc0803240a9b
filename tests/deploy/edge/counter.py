"""Runs `dancu edge run` as systemd would, and uses its page as the operator's browser does."""

from __future__ import annotations

import http.client
import os
import re
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import orjson
from typer.testing import CliRunner

from deploy.cli.edge import app
from tests.adapters.card_reader.producer.hub import CODE, TestHub
from tests.adapters.card_reader.virtual.variants import write_trust
from tests.commands import PROGRAM, Answer, check_words
from tests.missing import skip_missing

#: The command as it is installed, and what the tests mostly start in its place.
COMMAND: Sequence[str | Path] = (PROGRAM, "edge", "run")
_PROCESS: Sequence[str | Path] = (sys.executable, "-m", "tests.deploy.edge.counter_process")
_ROOT = Path(__file__).parents[3]
_NOT_OURS = ("DANCU_EDGE_HUB", "DANCU_EDGE_CA_FILE")
_URL = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass
class Bench:
    """A counter's machine: its folder, its settings, and what it has said so far."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    #: What was told to systemd.
    notified: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        write_trust(self.folder / "csca")
        (self.folder / "cwd").mkdir()

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def said(self) -> Path:
        return self.folder / "said"

    def env(self) -> Mapping[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DANCU_")}
        return {**inherited, "COLUMNS": "200", **self._settings()}

    def _settings(self) -> Mapping[str, str]:
        own = {
            "DANCU_EDGE_HOME": str(self.home),
            "DANCU_EDGE_TRUST": str(self.folder / "csca"),
            "DANCU_EDGE_PORT": "0",
            "DANCU_EDGE_ALLOW_VIRTUAL": "1",
        }
        return {**own, **self.settings}

    def edge(self, *words: str, stdin: str = "") -> Answer:
        """Run a command of `dancu edge` in this process: starting one takes seconds."""
        done = CliRunner().invoke(app, words, input=stdin, env={**dict.fromkeys(_NOT_OURS), **self._settings()})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        check_words(done.output)
        return Answer(done.exit_code, done.stdout, done.stderr)

    def dancu(self, *words: str) -> Answer:
        """Run the real command to its end."""
        done = subprocess.run([PROGRAM, *words], capture_output=True, env=self.env(), timeout=60)
        answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
        check_words(answer.out + answer.err)
        return answer

    def join(self, hub: TestHub, *words: str) -> Answer:
        return self.edge("join", "--hub", hub.url, *words, stdin=f"{CODE}\n")

    def status(self) -> Any:
        return self.edge("status", "--json").json

    @contextmanager
    def running(self, *, command: Sequence[str | Path] = _PROCESS) -> Iterator[Page]:
        """Run the counter, with core dumps as large as they like, until the block ends; then ask it to end."""
        if find_spec("smartcard") is None:
            skip_missing("a counter needs pyscard: pip install 'dancu-hub[edge]'")
        place = self.folder / "notify"
        place.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, self.said.open("ab") as out:
            told.bind(str(place))
            before = len(self.notified)
            listening = threading.Thread(target=self._hear, args=(told,))
            listening.start()
            try:
                with self._process(command, place, out) as process:
                    yield Page(process, self._started(process, before))
            finally:
                told.shutdown(socket.SHUT_RD)
                listening.join()
        check_words(self.said.read_text())

    @contextmanager
    def _process(self, command: Sequence[str | Path], place: Path, out: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
        env = {**self.env(), "NOTIFY_SOCKET": str(place), "WATCHDOG_USEC": "600000"}
        env, cwd = {**env, "PYTHONPATH": str(_ROOT)}, self.folder / "cwd"
        with subprocess.Popen(command, env=env, stdout=out, stderr=out, cwd=cwd, preexec_fn=_any_core) as process:
            try:
                yield process
                if process.poll() is None:
                    process.terminate()
                    assert process.wait(timeout=30) == 0
            finally:
                process.kill()

    def _started(self, process: subprocess.Popen[bytes], before: int) -> str:
        deadline = time.monotonic() + 60
        while not (found := _URL.search("".join(self.notified[before:]))):
            assert process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found[0]

    def _hear(self, told: socket.socket) -> None:
        while said := told.recv(4096):
            self.notified.append(said.decode())


@dataclass(frozen=True)
class Page:
    """The counter's page in a browser."""

    process: subprocess.Popen[bytes]
    url: str

    def state(self) -> Any:
        return orjson.loads(self._ask("GET", "/state", None))

    def tell(self, what: str, **content: str) -> Any:
        return orjson.loads(self._ask("POST", f"/{what}", orjson.dumps(content)))["said"]

    def key(self, text: str, reader: str = "") -> Any:
        return self.tell("key", text=text, purpose="health-check-in", reader=reader)

    def wait(self, condition: Callable[[Any], object]) -> Any:
        """Return the state when something is so in it."""
        deadline = time.monotonic() + 60
        while not condition(state := self.state()):
            assert time.monotonic() < deadline, state
            assert self.process.poll() is None
            time.sleep(0.02)
        return state

    def result(self, reader: str) -> Any:
        """Return what the page shows of a reader's card."""
        state = self.wait(lambda now: any(one["name"] == reader and one["result"] for one in now["readers"]))
        return next(one["result"] for one in state["readers"] if one["name"] == reader)

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        try:
            connection.request(method, path, body, {"content-type": "application/json", "origin": self.url})
            with connection.getresponse() as response:
                assert response.status == 200
                return response.read()
        finally:
            connection.close()


def _any_core() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
