"""Kills commands while they are at work, at moments that no one chose."""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from adapters.ingest import producer_of
from hub.deliveries import DeliveryBrowser
from hub.eventlog.sqlite import SqliteLog
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox
from tests.commands import AGENCIES, Dancu


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
        goal = progress(log) + self.rng.randint(1, 400)
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
                return progress(log) >= goal or (nothing_comes and not pending(log))

            victims.append(Victim(run, is_at_work, self.rng.uniform(0, 0.03), lambda: pending(log)))
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


def progress(log: SqliteLog) -> int:
    """Return how much the run has done so far."""
    return log.extent(RECEIVED, PIPELINE)[0] + sum(log.extent(outbox(agency), DELIVER)[0] for agency in AGENCIES)


def pending(log: SqliteLog) -> list[str]:
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
