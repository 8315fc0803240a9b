"""The console's pages, one module each. A new page is listed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fastapi import APIRouter

from monitoring.console.parts import Parts
from monitoring.console.routes.agency import add_agency
from monitoring.console.routes.audit import add_audit
from monitoring.console.routes.connections import add_connections
from monitoring.console.routes.edge import add_edge
from monitoring.console.routes.events import add_events
from monitoring.console.routes.failures import add_failures
from monitoring.console.routes.login import add_login
from monitoring.console.routes.overview import add_overview
from monitoring.console.routes.persons import add_persons
from monitoring.console.routes.preferences import add_preferences
from monitoring.console.routes.procedures import add_procedures
from monitoring.console.routes.replay import add_replay
from monitoring.console.routes.replays import add_replays

PAGES: Final[Sequence[Callable[[APIRouter, Parts], None]]] = (
    add_login,
    add_preferences,
    add_overview,
    add_connections,
    add_agency,
    add_failures,
    add_replays,
    add_replay,
    add_audit,
    add_edge,
    add_events,
    add_persons,
    add_procedures,
)
