"""Gives the console its parts of the hub."""

from __future__ import annotations

from deploy.bootstrap import Hub, now_ms
from deploy.counters import thresholds_of
from deploy.edge.words import CODES
from deploy.procedures import procedures_of
from deploy.replaying import desk_of, failures_of
from deploy.targets import targets_of
from deploy.viewpoint import Viewpoint
from deploy.web.marking import marking
from deploy.web.outlook import outlook_of
from hub.access import Tokens
from hub.access.bearer import ByToken
from hub.access.looks import Looks
from hub.access.sessions import Sessions
from hub.activity import Activity
from hub.procedures.store import Cases
from hub.registers.today import Today
from monitoring.console import Parts
from monitoring.console.repair.persons import Persons as FilteredPersons
from monitoring.console.visitor import BySession
from monitoring.evidence import Stores
from monitoring.looking import Looking
from monitoring.person.file import PersonFiles
from monitoring.procedures import Names


def parts_of(hub: Hub, viewpoint: Viewpoint) -> Parts:
    """Return what the console's pages work with."""
    stores = Stores(hub.log, hub.registers_db, hub.deliveries_db)
    tokens, sessions = Tokens(hub.deliveries_db), Sessions(hub.deliveries_db)
    by_session = BySession(sessions, now_ms)
    return Parts(
        now=now_ms,
        deliveries=hub.deliveries_db,
        agreements=hub.rules.agreements,
        tokens=tokens,
        sessions=sessions,
        identify=by_session,
        lately=by_session.lately,
        authenticate=ByToken(tokens, now_ms),
        standing=viewpoint.standing,
        activity=Activity(hub.deliveries_db),
        outlook=outlook_of(hub, viewpoint),
        targets=targets_of(hub.settings),
        registers=hub.registers_db,
        looking=Looking(stores, hub.rules, Today(hub.registers_db), hub.entitlement()),
        persons=PersonFiles(hub.registers_db, hub.log, hub.rules.catalogue, hub.rules.agreements),
        looks=Looks(hub.deliveries_db),
        mark=marking(hub),
        thresholds=thresholds_of(hub.settings),
        card_failures={code.value: words for code, words in CODES.items()},
        cases=Cases(hub.deliveries_db),
        procedures=Names(procedures_of(hub.settings, hub.rules.catalogue, hub.agencies), hub.rules.agreements),
        catalogue=hub.rules.catalogue,
        log=hub.log,
        contacts=hub.contacts,
        pushed=hub.pushed,
        desk=desk_of(hub),
        failures=failures_of(hub),
        filtered_persons=FilteredPersons(now_ms),
    )
