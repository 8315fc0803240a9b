"""Silences that somebody has acknowledged: the feed has ended by decision, or is being repaired."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.activity import tables as t
from hub.activity.kind import Kind
from hub.audit import Entry, write_entry
from hub.database import reading


class Acknowledged:
    """They hold until the feed speaks again: whoever acknowledges one does not mute the feed for ever."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use the deliveries' database."""
        self._engine = engine

    def of(self, kind: Kind) -> Mapping[str, int]:
        """Return name → when the last event before the acknowledged silence came (ms since 1970 UTC)."""
        c = t.acknowledged.c
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(c.name, c.last_at).where(c.kind == kind.value))
            return {str(name): int(last_at) for name, last_at in found}

    def add(self, kind: Kind, name: str, entry: Entry) -> bool:
        """Acknowledge the silence that lasts now, and write the entry. Return False where nothing ever came."""
        c = t.names.c
        with self._engine.begin() as connection:
            mine = sa.select(c.last_at).where(c.kind == kind.value, c.name == name)
            last_at = connection.scalars(mine).one_or_none()
            if last_at is None:
                return False
            insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(t.acknowledged)
            upsert = insert.on_conflict_do_update(index_elements=["kind", "name"], set_={"last_at": last_at})
            connection.execute(upsert, {"kind": kind.value, "name": name, "last_at": last_at})
            write_entry(connection, entry)
        return True
