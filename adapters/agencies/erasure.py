"""What an agency may no longer keep: addresses if strictly protected, all without consent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from adapters.agencies.agency import Agency
from adapters.agencies.standing import Applied, Fold, Standing

PROTECTION = "AddressProtectionChanged"


def protection(facts: Standing) -> str:
    """Return the protection level in force: NONE, CONFIDENTIAL or STRICT."""
    going_on = [fact for fact in facts.true(PROTECTION) if fact.ceased_on is None]
    if not going_on:
        return "NONE"
    latest = max(going_on, key=lambda fact: (fact.data.get("valid_from") or "", fact.order))
    return str(latest.data.get("level") or "NONE")


def without_addresses(value: Any) -> Any:
    """Return a payload with every address gone, at any depth: what has a code system and a province."""
    if isinstance(value, Mapping):
        return {key: without_addresses(item) for key, item in value.items() if not _is_address(item)}
    if isinstance(value, list):
        return [without_addresses(item) for item in value if not _is_address(item)]
    return value


def redacted(agency: Agency, events: Sequence[Applied]) -> Sequence[Applied]:
    """Return a person's events without what must not be kept. Pure.

    Decided by the order of the events alone, never by how they were batched: what came before a demand to
    erase stays erased, also when the demand is lifted later.
    """
    strict = _last(events, frozenset({PROTECTION}), lambda facts: protection(facts) == "STRICT")
    forget = _last(events, agency.remembers, agency.forgets)
    if not strict and not forget:
        return events
    kept = []
    for place, event in enumerate(events, start=1):
        data = event.data
        if place <= forget and event.type not in agency.remembers:
            data = {}
        elif place <= strict:
            data = without_addresses(data)
        kept.append(event if data == event.data else event._replace(data=data))
    return kept


def _last(events: Sequence[Applied], deciding: Set[str], demands: Callable[[Standing], bool]) -> int:
    """Return how many events, from the first on, fall under the last demand to erase; 0 for none."""
    if not any(event.type in deciding for event in events):
        return 0
    fold, last, demanded = Fold(), 0, False
    for place, event in enumerate(events, start=1):
        fold.add(event)
        if event.type in deciding:
            demanded = demands(fold.standing())
        if demanded:
            last = place
    return last


def _is_address(value: Any) -> bool:
    return isinstance(value, Mapping) and "code_system" in value and "province_code" in value
