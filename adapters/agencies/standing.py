"""Which facts hold now: folds a person's events, in the order they were applied, into facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from adapters.agencies.dates import vietnam_date


class Applied(NamedTuple):
    """One event as an agency's system has kept it."""

    #: Rises in the order in which the system applied its events.
    order: int
    event_id: str
    #: The personal number it came under.
    subject: str
    type: str
    #: CREATED, CORRECTED, ANNULLED or CEASED.
    change: str
    fact_id: str
    fact_version: int
    previous_event_id: str | None
    #: RFC 3339 in UTC.
    occurred_at: str
    registered_at: str
    data: Mapping[str, Any]


class Fact(NamedTuple):
    """One act of a register, as its latest version tells it."""

    type: str
    fact_id: str
    version: int
    #: The number that its first event came under.
    subject: str
    #: The order of its first event: a correction does not make a fact younger.
    order: int
    #: When the register wrote the latest version, RFC 3339.
    registered_at: str
    #: The fields of the latest version that had any; an annulled fact keeps those it had.
    data: Mapping[str, Any]
    #: ISO date on which it ended, or None while it goes on.
    ceased_on: str | None = None
    #: True when it should never have existed.
    annulled: bool = False


class Standing:
    """A person's facts by type, each list in the order in which the facts became known."""

    __slots__ = ("_by_type",)

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by_type: dict[str, list[Fact]] = {}
        for fact in facts:
            self._by_type.setdefault(fact.type, []).append(fact)

    def known(self, kind: str) -> Sequence[Fact]:
        """Return every fact of a type, the ended and the annulled ones too."""
        return self._by_type.get(kind, ())

    def true(self, kind: str) -> Sequence[Fact]:
        """Return the facts of a type that hold or have held: all but the annulled ones."""
        return [fact for fact in self._by_type.get(kind, ()) if not fact.annulled]

    def last(self, kind: str) -> Fact | None:
        """Return the fact of a type that became known last and goes on, or None."""
        latest_first = reversed(self._by_type.get(kind, ()))
        return next((f for f in latest_first if not f.annulled and f.ceased_on is None), None)

    def any(self) -> bool:
        """Tell whether anything at all is known, even if only that it never was."""
        return bool(self._by_type)

    def any_true(self) -> bool:
        """Tell whether anything at all is known that was not annulled."""
        return any(not fact.annulled for facts in self._by_type.values() for fact in facts)


class Fold:
    """The facts so far; `add` takes the next event. Norway's PDL is the model for the four changes."""

    __slots__ = ("_facts", "_home_of_event", "_home_of_fact")

    def __init__(self) -> None:
        self._facts: dict[tuple[str, str], Fact] = {}
        # A correction may come under another fact id than what it corrects: both live in one home.
        self._home_of_event: dict[str, tuple[str, str]] = {}
        self._home_of_fact: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, event: Applied) -> None:
        """Take one event. An older version than the one held changes nothing."""
        home = self._home(event)
        held = self._facts.get(home)
        late = held is not None and held.fact_id == event.fact_id and event.fact_version < held.version
        if not late:
            self._facts[home] = _next_version(held, event)

    def standing(self) -> Standing:
        """Return the facts as they stand after the events taken so far."""
        return Standing(self._facts.values())

    def _home(self, event: Applied) -> tuple[str, str]:
        own = (event.type, event.fact_id)
        home = self._home_of_fact.get(own)
        if home is None:
            named = self._home_of_event.get(event.previous_event_id or "", own)
            home = named if named[0] == event.type else own
            self._home_of_fact[own] = home
        self._home_of_event[event.event_id] = home
        return home


def standing(events: Iterable[Applied]) -> Standing:
    """Fold events, in the order they were applied, into the facts that stand. Pure."""
    fold = Fold()
    for event in events:
        fold.add(event)
    return fold.standing()


def _next_version(held: Fact | None, event: Applied) -> Fact:
    before: Mapping[str, Any] = held.data if held else {}
    data, ceased_on, annulled = event.data, None, False
    if event.change == "ANNULLED":
        data, annulled = before, True
        ceased_on = held.ceased_on if held else None
    elif event.change == "CEASED":
        data, ceased_on = {**before, **event.data}, vietnam_date(event.occurred_at)
    return Fact(
        type=event.type,
        fact_id=event.fact_id,
        version=event.fact_version,
        subject=held.subject if held else event.subject,
        order=held.order if held else event.order,
        registered_at=event.registered_at,
        data=data,
        ceased_on=ceased_on,
        annulled=annulled,
    )
