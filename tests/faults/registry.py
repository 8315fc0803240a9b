"""The faults that can happen to a hub at work, for `python -m tests.faults.soak`: each does harm and makes it good."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from tests.faults.arena import Arena

#: What happens to an arena that is busy. It may take a minute, and leaves as many processes running as it found.
Fault = Callable[[Arena, random.Random], None]

#: By name. A module of this package that defines faults is found by itself.
FAULTS: Final[dict[str, Fault]] = {}


def fault(name: str) -> Callable[[Fault], Fault]:
    """Make a function one of `FAULTS`."""

    def enter(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return enter
