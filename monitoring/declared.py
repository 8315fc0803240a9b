"""What a metric is called, what it counts and which labels it has: said once, for the exposition and for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from hub.discretion import hidden_numbers

#: What stands for everything above a label's limit.
OTHER: Final = "other"
#: Of labels that come from outside (sites, feeds, reasons), so many different values are shown.
MOST: Final = 500


class Declared(NamedTuple):
    """One metric."""

    #: As Prometheus shows it, a counter's with `_total`.
    name: str
    #: counter, gauge or histogram.
    kind: str
    #: What one is: `seconds`, `events`, or whatever is counted.
    unit: str
    labels: tuple[str, ...]
    help: str

    @property
    def bare(self) -> str:
        """The name without a counter's `_total`, as Prometheus's client wants it."""
        return self.name.removesuffix("_total")

    @property
    def base_unit(self) -> str:
        """The unit where it is part of the name, else nothing: OpenMetrics shows no other."""
        return self.unit if self.bare.endswith(f"_{self.unit}") else ""


def counter(name: str, unit: str, labels: str, text: str) -> Declared:
    """Declare what only rises. `labels` are names with blanks between."""
    return Declared(name, "counter", unit, tuple(labels.split()), text)


def gauge(name: str, unit: str, labels: str, text: str) -> Declared:
    """Declare what rises and falls."""
    return Declared(name, "gauge", unit, tuple(labels.split()), text)


def histogram(name: str, labels: str, text: str) -> Declared:
    """Declare times of which the distribution is shown."""
    return Declared(name, "histogram", "seconds", tuple(labels.split()), text)


def by_name(*declared: Declared) -> Mapping[str, Declared]:
    """Return them by name. Raises ValueError for a name that is there twice."""
    names = [one.name for one in declared]
    if len(set(names)) < len(names):
        raise ValueError(f"declared twice: {sorted(name for name in names if names.count(name) > 1)}")
    return MappingProxyType({one.name: one for one in declared})


class Limited:
    """The values of a label that comes from outside: the first `most` as they are, without personal numbers."""

    def __init__(self, most: int = MOST, known: Iterable[str] = ()) -> None:
        self._most = most
        self._known = {value: value for value in known}

    def __call__(self, value: str) -> str:
        """Return what the label shows."""
        shown = self._known.get(value)
        if shown is None:
            if len(self._known) >= self._most:
                return OTHER
            shown = self._known[value] = hidden_numbers(value)
        return shown
