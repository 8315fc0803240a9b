"""Who is who: which personal numbers belong to one person, and which of them is valid now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from adapters.agencies.standing import Standing

#: The event types that join numbers.
IDENTITY_TYPES = frozenset({"PersonalNumberChanged", "PersonsMerged"})
#: The payload fields that name another person.
MENTIONS = ("mother_number", "father_number", "spouse_number")

#: The numbers given up, and the one that goes on.
Link = tuple[Sequence[str], str]


def link(kind: str, subject: str, data: Mapping[str, Any]) -> Link | None:
    """Return what an event of an identity type joins, or None when it carries no payload."""
    if kind == "PersonalNumberChanged" and data.get("new_number"):
        return [data["old_number"]], data["new_number"]
    if kind == "PersonsMerged" and data.get("merged_numbers"):
        return data["merged_numbers"], subject
    return None


def links(facts: Standing) -> Iterator[Link]:
    """Yield what stands joined, in the order in which it became known."""
    standing = [fact for kind in IDENTITY_TYPES for fact in facts.true(kind)]
    for fact in sorted(standing, key=lambda fact: fact.order):
        if joined := link(fact.type, fact.subject, fact.data):
            yield joined


def replaced_numbers(joined: Iterable[Link]) -> dict[str, str]:
    """Return every number that is no longer valid with the one that is. Pure; knows no cycles.

    A change back to an earlier number of the same person makes that one valid again.
    """
    person: dict[str, str] = {}
    for olds, new in joined:
        olds = [old for old in olds if old != new]
        goes_on = person.get(new, new)
        if any(person.get(old, old) == goes_on for old in olds):
            goes_on = new
        ended = {person.get(number, number) for number in (*olds, new)}
        members = {number for number, current in person.items() if current in ended} | ended | {*olds, new}
        person.update(dict.fromkeys(members, goes_on))
    return {number: current for number, current in person.items() if number != current}
