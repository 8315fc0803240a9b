"""What a way of delivery is: how the system of an agency is opened whose agreement names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.agreements import Agreement
from hub.contacts.endpoints import Endpoints
from hub.destination import Destination
from schemas.catalogue import Catalogue


class WayProblem(Exception):
    """An agency's system can't be opened as its agreement says. Says which setting is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """What every way may use of where the hub runs."""

    #: A folder for the agencies' files in the home of the hub; it may not be there yet.
    folder: Path
    catalogue: Catalogue
    #: Secrets and addresses come from here.
    environment: Mapping[str, str]
    #: Which endpoints have agreed to get events; None: nothing is kept.
    endpoints: Endpoints | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way of delivery. Its settings are in `schemas/ways/{name}.schema.json`."""

    name: str
    #: Returns what events are handed to, without asking anybody anything yet. Raises `WayProblem`. None: nothing is
    #: handed out, the agency comes and fetches.
    open: Callable[[Agreement, Place], Destination] | None
