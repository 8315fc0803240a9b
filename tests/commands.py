"""Runs `dancu` as its users do, as a process of its own, and looks at what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

import orjson

from hub.eventlog import Record, records_of
from hub.eventlog.sqlite import SqliteLog
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox
from tests import forked

#: The command as it was installed beside the interpreter that runs the tests.
PROGRAM = Path(sysconfig.get_path("scripts")) / "dancu"
AGENCIES = ("bank", "insurance", "land", "tax", "welfare")
#: Of an audit entry: every fortieth has twelve digits on end.
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
#: Twelve digits that are not the end of an event's id (UUID).
_PERSONAL_NUMBER = re.compile(r"(?<![\d-])\d{12}(?!\d)")


class Answer(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return orjson.loads(self.out)


@dataclass(frozen=True, slots=True)
class Dancu:
    """The command line for one home folder, with settings from the environment."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self, *words: str | Path, stdin: bytes = b"", out: IO[bytes] | None = None, timeout: float = 120
    ) -> Answer:
        """Run a command to its end. Whatever happens, it must not print a traceback or a personal number."""
        answer = self._from_its_start(words, stdin, out, timeout) if out else self._forked(words, stdin, timeout)
        check_words(answer.out + answer.err)
        return answer

    def _forked(self, words: tuple[str | Path, ...], stdin: bytes, timeout: float) -> Answer:
        with TemporaryFile() as given, TemporaryFile() as said, TemporaryFile() as complained:
            given.write(stdin)
            given.seek(0)
            code = forked.run(self._line(words)[1:], self._env(), (given, said, complained), timeout)
            for file in (said, complained):
                file.seek(0)
            return Answer(code, said.read().decode(), complained.read().decode())

    def _from_its_start(self, words: tuple[str | Path, ...], stdin: bytes, out: IO[bytes], timeout: float) -> Answer:
        line = self._line(words)
        done = subprocess.run(line, input=stdin, stdout=out, stderr=subprocess.PIPE, env=self._env(), timeout=timeout)
        return Answer(done.returncode, "", done.stderr.decode())

    def ingest(self, *words: str | Path, stdin: bytes = b"") -> dict[str, int]:
        """Take files in, which must work; return the counts."""
        answer = self("ingest", *words, "--json", stdin=stdin)
        assert answer.code == 0, answer
        counts: dict[str, int] = answer.json
        return counts

    def run_until_idle(self) -> Answer:
        """Decide and deliver everything, which must work."""
        answer = self("run", "--until-idle")
        assert answer.code == 0, answer
        return answer

    def status(self) -> Any:
        """Return what `dancu status --json` says."""
        answer = self("status", "--json")
        assert answer.code == 0, answer
        return answer.json

    @contextmanager
    def started(self, *words: str | Path) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command, and kill it at the end if it still runs. Its words go to `words_of`."""
        with (
            words_of(self.home).open("ab") as words_file,
            subprocess.Popen(self._line(words), stdout=words_file, stderr=words_file, env=self._env()) as process,
        ):
            try:
                yield process
            finally:
                process.kill()
                process.wait()
        check_words(words_of(self.home).read_text())

    def _line(self, words: tuple[str | Path, ...]) -> list[str]:
        return [str(PROGRAM), "--home", str(self.home), *map(str, words)]

    def _env(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DANCU_")}
        return {**inherited, "COLUMNS": "200", **self.settings}


def words_of(home: Path) -> Path:
    """Return the file with what the commands started in the background said."""
    return home.with_name(f"{home.name}.words")


def check_words(said: str) -> None:
    """Fail for what no user may be shown."""
    assert "Traceback" not in said, said
    assert "Exception ignored" not in said, said
    numbers = [line for line in _HASH.sub("", said).splitlines() if _PERSONAL_NUMBER.search(line)]
    assert numbers == []


def terminate(process: subprocess.Popen[bytes], seconds: float = 10) -> int:
    """Ask a process to end, give it these seconds, and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=seconds)


def wait_for(process: subprocess.Popen[bytes], condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that a process does while it lives."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, f"the process ended with {process.returncode}"
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.01)


@contextmanager
def log_of(home: Path) -> Iterator[SqliteLog]:
    """Open the event log of a home beside whoever else has it open."""
    with SqliteLog(home / "log.db") as log:
        yield log


def topic(home: Path, name: str) -> list[Record]:
    """Return all records of a topic."""
    with log_of(home) as log:
        return list(records_of(log, name))


def received_ids(home: Path) -> list[str]:
    """Return the ids of all events taken, in order."""
    return [record.headers["ce_id"] for record in topic(home, RECEIVED) if "ce_id" in record.headers]


def decided(log: SqliteLog) -> int:
    """Return up to which position the worker has decided."""
    return log.extent(RECEIVED, PIPELINE)[0]


def handed_out(log: SqliteLog, agency: str) -> int:
    """Return up to which position an agency's feed has been handed out."""
    return log.extent(outbox(agency), DELIVER)[0]


def applied(home: Path, agency: str) -> list[str]:
    """Return the ids of the events in an agency's own database, in the order in which it applied them."""
    file = home / "agencies" / f"{agency}.db"
    if not file.is_file():
        return []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'applied_events'").fetchone() is None:
            return []
        return [row[0] for row in database.execute("SELECT event_id FROM applied_events ORDER BY applied_order")]
