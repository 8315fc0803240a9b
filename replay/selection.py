"""Which parked deliveries are meant: always of one agency, so that a slip can't replay everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from hub.database import among
from hub.deliveries.tables import held


@dataclass(frozen=True, slots=True)
class Selection:
    """Parked deliveries of one agency; every further field narrows it, None leaves it open."""

    agency: str
    event_ids: Sequence[str] | None = None
    #: Every number of the persons: `hub` knows who had which.
    persons: Sequence[str] | None = None
    error_class: str | None = None
    type: str | None = None


def condition(selection: Selection) -> sa.ColumnElement[bool]:
    """Return the selection as a condition on `held_deliveries`, whatever the state."""
    wanted = [held.c.agency == selection.agency]
    if selection.event_ids is not None:
        wanted.append(among(held.c.event_id, selection.event_ids))
    if selection.persons is not None:
        wanted.append(among(held.c.key, selection.persons))
    if selection.error_class is not None:
        wanted.append(held.c.error_class == selection.error_class)
    if selection.type is not None:
        wanted.append(held.c.type == selection.type)
    return sa.and_(*wanted)
