"""How events stand with each agency: delivered or not, for what and why. For many events at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from hub.database import among, reading
from hub.deliveries import State
from hub.deliveries.tables import delivered, held
from monitoring.evidence import Stores
from monitoring.fetched import Sent, fetched
from monitoring.story import AgencyState

_STATES: Final[Mapping[str, AgencyState]] = {
    State.PARKED: "parked",
    State.WAITING: "waiting",
    State.DUE: "pending",
    State.WITHHELD: "withheld",
}


class Share(NamedTuple):
    """What became of one event for one agency. Times are ms since 1970 UTC."""

    agency: str
    state: AgencyState
    purpose: str | None
    basis: str | None
    #: Without addresses.
    shielded: bool
    delivered_at: int | None
    #: Why it is withheld, or not with the agency: a code of `monitoring.words.REASONS`.
    code: str | None


class Handled(NamedTuple):
    """What became of some events, by (event, agency)."""

    delivered_at: Mapping[tuple[str, str], int]
    kept: Mapping[tuple[str, str], sa.Row[Any]]
    #: By (agency, event): of agencies that fetch nobody knows when.
    fetched: Collection[tuple[str, str]]


def handled_of(stores: Stores, sent: Sequence[tuple[sa.Row[Any], Mapping[str, Any]]]) -> Handled:
    """Look up what became of events; `sent`: the row of each, and to whom it was sent."""
    d, k, event_ids = delivered.c, held.c, [row.event_id for row, _ in sent]
    taken = sa.select(d.event_id, d.agency, sa.func.min(d.delivered_at)).where(among(d.event_id, event_ids))
    kept = sa.select(k.event_id, k.agency, k.state, k.attempts, k.requested_at, k.error_class)
    with reading(stores.deliveries) as connection:
        at = {(one, agency): when for one, agency, when in connection.execute(taken.group_by(d.event_id, d.agency))}
        rows: list[sa.Row[Any]] = list(connection.execute(kept.where(among(k.event_id, event_ids))))
    every = (Sent(agency, row.event_id, row.fate_at) for row, sent_to in sent for agency in sent_to)
    open_ = (one for one in every if (one.event_id, one.agency) not in at)
    found = fetched(stores.log, stores.deliveries, open_)
    return Handled(at, {(row.event_id, row.agency): row for row in rows}, found)


def share_of(event_id: str, agency: str, said: Sequence[Any], handled: Handled) -> Share:
    """Say how an event stands with an agency, as `monitoring.telling` does for one event."""
    purpose, basis, shielded, *given_at = said
    at = given_at[0] if given_at else handled.delivered_at.get((event_id, agency))
    kept = handled.kept.get((event_id, agency))
    state: AgencyState = "pending"
    if at is not None or (agency, event_id) in handled.fetched:
        state = "delivered"
    elif kept is not None:
        again = kept.state == State.DUE and kept.attempts and kept.requested_at is None
        state = "parked" if again else _STATES.get(kept.state, "delivered")
    due = "due" if kept is not None and kept.state == State.DUE else "pending"
    failed = kept.error_class if kept is not None else None
    code = {"parked": failed, "withheld": failed, "waiting": "behind", "pending": due}.get(state)
    return Share(agency, state, purpose, basis, bool(shielded), at, code)
