"""How often what was reported at a site: counts that only ever rise."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.edge import tables as t


def tally(connection: sa.Connection, site_id: str, outcomes: Counter[tuple[str, str]]) -> None:
    """Add to the counts of a site: (purpose, outcome) → how many."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(t.tallies)
    more = insert.on_conflict_do_update(
        index_elements=["site_id", "purpose", "outcome"],
        set_={"count": t.tallies.c.count + insert.excluded.count},
    )
    rows = [
        {"site_id": site_id, "purpose": purpose, "outcome": outcome, "count": count}
        for (purpose, outcome), count in sorted(outcomes.items())
    ]
    for row in rows:
        connection.execute(more, row)
