"""The proof that nothing is lost and nothing comes twice: the hub's processes are killed again and again at work."""

from __future__ import annotations

import logging
import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psutil
import pytest
import yaml

import deploy
from adapters.agencies.applied_events import MACHINERY
from adapters.ingest import Progress, producer_of
from deploy.bootstrap import open_hub
from deploy.demo.comparison import compare
from deploy.demo.expectation import Expected
from deploy.demo.lines import SourceLine
from deploy.demo.reference import expected
from deploy.demo.show import applied_by, stream, terms_of
from deploy.settings import load_settings
from hub.database import open_database, sqlite_url
from hub.deliveries import DeliveryBrowser
from hub.eventlog.sqlite import SqliteLog
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox
from tests.commands import AGENCIES, Dancu, log_of
from tests.postgres import postgres_server, postgres_url

_LOG = logging.getLogger(__name__)

__all__ = ["postgres_server", "postgres_url"]

EVENTS, FILES = 6000, 4
#: Kills of a living process at work: at least so many together, and of each kind.
KILLS, KILLS_OF_EACH = 60, 8
#: Small batches, so that there are many moments between them; windows that no slow machine can outlast.
SETTINGS = {
    "DANCU_BATCH": "40",
    "DANCU_DELIVERY_BATCH": "15",
    "DANCU_JOIN_WINDOW": "86400",
    "DANCU_CORRECTION_WAIT": "86400",
}
#: A bug in the land system: it refuses one event in sixteen.
_BUG = """
    CREATE TRIGGER bug BEFORE INSERT ON applied_events WHEN substr(NEW.event_id, -1) = '7'
    BEGIN SELECT RAISE(ABORT, 'no such title'); END
"""


@dataclass(slots=True)
class Victim:
    """A process that is to be killed some moments after it has begun to work."""

    process: subprocess.Popen[bytes]
    is_at_work: Callable[[], bool]
    delay: float
    #: What it is doing when it is killed.
    doing: Callable[[], Sequence[str]]
    since: float | None = None


@dataclass(slots=True)
class Killer:
    """Starts commands and kills them at work, until there were enough kills."""

    dancu: Dancu
    rng: random.Random
    kills: Counter[str] = field(default_factory=Counter)

    def work(self, log: SqliteLog, file: Path | None) -> None:
        """Run the hub, and an intake of a file beside it, until both are dead or the intake is through."""
        goal = _progress(log) + self.rng.randint(1, 400)
        with ExitStack() as stack:
            victims: list[Victim] = []
            if file is not None:
                intake = stack.enter_context(self.dancu.started("ingest", file, "--json"))
                has_begun = self.rng.choice((_has_open(intake, self.dancu.home / "log.db"), _has_taken(log, file)))
                victims.append(Victim(intake, has_begun, self.rng.uniform(0, 0.05), lambda: ["ingest"]))
            run = stack.enter_context(self.dancu.started("run"))

            def is_at_work() -> bool:
                nothing_comes = all(
                    victim.process.poll() is not None for victim in victims if victim.process is not run
                )
                return _progress(log) >= goal or (nothing_comes and not _pending(log))

            victims.append(Victim(run, is_at_work, self.rng.uniform(0, 0.03), lambda: _pending(log)))
            self.watch(victims)

    def replay(self, browser: DeliveryBrowser) -> None:
        """Replay what the land system has not taken."""
        before = browser.summary("land").held
        with self.dancu.started("replay", "land", "--reason", "the bug is mended") as process:
            at_work: Callable[[], bool] = lambda: browser.summary("land").held < before  # noqa: E731
            self.watch([Victim(process, at_work, self.rng.uniform(0, 0.02), lambda: ["replay"])])

    def watch(self, victims: list[Victim]) -> None:
        """Kill each when its time has come."""
        deadline = time.monotonic() + 120
        while alive := [victim for victim in victims if victim.process.poll() is None]:
            assert time.monotonic() < deadline, "a process does nothing"
            for victim in alive:
                if victim.since is None and victim.is_at_work():
                    victim.since = time.monotonic()
                if victim.since is not None and time.monotonic() - victim.since >= victim.delay:
                    doing = victim.doing()
                    victim.process.kill()
                    if victim.process.wait() == -9 and doing:
                        self.kills.update(["all", *doing])
            time.sleep(0.002)
        assert {victim.process.returncode for victim in victims} <= {0, -9}


def test_nothing_is_lost_and_nothing_comes_twice_whenever_a_process_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    seed = int(os.environ.get("PROOF_SEED", random.SystemRandom().randrange(1_000_000)))
    _LOG.warning("to kill at the same moments again: PROOF_SEED=%s", seed)
    lines = list(stream(EVENTS, seed))
    files = _write(tmp_path, lines)
    monkeypatch.setenv("WELFARE_DATABASE", postgres_url)
    settings = {**SETTINGS, "DANCU_AGREEMENTS": str(_agreements(tmp_path / "agreements"))}
    dancu = Dancu(tmp_path / "home", settings)
    uninterrupted = Dancu(tmp_path / "other").ingest(*files)

    killer = Killer(dancu, random.Random(seed))
    _break_land(dancu.home)
    taken = _kill_until_enough(killer, files)
    dancu.run_until_idle()
    assert dancu.status()["agencies"]["land"]["parked"] > 0
    _mend_land(killer)
    _LOG.warning("killed: %s", dict(killer.kills))
    assert killer.kills["all"] >= KILLS
    assert all(killer.kills[kind] >= KILLS_OF_EACH for kind in ("ingest", "worker", "delivery"))
    assert killer.kills["replay"] > 0

    assert taken == uninterrupted
    with open_hub(load_settings(home=dancu.home, agreements=tmp_path / "agreements")) as hub:
        agreements = hub.rules.agreements.by_agency
        today = datetime.now(timezone(timedelta(hours=7))).date()
        model = expected(lines, [terms_of(agreement) for agreement in agreements.values()], today)
        actual = {name: applied_by(hub, agreement) for name, agreement in agreements.items()}
    assert compare(model, actual) == []
    assert min(len(events) for events in actual.values()) > 100, "every agency has got events"
    _check_status(dancu, model, taken)


def _write(folder: Path, lines: Sequence[SourceLine]) -> list[Path]:
    """Write the stream into files of equal length, to be taken one after the other."""
    files, size = [], -(-len(lines) // FILES)
    for number in range(FILES):
        files.append(folder / f"registers-{number}.ndjson")
        files[-1].write_bytes(b"".join(line.raw + b"\n" for line in lines[number * size : (number + 1) * size]))
    return files


def _agreements(folder: Path) -> Path:
    """Copy the agreements that are shipped, but with the welfare system on PostgreSQL."""
    shutil.copytree(Path(deploy.__file__).parent / "agreements", folder)
    welfare = yaml.safe_load((folder / "welfare.yaml").read_text(encoding="utf-8"))
    welfare["delivery"]["url_env"] = "WELFARE_DATABASE"
    (folder / "welfare.yaml").write_text(yaml.safe_dump(welfare, allow_unicode=True), encoding="utf-8")
    return folder


def _kill_until_enough(killer: Killer, files: Sequence[Path]) -> dict[str, int]:
    """Take the files in and run the hub, killing both; return the counts of all files."""
    taken: Counter[str] = Counter()
    todo = list(files)
    with log_of(killer.dancu.home) as log:
        while todo or (killer.kills["all"] < KILLS and _pending(log)):
            ready = bool(todo) and _backlog(log) < 6000
            killer.work(log, todo[0] if ready else None)
            if not ready:
                continue
            enough = killer.kills["ingest"] * len(files) >= 2 * KILLS_OF_EACH * (len(files) - len(todo) + 1)
            counts = _counts_if_done(log, todo[0])
            if counts is None and enough:
                counts = killer.dancu.ingest(todo[0])
            if counts is not None:
                taken.update(counts)
                todo.pop(0)
    return dict(taken)


def _counts_if_done(log: SqliteLog, file: Path) -> dict[str, int] | None:
    """Return the counts of a file that was taken in to its end, perhaps by a process killed right after that."""
    mark = log.mark(producer_of(file))
    progress = Progress.of(mark) if mark else Progress()
    taken = progress.taken
    counts = {"accepted": taken.accepted, "refused": taken.refused, "duplicates": taken.duplicates}
    return counts if progress.done else None


def _progress(log: SqliteLog) -> int:
    """Return how much the run has done so far."""
    return log.extent(RECEIVED, PIPELINE)[0] + sum(log.extent(outbox(agency), DELIVER)[0] for agency in AGENCIES)


def _backlog(log: SqliteLog) -> int:
    """Return how much is there for a run to do."""
    extents = [log.extent(RECEIVED, PIPELINE), *(log.extent(outbox(agency), DELIVER) for agency in AGENCIES)]
    return sum(last - committed for committed, last in extents)


def _pending(log: SqliteLog) -> list[str]:
    """Return which parts of a run have something to do."""
    committed, last = log.extent(RECEIVED, PIPELINE)
    feeds = [log.extent(outbox(agency), DELIVER) for agency in AGENCIES]
    return ["worker"] * (committed < last) + ["delivery"] * any(done < end for done, end in feeds)


def _has_open(process: subprocess.Popen[bytes], file: Path) -> Callable[[], bool]:
    watched = psutil.Process(process.pid)

    def has_open() -> bool:
        try:
            return any(Path(found.path) == file for found in watched.open_files())
        except psutil.Error:  # it has just ended
            return False

    return has_open


def _has_taken(log: SqliteLog, file: Path) -> Callable[[], bool]:
    before = log.mark(producer_of(file))
    return lambda: log.mark(producer_of(file)) != before


def _break_land(home: Path) -> None:
    (home / "agencies").mkdir(parents=True)
    file = home / "agencies" / "land.db"
    engine = open_database(sqlite_url(file))
    MACHINERY.create_all(engine)
    engine.dispose()
    with closing(sqlite3.connect(file)) as database:
        database.execute(_BUG)


def _mend_land(killer: Killer) -> None:
    """Mend the bug, and replay what was parked: killed three times, then to the end."""
    home = killer.dancu.home
    with closing(sqlite3.connect(home / "agencies" / "land.db")) as database:
        database.execute("DROP TRIGGER bug")
    engine = open_database(sqlite_url(home / "deliveries.db"))
    try:
        for _ in range(3):
            killer.replay(DeliveryBrowser(engine))
    finally:
        engine.dispose()
    answer = killer.dancu("replay", "--reason", "the bug is mended", "--json")
    assert (answer.code, answer.json["agencies"]["land"]["parked"]) == (0, 0)


def _check_status(dancu: Dancu, model: Expected, taken: Mapping[str, int]) -> None:
    """What `dancu status` says must be what the model says, and the agencies must have all."""
    status, verdicts = dancu.status(), model.counts()
    assert status["received"] == taken["accepted"] + taken["duplicates"]
    assert status["duplicates"] == {kind: verdicts[f"duplicate:{kind}"] for kind in ("event_id", "fact", "vital")}
    assert sum(status["refused"].values()) == verdicts["refused:invalid"] + verdicts["refused:late"]
    assert status["withheld"] == {agency: len(events) for agency, events in model.withheld.items() if events}
    for agency, found in status["agencies"].items():
        assert (found["delivered"], found["pending"], found["parked"]) == (len(model.due[agency]), 0, 0), agency
    assert status["held"] == 0
