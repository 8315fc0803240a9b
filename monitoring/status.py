"""How the hub stands: what came in, what was set aside, and how far each agency is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from hub import headers as h
from hub.bulk import BulkLane
from hub.contacts import Contact
from hub.database import reading
from hub.deliveries import OPEN, State
from hub.deliveries.tables import held
from hub.eventlog import Log, partition_of, start_of
from hub.registers import tables as t
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox
from hub.waiting import Waiting

#: The kinds of duplicates, always all told.
DUPLICATES = ("event_id", "fact", "vital")

_NOBODY: Final[Mapping[str, Contact]] = MappingProxyType({})
#: How often to look for a moment at which the lane of mass runs stands still.
_LOOKS = 10
#: How many undecided records are looked through for ticks. A tick is only ever written when all else is decided,
#: so it is among the first.
_AHEAD = 1000


@dataclass(frozen=True, slots=True)
class AgencyStatus:
    """How far one agency is. The first three together are all of its feed but what lost its legal basis meanwhile."""

    delivered: int
    #: Not tried yet.
    pending: int
    #: Not taken when tried, or behind one that was not.
    parked: int
    #: Of those delivered: taken when sent again.
    replayed: int
    #: When the oldest event that the agency does not have came into its feed, in ms since 1970 UTC.
    oldest: int | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How the hub stands. Counts are of events."""

    received: int
    #: Kind → count.
    duplicates: Mapping[str, int]
    #: Reason → count, of intake and of the pipeline.
    refused: Mapping[str, int]
    #: Agency → count.
    withheld: Mapping[str, int]
    agencies: Mapping[str, AgencyStatus]
    #: Kept back in the pipeline; they go on by themselves.
    held: int
    #: Taken in, and the pipeline has not come to them yet.
    undecided: int = 0

    def as_json(self) -> dict[str, object]:
        """Return what `dancu status --json` prints."""
        content = asdict(self)
        del content["undecided"]
        for counts in content["agencies"].values():
            del counts["oldest"]
        return content


def read_status(
    log: Log,
    registers: sa.Engine,
    deliveries: sa.Engine,
    agencies: Sequence[str],
    fetching: Mapping[str, Contact] = _NOBODY,
) -> Status:
    """Look at the hub without disturbing it. Quick however long the log is: no topic is read through.

    `fetching` are those of the agencies that fetch their events themselves, with the contact with each.
    """
    with reading(registers) as connection:
        decided = connection.scalars(sa.select(t.progress.c.position)).all()
        tallies = _tallies(connection)
        refused = _counts(connection, t.refusals.c.reason)
    for reason, count in tallies.get("refused", {}).items():
        refused[reason] = refused.get(reason, 0) + count
    return Status(
        received=_received(log, registers, decided, sum(tallies.get("tick", {}).values())),
        duplicates={kind: tallies.get("duplicate", {}).get(kind, 0) for kind in DUPLICATES},
        refused=dict(sorted(refused.items())),
        withheld=dict(sorted(tallies.get("withheld", {}).items())),
        agencies={agency: agency_status(log, deliveries, agency, fetching.get(agency)) for agency in agencies},
        held=Waiting(log, registers).count(),
        undecided=_undecided(log, registers),
    )


def _tallies(connection: sa.Connection) -> dict[str, dict[str, int]]:
    c = t.tallies.c
    found: dict[str, dict[str, int]] = {}
    for name, label, count in connection.execute(
        sa.select(c.name, c.label, sa.func.sum(c.count)).group_by(c.name, c.label)
    ):
        found.setdefault(name, {})[label] = int(count)
    return found


def _counts(connection: sa.Connection, column: sa.Column[str], *where: sa.ColumnElement[bool]) -> dict[str, int]:
    query = sa.select(column, sa.func.count()).where(*where).group_by(column)
    counts: dict[str, int] = dict(connection.execute(query).all())
    return counts


def _undecided(log: Log, registers: sa.Engine) -> int:
    committed, last = log.extent(RECEIVED, PIPELINE)
    return last - committed + BulkLane(log, registers).count()


def _received(log: Log, registers: sa.Engine, decided: Sequence[int], ticks: int) -> int:
    """Count the events of both lanes; ticks (so many up to the positions `decided`) are none."""
    lane = BulkLane(log, registers)
    waiting = lane.count()
    for _ in range(_LOOKS):
        before = waiting
        _, last = log.extent(RECEIVED, PIPELINE)
        waiting = lane.count()
        if waiting == before:  # otherwise events may have been moved between the looks, and would count twice
            break
    return last + waiting - ticks - _ticks_ahead(log, decided)


def _ticks_ahead(log: Log, decided: Sequence[int]) -> int:
    """Count the ticks of each partition behind the position that was decided there."""
    reached = {partition_of(position): position for position in decided}
    ahead = 0
    for _, last in log.extents(RECEIVED, PIPELINE):
        part = partition_of(last)
        after = reached.get(part, start_of(part))
        if after < last:
            found = log.scan(RECEIVED, after, min(_AHEAD, last - after))
            ahead += sum(h.TICK in record.headers for record in found if partition_of(record.position) == part)
    return ahead


def agency_status(log: Log, deliveries: sa.Engine, agency: str, fetches: Contact | None = None) -> AgencyStatus:
    """Say how far an agency is; `fetches` is the contact with an agency that fetches its events itself.

    What is recorded beyond the committed position is still pending: a loop works on it now, or was killed.
    """
    if fetches is not None:
        return _fetched(log, agency, fetches.asked_behind or 0)
    committed, last = log.extent(outbox(agency), DELIVER)
    with reading(deliveries) as connection:
        states = _counts(connection, held.c.state, held.c.agency == agency, held.c.position <= committed)
        since = [_oldest(connection, agency, state) for state in OPEN if states.get(state)]
    since += [record.at for record in log.scan(outbox(agency), committed, 1)]
    parked = sum(states.get(state, 0) for state in OPEN)
    return AgencyStatus(
        delivered=committed - parked - states.get(State.WITHHELD, 0),
        pending=last - committed,
        parked=parked,
        replayed=states.get(State.DELIVERED, 0),
        oldest=min(since, default=None),
    )


def _fetched(log: Log, agency: str, behind: int) -> AgencyStatus:
    """What an agency has asked behind is with it; nothing is ever parked for an agency that fetches."""
    _, last = log.extent(outbox(agency), DELIVER)
    has = min(behind, last)
    since = [record.at for record in log.scan(outbox(agency), has, 1)]
    return AgencyStatus(delivered=has, pending=last - has, parked=0, replayed=0, oldest=min(since, default=None))


def _oldest(connection: sa.Connection, agency: str, state: State) -> int:
    """Return when the first event in a state came into the feed; what is due is in order of its due time."""
    query = (
        sa.select(held.c.at)
        .where(held.c.agency == agency, held.c.state == state)
        .order_by(held.c.due_at, held.c.position)
        .limit(1)
    )
    return int(connection.execute(query).scalar_one())
