"""All checks of a process together, and the threads that ask in the background so that no answer ever waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from deploy.health.checks import Check, Finding
from deploy.health.probe import Probe
from hub.database import reading
from hub.topics import PIPELINE, RECEIVED

if TYPE_CHECKING:
    from deploy.bootstrap import Hub

_Checked = TypeVar("_Checked", bound=Check)


class Health:
    """The checks of one process. Add them before the watching begins."""

    def __init__(self) -> None:
        """Begin with none: a process that checks nothing is ready."""
        self._checks: dict[str, Check] = {}
        self._stopping = False

    def add(self, check: _Checked) -> _Checked:
        """Add a check and return it. Raises ValueError for a name that is there already."""
        if check.name in self._checks:
            raise ValueError(f"{check.name}: there is a check of this name already")
        self._checks[check.name] = check
        return check

    def stopping(self) -> None:
        """Say that the process is about to end: it is live, but not ready any more."""
        self._stopping = True

    def live(self) -> tuple[bool, dict[str, Any]]:
        """Return whether the process does not have to be started again, and the answer in words."""
        return self._answer(lambda finding: finding.live)

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Return whether the process does its work, and the answer in words."""
        return self._answer(lambda finding: finding.ready)

    def _answer(self, good: Callable[[Finding], bool]) -> tuple[bool, dict[str, Any]]:
        findings = {name: check.finding() for name, check in self._checks.items()}
        if self._stopping:
            findings["process"] = Finding("stopping", "is about to end", ready=False)
        fine = all(map(good, findings.values()))
        checks = {name: {"state": found.state, "what": found.what} for name, found in findings.items()}
        return fine, {"status": "ok" if fine else "failing", "checks": checks}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Ask in the background what has to be asked, each in a thread of its own."""
        stop = threading.Event()
        for check in self._checks.values():
            look, every = getattr(check, "look", None), getattr(check, "every", None)
            if look is not None and every is not None:
                # daemons: what hangs in an answer that never comes must not keep the process
                threading.Thread(
                    target=_look, args=(look, every, stop), name=f"health-{check.name}", daemon=True
                ).start()
        try:
            yield
        finally:
            stop.set()


def _look(look: Callable[[], None], every: float, stop: threading.Event) -> None:
    while not stop.is_set():
        look()
        stop.wait(every)


def probes_of(hub: Hub) -> list[Probe]:
    """Return the probes that every process of a hub needs: its log and its registers."""

    def ask_log() -> None:
        hub.log.extent(RECEIVED, PIPELINE)

    def ask_registers() -> None:
        with reading(hub.registers_db) as connection:
            connection.execute(sa.text("SELECT 1"))

    return [Probe("log", ask_log), Probe("registers", ask_registers)]
