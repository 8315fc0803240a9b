"""How long a session may see what it asked for, and what tells sessions apart."""

from __future__ import annotations

import hashlib
from typing import Final

from monitoring.console.visitor import Visitor

_MINUTE: Final = 60_000
#: Milliseconds that an event's content stays uncovered, and that a look-up of a person lasts.
REVEALED: Final = 5 * _MINUTE
OPENED: Final = 15 * _MINUTE


def session_of(visitor: Visitor) -> str:
    """Return what tells sessions apart: the secret of the session's forms; of a program with a token, its name."""
    return hashlib.sha256(f"{visitor.name}\n{visitor.csrf}".encode()).hexdigest()
