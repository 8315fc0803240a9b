"""What was refused although a device of ours has signed it: kept whole, sealed as it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.edge import tables as t
from hub.edge.chain import Opened, Ruling

#: So many are kept of one device: a stolen one can't fill the disk.
KEPT: Final = 10_000


def keep_refused(connection: sa.Connection, ruled: Sequence[tuple[Opened, Ruling]], now: int) -> None:
    """Keep what was refused, under the device that has signed it. The same is kept once."""
    by_signer: dict[str, dict[str, dict[str, Any]]] = {}
    for one, ruling in ruled:
        if ruling.state == "refused":
            key = one.signed.key
            row = {"digest": one.digest, "device_id": key.device_id, "kid": key.kid, "at": now}
            row |= {"reason": ruling.reason, "sealed": one.signed.sealed}
            by_signer.setdefault(key.device_id, {})[one.digest] = row
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(t.refused)
    for device_id, rows in sorted(by_signer.items()):
        count = sa.select(sa.func.count()).select_from(t.refused).where(t.refused.c.device_id == device_id)
        room = max(0, KEPT - (connection.scalar(count) or 0))
        kept = [rows[digest] for digest in sorted(rows)][:room]
        if kept:
            connection.execute(insert.on_conflict_do_nothing(), kept)
