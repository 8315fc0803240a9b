"""Asks the hub something as its operator does, by a command beside the processes of an arena."""

from __future__ import annotations

from typing import NamedTuple

from deploy.dev.ports import free_ports
from tests.commands import check_words
from tests.faults.arena import Arena
from tests.faults.process import Process


class Said(NamedTuple):
    """How a command ended, and all that it said."""

    code: int
    words: str


def ask(arena: Arena, *words: str, seconds: float = 120) -> Said:
    """Run a command to its end. It must not show a traceback or a personal number."""
    process = Process("asked", words, arena.environment | {"DANCU_LOG_LEVEL": "ERROR"}, arena.folder / "asked.said")
    process.start()
    try:
        code = process.wait(seconds)
    finally:
        process.kill()
    check_words(process.said())
    return Said(code, process.said())


def await_health(arena: Arena, address: str, ready: bool, seconds: float = 90) -> str:
    """Wait until `dancu health` says that a process is (or is not) ready, and return its words."""
    last = Said(-1, "")

    def so() -> bool:
        nonlocal last
        last = ask(arena, "health", address)
        return (last.code == 0) == ready

    arena.await_that(so, f"{address} is {'ready' if ready else 'not ready'}", seconds)
    return last.words


def free_address() -> str:
    """Return where a process may answer whether it is ready."""
    return f"127.0.0.1:{free_ports(1)[0]}"
