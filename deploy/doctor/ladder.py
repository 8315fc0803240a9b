"""Checks that stand on each other: when one fails, those above it would only repeat its news."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from deploy.doctor.finding import Finding, State, skipped


class Step(NamedTuple):
    """One check and what makes it."""

    check: str
    look: Callable[[], Finding]


def climb(steps: Iterable[Step], missing: str = "") -> Iterator[Finding]:
    """Yield a finding per step; behind a problem all are skipped, naming it. `missing` fails before the first."""
    for step in steps:
        if missing:
            yield skipped(step.check, f"skipped: needs {missing}")
            continue
        found = step.look()
        if found.state is State.PROBLEM:
            missing = found.check
        yield found


def softened(finding: Finding) -> Finding:
    """Return a problem as a warning, for what something else makes up for."""
    return replace(finding, state=State.WARNING) if finding.state is State.PROBLEM else finding
