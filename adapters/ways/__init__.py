"""The ways in which agencies receive events. A new one: a module here with a `WAY`, a schema in `schemas/ways`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from adapters.ways.way import Place, Way, WayProblem

__all__ = ["WAYS", "Place", "Way", "WayProblem"]


def _found() -> dict[str, Way]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.WAY.name: module.WAY for module in modules if hasattr(module, "WAY")}


#: Every way, by the name that agreements use.
WAYS: Mapping[str, Way] = MappingProxyType(_found())
