"""What no schema can say about an event: numbers that can't be, dates in the future, a death before the birth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from schemas.catalogue import EventType
from schemas.conversion import ImpossibleValue, iso_date
from schemas.reference.numbers import ImpossibleNumber, PersonalNumber, disagreement, read_number
from schemas.reference.units import current_province

_DAY = 86_400_000
#: Vietnam is seven hours ahead of UTC.
_VIETNAM = 7 * 3_600_000
#: How far a sender's clock may run ahead of ours, in milliseconds.
_CLOCK_TOLERANCE = 5 * 60_000


class Broken(Exception):
    """An event breaks a rule: `reason` is a stable code, `detail` says it in words, without personal data."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Demands:
    """What the rules ask of one event type, worked out once from its schema."""

    required: frozenset[str]
    past_days: tuple[str, ...]
    past_times: tuple[str, ...]
    numbers: tuple[str, ...]
    addresses: tuple[str, ...]
    #: The event says sex and birth date as they were registered at birth: they must fit the number.
    is_vital: bool


@cache
def demands_of(kind: EventType) -> Demands:
    """Return what the rules ask of an event type."""
    past = [field for field in kind.payload if field.past]
    days = tuple(f.name for f in past if isinstance(f.type, dict) and f.type.get("logicalType") == "date")
    return Demands(
        required=frozenset(field.name for field in kind.payload if field.required),
        past_days=days,
        past_times=tuple(field.name for field in past if field.name not in days),
        numbers=tuple(field.name for field in kind.payload if field.number),
        addresses=tuple(sorted(kind.address_fields)),
        is_vital=kind.name in ("BirthRegistered", "DeathRegistered"),
    )


def check_names(event: Mapping[str, Any]) -> None:
    """Refuse ids with characters that can't be shown: they would steer an operator's terminal. Raises `Broken`."""
    for name in ("id", "factid", "previousid", "bulkid"):
        if not (event.get(name) or "").isprintable():
            raise Broken("unprintable", f"{name}: holds a character that can't be shown")


def check_change(event: Mapping[str, Any], kind: EventType) -> None:
    """Refuse a change that the matrix forbids, and one that doesn't say what it refers to. Raises `Broken`."""
    change = event["change"]
    if change not in kind.changes:
        allowed = ", ".join(sorted(kind.changes))
        raise Broken("forbidden_change", f"{kind.name} can't be {change}; allowed: {allowed}")
    if change != "CREATED" and event.get("previousid") is None:
        raise Broken("missing_previous", f"previousid: {change} must name the event it refers to")


def check_payload(
    event: Mapping[str, Any], payload: Mapping[str, Any], kind: EventType, person: PersonalNumber, now: int
) -> None:
    """Refuse what can't be. Raises `Broken`.

    `payload` is in Avro form (days, milliseconds), `person` is the subject's number, `now` in milliseconds.
    A correction of sex or birth year comes under a number that disagrees by nature; a new number is made then
    (Circular 59/2021/TT-BCA, article 6). So only a first registration must agree with its number.
    """
    demands, subject, change = demands_of(kind), event["subject"], event["change"]
    for name in demands.numbers:
        if (value := payload.get(name)) is not None:
            for number in (value,) if isinstance(value, str) else value:
                read_person(f"data.{name}", number)
    _check_dates(payload, demands, person, now)
    if demands.is_vital and change == "CREATED":
        _check_birth(payload, person)
    if kind.name in _OWN_RULES and payload:
        _OWN_RULES[kind.name](subject, payload)


def check_times(occurred_at: int, registered_at: int, birth_year: int, now: int) -> None:
    """Refuse times in the future, and what was before the birth. All in milliseconds. Raises `Broken`."""
    latest = now + _CLOCK_TOLERANCE
    for name, value in (("time", occurred_at), ("registeredat", registered_at)):
        if value > latest:
            raise Broken("future_date", f"{name}: is in the future")
    if _year((occurred_at + _VIETNAM) // _DAY) < birth_year:
        raise Broken("before_birth", "time: is before the birth year in the personal number")


def read_person(path: str, number: str) -> PersonalNumber:
    """Read a personal number that stands at `path`. Raises `Broken`, never with the number."""
    try:
        return read_number(number)
    except ImpossibleNumber as problem:
        raise Broken("impossible_number", f"{path}: {problem.reason}") from None


def current_province_of(path: str, address: Mapping[str, Any]) -> str:
    """Return today's code of the province an address lies in. Raises `Broken` for a code that is on no list."""
    try:
        return current_province(address["code_system"], address["province_code"])
    except KeyError:
        raise Broken("unknown_place", f"{path}.province_code: is not on the list {address['code_system']}") from None


def _check_dates(payload: Mapping[str, Any], demands: Demands, person: PersonalNumber, now: int) -> None:
    today = (now + _VIETNAM) // _DAY
    for name in demands.past_days:
        day = payload.get(name)
        if day is None:
            continue
        if day > today:
            raise Broken("future_date", f"data.{name}: is in the future")
        if name != "born_on" and _year(day) < person.birth_year:
            reason = "death_before_birth" if name == "died_on" else "before_birth"
            raise Broken(reason, f"data.{name}: is before the birth year in the personal number")
    for name in demands.past_times:
        moment = payload.get(name)
        if moment is not None and moment > now + _CLOCK_TOLERANCE:
            raise Broken("future_date", f"data.{name}: is in the future")


def _check_birth(payload: Mapping[str, Any], person: PersonalNumber) -> None:
    sex, born_on, died_on = payload.get("sex"), payload.get("born_on"), payload.get("died_on")
    if disagreement(person, sex=sex):
        raise Broken("impossible_number", "data.sex: differs from the sex in the personal number")
    if born_on is not None and disagreement(person, born_on=date.fromisoformat(iso_date(born_on))):
        raise Broken("impossible_number", "data.born_on: differs from the birth year in the personal number")
    if born_on is not None and died_on is not None and died_on < born_on:
        raise Broken("death_before_birth", "data.died_on: is before data.born_on")


def _check_number_change(subject: str, payload: Mapping[str, Any]) -> None:
    old, new = payload.get("old_number"), payload.get("new_number")
    if old == new:
        raise Broken("same_number", "data.new_number: is the same as data.old_number")
    if subject not in (old, new):
        raise Broken("other_subject", "subject: must be data.old_number or data.new_number")


def _check_merge(subject: str, payload: Mapping[str, Any]) -> None:
    if subject in payload.get("merged_numbers", ()):
        raise Broken("same_number", "data.merged_numbers: must not hold the subject, who survives")


def _check_spouse(subject: str, payload: Mapping[str, Any]) -> None:
    if payload.get("spouse_number") == subject:
        raise Broken("same_number", "data.spouse_number: is the subject")


_OWN_RULES = {
    "PersonalNumberChanged": _check_number_change,
    "PersonsMerged": _check_merge,
    "MarriageRegistered": _check_spouse,
    "MarriageEnded": _check_spouse,
}


@cache
def _year(day: int) -> int:
    return int(iso_date(day)[:4])


__all__ = ["Broken", "ImpossibleValue", "check_change", "check_payload", "check_times", "read_person"]
