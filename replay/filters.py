"""Reads a selection: the same names and forms in JSON, in a URL and on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from replay.selection import BadSelection, Selection
from schemas.conversion import millis

_PERSON = re.compile(r"[0-9]{12}")
#: A date alone is its midnight in Vietnam.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MIDNIGHT = "T00:00:00+07:00"
_RANGE = re.compile(r"(?P<min>[0-9]{0,6})(?P<to>\.\.)?(?P<max>[0-9]{0,6})")
#: The filters by name.
NAMES: Final = (
    "agency",
    "type",
    "error_class",
    "since",
    "until",
    "attempts",
    "persons",
    "event_ids",
    "quarantined",
    "all",
)
#: Ids or persons that one selection may name.
_MOST = 10_000
#: No delivery was ever tried so often.
_OFTEN = 1_000_000


def selection_of(content: Any) -> Selection:
    """Read a selection from JSON. Raises `BadSelection`, without what stands in it."""
    if not isinstance(content, dict):
        raise BadSelection("a selection is a JSON object")
    unknown = sorted(set(content) - set(NAMES))
    if unknown:
        raise BadSelection(f"unknown filter; allowed: {', '.join(NAMES)}")
    persons = _texts(content, "persons")
    if any(not _PERSON.fullmatch(number) for number in persons or ()):
        raise BadSelection("persons: a personal number has 12 digits")
    attempts = _attempts(content.get("attempts"))
    return Selection(
        agency=_text(content, "agency"),
        event_ids=_texts(content, "event_ids"),
        persons=persons,
        error_class=_text(content, "error_class"),
        type=_text(content, "type"),
        since=_moment(content, "since"),
        until=_moment(content, "until"),
        attempts_min=_count(attempts, "min"),
        attempts_max=_count(attempts, "max"),
        quarantined=_flag(content, "quarantined"),
        everything=_flag(content, "all"),
    ).checked()


def _attempts(value: Any) -> Mapping[str, Any]:
    """Read `3`, `3..`, `..3` or `1..5`, or the object that a selection writes."""
    if isinstance(value, str) and (found := _RANGE.fullmatch(value)) and (found["min"] or found["max"]):
        ends = {"min": found["min"], "max": found["max"] if found["to"] else found["min"]}
        return {name: int(end) for name, end in ends.items() if end}
    if value is None or (isinstance(value, dict) and not set(value) - {"min", "max"}):
        return value or {}
    raise BadSelection('attempts: is a number or two with dots between: 3, 3.. or 1..5; or {"min": 1, "max": 5}')


def _text(content: Mapping[str, Any], name: str) -> str | None:
    value = content.get(name)
    if value is not None and not _is_text(value):
        raise BadSelection(f"{name}: is a text that is not empty")
    return value


def _texts(content: Mapping[str, Any], name: str) -> Sequence[str] | None:
    value = content.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(map(_is_text, value)):
        raise BadSelection(f"{name}: is a list of texts that is not empty")
    if len(value) > _MOST:
        raise BadSelection(f"{name}: at most {_MOST:,} at once; use another filter")
    return list(dict.fromkeys(value))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()


def _moment(content: Mapping[str, Any], name: str) -> int | None:
    value = content.get(name)
    if value is None:
        return None
    try:
        return millis(f"{value}{_MIDNIGHT}" if _DATE.fullmatch(value) else value)
    except (TypeError, ValueError, OverflowError):
        raise BadSelection(f"{name}: is a time with its offset, such as 2026-11-22T08:00:00+07:00, or a date") from None


def _count(content: Mapping[str, Any], name: str) -> int | None:
    value = content.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _OFTEN):
        raise BadSelection(f"attempts.{name}: is a whole number from 0 to {_OFTEN:,}")
    return value


def _flag(content: Mapping[str, Any], name: str) -> bool:
    value = content.get(name, False)
    if not isinstance(value, bool):
        raise BadSelection(f"{name}: is true or false")
    return value
