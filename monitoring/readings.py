"""What each part of the hub's state says, as samples of metrics. See `monitoring.state` for what they mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from hub.agreements import Agreement
from hub.database import among, reading
from hub.edge import tables as edge
from hub.edge.alerts import Kind
from hub.replays.replay import ItemState, ReplayState
from hub.replays.tables import items, replays
from monitoring.connections import Connection, State
from monitoring.declared import MOST, OTHER, Limited
from monitoring.samples import Sample
from monitoring.silence.verdict import Silence
from monitoring.standing import Standing

#: The states of cases that are shown.
_CASES: Final = ("open", "late", "done")
_ENDED: Final = (ReplayState.DONE, ReplayState.CANCELLED)
_UNSETTLED: Final = (ItemState.SELECTED, ItemState.ASKED)
#: How many results of a verification, or kinds of alert, are shown.
_FEW: Final = 100


def of_standing(standing: Standing, agreements: Mapping[str, Agreement]) -> Iterator[Sample]:
    """Say how far the pipeline and each agency are."""
    yield Sample("dancu_undecided_events", (), standing.status.undecided)
    yield Sample("dancu_held_events", (), standing.status.held)
    for sector in standing.sectors:
        for state, count in sector.states.items():
            yield Sample("dancu_connections", (sector.sector, state), count)
        if sector.target is not None:
            yield Sample("dancu_connections_target", (sector.sector,), sector.target)
    for one in standing.connections:
        yield from _of_agency(one, standing.at, agreements.get(one.party.agency))


def _of_agency(one: Connection, at: int, agreement: Agreement | None) -> Iterator[Sample]:
    agency = (one.party.agency,)
    oldest = one.oldest_undelivered
    yield Sample("dancu_pending_deliveries", agency, one.pending)
    yield Sample("dancu_parked_deliveries", agency, one.parked)
    yield Sample("dancu_oldest_undelivered_age_seconds", agency, 0 if oldest is None else max(0, at - oldest) / 1000)
    for state in State:
        yield Sample("dancu_agency_state", (*agency, state), one.state is state)
    labels = (*agency, one.party.sector, one.party.way, province_of(agreement))
    yield Sample("dancu_agency_info", labels, 1)
    if one.last_contact is not None:
        yield Sample("dancu_agency_last_contact_timestamp_seconds", agency, one.last_contact / 1000)


def province_of(agreement: Agreement | None) -> str:
    """Return the province of an agency that may have events of one only, else nothing."""
    provinces = agreement.population.provinces if agreement is not None else None
    return next(iter(provinces)) if provinces is not None and len(provinces) == 1 else ""


def of_edge(engine: sa.Engine) -> Iterator[Sample]:
    """Say what counters have reported, from the database of the deliveries."""
    d, a, c = edge.devices.c, edge.alerts.c, edge.tallies.c
    seen = (
        sa.select(d.site_id, sa.func.max(d.province), sa.func.max(d.last_seen_at))
        .where(d.revoked_at.is_(None), d.last_seen_at.is_not(None))
        .group_by(d.site_id)
        .order_by(d.site_id)
    )
    results = sa.select(c.outcome, sa.func.sum(c.count)).group_by(c.outcome).order_by(c.outcome)
    alerts = sa.select(a.kind, sa.func.count()).where(a.acknowledged_at.is_(None)).group_by(a.kind).order_by(a.kind)
    with reading(engine) as connection:
        sites = [(str(site), province or "", int(at)) for site, province, at in connection.execute(seen)]
        told = Counter[str]()
        result = Limited(_FEW)
        for outcome, count in connection.execute(results):
            told[result(outcome)] += int(count)
        kinds = dict.fromkeys(map(str, Kind), 0) | {str(kind): int(n) for kind, n in connection.execute(alerts)}
    yield from _of_sites(sites)
    yield from (Sample("dancu_card_verifications_total", (name,), count) for name, count in told.items())
    yield from (Sample("dancu_edge_alerts", (kind,), count) for kind, count in kinds.items())


def _of_sites(sites: Sequence[tuple[str, str, int]]) -> Iterator[Sample]:
    """The first as they are, and of all others the one that was heard of longest ago."""
    name, shown = "dancu_edge_site_last_seen_timestamp_seconds", Limited()
    yield from (Sample(name, (shown(site), province), at / 1000) for site, province, at in sites[:MOST])
    if len(sites) > MOST:
        yield Sample(name, (OTHER, ""), min(at for _, _, at in sites[MOST:]) / 1000)


def of_feeds(silences: Iterable[Silence]) -> Iterator[Sample]:
    """Say which feeds are silent, of those in which there ever was anything.

    Of those above the limit, the longest silence, and whether any should speak.
    """
    shown, found = Limited(), dict[str, tuple[float, float | None, bool]]()
    for one in silences:
        if one.last_at is None:
            continue
        feed = shown(one.feed)
        longest, expected, silent = found.get(feed, (0.0, None, False))
        found[feed] = (max(longest, one.silent_seconds), expected or one.expected_seconds, silent or one.silent)
    for feed, (longest, expected, silent) in found.items():
        yield Sample("dancu_feed_silence_seconds", (feed,), longest)
        yield Sample("dancu_feed_silent", (feed,), silent)
        if expected is not None:
            yield Sample("dancu_feed_expected_silence_seconds", (feed,), expected)


def of_procedures(counts: Mapping[tuple[str, str], int]) -> Iterator[Sample]:
    """Say how the cases of linked procedures stand, of each that has any."""
    for procedure in sorted({procedure for procedure, _ in counts}):
        for state in _CASES:
            yield Sample("dancu_procedure_cases", (procedure, state), counts.get((procedure, state), 0))


class Replays:
    """Counts replays and what is in them. One that has ended is counted once: it may be large, and stays as it is."""

    def __init__(self, engine: sa.Engine) -> None:
        """`engine`: the database of the deliveries."""
        self._engine = engine
        self._settled: set[str] = set()
        self._items: Counter[str] = Counter()

    def __call__(self) -> Iterator[Sample]:
        """Say how many there are."""
        with reading(self._engine) as connection:
            states = {
                str(row.id): str(row.state) for row in connection.execute(sa.select(replays.c.id, replays.c.state))
            }
            counts = self._counted(connection, [replay for replay in states if replay not in self._settled])
        live: Counter[str] = Counter()
        for replay, found in counts.items():
            ended = states[replay] in _ENDED and not any(found[state] for state in _UNSETTLED)
            (self._items if ended else live).update(found)
            if ended:
                self._settled.add(replay)
        of_state = Counter(states.values())
        yield from (Sample("dancu_replays", (state,), of_state[state]) for state in ReplayState)
        yield from (Sample("dancu_replay_items", (state,), self._items[state] + live[state]) for state in ItemState)

    def _counted(self, connection: sa.Connection, wanted: Sequence[str]) -> dict[str, Counter[str]]:
        counts: dict[str, Counter[str]] = {replay: Counter() for replay in wanted}
        query = sa.select(items.c.replay, items.c.state, sa.func.count()).group_by(items.c.replay, items.c.state)
        if wanted:
            for replay, state, count in connection.execute(query.where(among(items.c.replay, wanted))):
                counts[replay][state] = count
        return counts
