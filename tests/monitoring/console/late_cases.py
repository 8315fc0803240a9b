"""Lets every fourth open case of a linked procedure have begun weeks ago, so that somebody is late with it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from deploy.bootstrap import Hub
from deploy.keeping import catch_up, keeper_of
from hub.database import among
from hub.procedures import tables as t
from hub.registers import tables as registers

#: Longer than any time that the procedures allow, public holidays included.
_EARLIER: Final = 24 * 86_400_000


def let_cases_be_late(hub: Hub) -> None:
    """Let what began some of the open cases have come weeks ago, and look anew: a keeper would undo anything else."""
    catch_up(keeper_of(hub))
    with hub.deliveries_db.begin() as connection:
        query = sa.select(t.cases.c.event_id).where(t.cases.c.state == "open").order_by(t.cases.c.event_id)
        some = connection.scalars(query).all()[::4]
        connection.execute(sa.delete(t.looked).where(t.looked.c.rules != ""))
    c = registers.events.c
    with hub.registers_db.begin() as connection:
        connection.execute(sa.update(registers.events).where(among(c.event_id, some)).values(at=c.at - _EARLIER))
    catch_up(keeper_of(hub))
