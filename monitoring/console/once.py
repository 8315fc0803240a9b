"""Lets a form act once, however often its button is pressed: what it makes gets the id that the form brought.

The id is a UUIDv7, as ids of replays and rewinds are, so nothing has to be kept until the form comes back.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from uuid_utils import uuid7

#: A form that is older is asked to be loaded again; and a clock of another machine may be so much ahead. Milliseconds.
_OLD: Final = 86_400_000
_AHEAD: Final = 60_000


class OldForm(ValueError):
    """The form is too old, or none of ours. It must be loaded again."""

    def __init__(self) -> None:
        super().__init__("the form is too old; look at it once more, then send it again")


def new_form() -> str:
    """Return the id that a form brings."""
    return str(uuid7())


def form_id(brought: object, now: int) -> str:
    """Return the id that a form brought, at `now` in ms since 1970 UTC. Raises `OldForm`."""
    try:
        found = UUID(brought) if isinstance(brought, str) else None
    except ValueError:
        found = None
    if found is None or found.version != 7 or not -_OLD < (found.int >> 80) - now < _AHEAD:
        raise OldForm
    return str(found)
