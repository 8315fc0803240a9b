"""What a check says: how things stand, in one sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


#: How many of many names are told.
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check."""

    #: The layer and the subject, such as `kafka.tls` or `agency.tax`.
    check: str
    state: State
    what: str
    #: Vietnamese / English; empty when there is nothing to do.
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """Return what `--json` prints."""
        return {"check": self.check, "state": self.state.value, "what": self.what, "advice": self.advice}


def some(names: Sequence[str]) -> str:
    """Return the first few of the names, and how many more there are."""
    more = f" … (+{len(names) - _SHOWN})" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def ok(check: str, what: str) -> Finding:
    """Return that all is well."""
    return Finding(check, State.OK, what)


def skipped(check: str, why: str) -> Finding:
    """Return that the check would mean nothing now."""
    return Finding(check, State.SKIPPED, why)


def warning(check: str, what: str, vi: str, en: str) -> Finding:
    """Return something that works now and deserves a look."""
    return Finding(check, State.WARNING, what, f"{vi} / {en}")


def problem(check: str, what: str, vi: str, en: str) -> Finding:
    """Return something that has to be repaired before the hub can work."""
    return Finding(check, State.PROBLEM, what, f"{vi} / {en}")
