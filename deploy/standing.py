"""How a hub and its agencies stand, in one look: for the command line, the console and the metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deploy.bootstrap import Hub, now_ms
from deploy.groups import contacts_of
from hub.contacts import Contact
from monitoring.connections import Connection, Party, by_sector, connection_of
from monitoring.standing import Standing
from monitoring.status import AgencyStatus, agency_status, read_status


def standing_of(hub: Hub, targets: Mapping[str, int]) -> Standing:
    """Look at everything once; `targets`: sector → how many agencies shall be connected."""
    now, known = now_ms(), contacts_of(hub)
    fetching = {name: known.get(name, Contact(name)) for name in hub.fetching}
    status = read_status(hub.log, hub.registers_db, hub.deliveries_db, hub.agencies, fetching)
    connections = _connections(hub, now, known, status.agencies)
    return Standing(now, status, connections, by_sector(connections, targets))


def connections_of(hub: Hub, now: int) -> Sequence[Connection]:
    """Return how every agency is connected at `now` (ms since 1970 UTC)."""
    known, fetching = contacts_of(hub), set(hub.fetching)
    statuses = {
        name: agency_status(
            hub.log, hub.deliveries_db, name, known.get(name, Contact(name)) if name in fetching else None
        )
        for name in hub.agencies
    }
    return _connections(hub, now, known, statuses)


def _connections(
    hub: Hub, now: int, known: Mapping[str, Contact], statuses: Mapping[str, AgencyStatus]
) -> Sequence[Connection]:
    found = []
    for name, a in hub.rules.agreements.by_agency.items():
        party = Party(name, a.name_vi, a.name_en, a.sector, a.delivery["way"])
        found.append(connection_of(party, known.get(name, Contact(name)), statuses[name], now))
    return found
