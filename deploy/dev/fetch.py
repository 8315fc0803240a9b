"""`python -m deploy.dev.fetch`: makes this machine ready to start brokers fast, before tests do so at the same time."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from deploy.dev.broker import Broker, format_all
from deploy.dev.jars import alone, archive, jars, java
from deploy.dev.plan import new_plan
from deploy.dev.problem import DevProblem
from deploy.dev.program import Program


def make_archive() -> None:
    """Let a broker run for a moment that writes down its classes for the next ones, unless one has.

    Raises `Missing` and `DidNotStart`.
    """
    jars()
    with alone(archive().with_suffix(".jsa.lock")):
        if archive().exists():
            return
        with tempfile.TemporaryDirectory(dir=archive().parent, prefix="archive.") as workplace:
            new = Path(workplace) / "new.jsa"
            plan = new_plan(Path(workplace), 1)
            broker = Broker(plan, 1, Program(plan.broker_folder(1)), options=[f"-XX:ArchiveClassesAtExit={new}"])
            format_all([broker])
            broker.launch()
            broker.wait()
            broker.program.end(signal.SIGTERM, 60)
            if new.exists():  # not every Java can write one; it only saves time
                new.rename(archive())


if __name__ == "__main__":
    try:
        java()
        jars()
        make_archive()
    except DevProblem as problem:
        sys.exit(str(problem))
