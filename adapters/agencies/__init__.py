"""The agencies' own SQL systems. A new one is one new module here with an `AGENCY`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from adapters.agencies.agency import Agency
from adapters.agencies.sql_system import SqlSystem
from hub.database import open_database


def _found() -> dict[str, Agency]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.AGENCY.name: module.AGENCY for module in modules if hasattr(module, "AGENCY")}


#: Every agency that has rules of its own, by name.
AGENCIES: Mapping[str, Agency] = MappingProxyType(_found())


def open_agency(name: str, url: str) -> SqlSystem:
    """Return the system of an agency over the database at `url`; nothing is opened before the first delivery.

    A name without a module of its own gets a plain system that keeps `applied_events` and nothing else.
    """
    return SqlSystem(AGENCIES.get(name) or Agency(name=name), open_database(url, secure_delete=True))
