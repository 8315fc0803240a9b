"""SQL: the hub writes into the agency's own database, by the agency's own rules (`adapters.agencies`)."""

from __future__ import annotations

from adapters.agencies import open_agency
from adapters.ways.way import Place, Way, WayProblem
from hub.agreements import Agreement
from hub.database import sqlite_url
from hub.destination import Destination


def _open(agreement: Agreement, place: Place) -> Destination:
    return open_agency(agreement.agency, database_url(agreement, place))


def database_url(agreement: Agreement, place: Place) -> str:
    """Return where the database is: from the environment variable that the agreement names, or a file.

    Raises `WayProblem` when the variable is not set.
    """
    variable = agreement.delivery.get("url_env")
    if variable is None:
        return sqlite_url(place.folder / f"{agreement.agency}.db")
    if variable not in place.environment:
        raise WayProblem(f"{variable}: not set; the agreement of {agreement.agency} takes its database URL from it")
    return place.environment[variable]


WAY = Way("sql", _open)
