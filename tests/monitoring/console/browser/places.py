"""Every page of the console, as the scene has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from tests.monitoring.console.scene import Facts


class Place(NamedTuple):
    """A page, who looks at it, and where it is in the scene."""

    operator: str | None
    path: Callable[[Facts], str]


def _at(path: str, operator: str | None = "lan") -> Place:
    return Place(operator, lambda _: path)


PLACES: Final = {
    "login": _at("/console/login", None),
    "overview": _at("/console"),
    "connections": _at("/console/connections"),
    "localities": _at("/console/connections?sector=locality"),
    "agency with failures": _at("/console/agencies/land"),
    "agency that fails": _at("/console/agencies/electricity"),
    "agency that is suspended": _at("/console/agencies/province_96"),
    "failures": _at("/console/failures"),
    "failures of one agency": _at("/console/failures?agency=tax"),
    "replays": _at("/console/replays"),
    "replay that waits": Place("minh", lambda facts: f"/console/replays/{facts.plans['waiting']}"),
    "replay that was cancelled": Place("lan", lambda facts: f"/console/replays/{facts.plans['cancelled']}"),
    "events": _at("/console/events"),
    "event": Place("lan", lambda facts: f"/console/events/{facts.by_type['DeathRegistered'][0]}"),
    "event of few agencies": Place("lan", lambda facts: f"/console/events/{facts.by_type['IdentityCardIssued'][0]}"),
    "event that is parked": Place("lan", lambda facts: f"/console/events/{facts.parked['tax'][0]}"),
    "duplicate": Place("lan", lambda facts: f"/console/events/{facts.by_intent['same_vital'][0]}"),
    "persons": _at("/console/persons"),
    "procedures": _at("/console/procedures"),
    "edge sites": _at("/console/edge"),
    "audit": _at("/console/audit", "thu"),
}
