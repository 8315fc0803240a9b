"""Compares what the agencies applied with what the reference model expects, in plain words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from deploy.demo.expectation import Due, Expected


class Applied(NamedTuple):
    """One event as an agency applied it."""

    event_id: str
    subject: str
    #: The fields of its view.
    body: Mapping[str, Any]


def compare(expected: Expected, actual_by_agency: Mapping[str, Sequence[Applied]]) -> list[str]:
    """Return the differences, each a sentence without personal data; an empty list when all is as it must be.

    `actual_by_agency`: what each agency applied, in the order in which it did.
    """
    found = [
        f"{agency}: not known to the model, has {len(actual_by_agency[agency])} events"
        for agency in actual_by_agency.keys() - expected.due.keys()
    ]
    for agency, due in expected.due.items():
        actual = actual_by_agency.get(agency, ())
        found += [f"{agency}: {difference}" for difference in _of_agency(expected, due, actual)]
    return sorted(found)


def _of_agency(expected: Expected, due: Sequence[Due], actual: Sequence[Applied]) -> list[str]:
    wanted = {one.event_id: one for one in due}
    times = Counter(applied.event_id for applied in actual)
    found = [f"{event_id} is missing" for event_id in wanted.keys() - times.keys()]
    found += [f"{event_id} is not for this agency" for event_id in times.keys() - wanted.keys()]
    found += [f"{event_id} was applied {n} times" for event_id, n in times.items() if n > 1]
    for applied in actual:
        if one := wanted.get(applied.event_id):
            found += _of_event(expected, one, applied)
    return found + _out_of_order(due, actual)


def _of_event(expected: Expected, due: Due, applied: Applied) -> list[str]:
    found = []
    if applied.subject not in due.subjects | {expected.person(due.person)}:
        found.append(f"{applied.event_id} names the person by a number that was not valid")
    if not due.addresses and shows_address(applied.body):
        found.append(f"{applied.event_id} shows an address of a protected person")
    if due.change == "ANNULLED" and any(value is not None for value in applied.body.values()):
        found.append(f"{applied.event_id} is an annulment and carries a payload")
    return found


def _out_of_order(due: Sequence[Due], actual: Sequence[Applied]) -> list[str]:
    """Compare the order of each number's events and of those that came after it under the number that replaced it.

    Two persons who are merged later were two before: between their events until then there is no order.
    """
    there = {applied.event_id for applied in actual}
    numbers = {one.event_id: {one.person, *one.earlier} for one in due}
    wanted: dict[str, list[str]] = defaultdict(list)
    for one in due:
        for number in numbers[one.event_id] if one.event_id in there else ():
            wanted[number].append(one.event_id)
    got: dict[str, list[str]] = defaultdict(list)
    for event_id in dict.fromkeys(applied.event_id for applied in actual):
        for number in numbers.get(event_id, ()):
            got[number].append(event_id)
    found: set[str] = set()
    for number, order in wanted.items():
        pairs = zip(order, got[number], strict=True)
        first = next(((should, did) for should, did in pairs if should != did), None)
        if first is not None:
            found.add(f"{first[1]} was applied before {first[0]} of the same person")
    return sorted(found)


def shows_address(value: Any) -> bool:
    """Return whether an address, or a part of one, is anywhere in a value."""
    if isinstance(value, Mapping):
        if any(value.get(part) is not None for part in ("code_system", "province_code", "ward_code", "detail")):
            return True
        return any(shows_address(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(shows_address(item) for item in value)
    return False
