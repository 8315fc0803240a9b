"""A payload between its two forms: JSON with ISO dates, Avro with days and milliseconds as plain ints."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from schemas.catalogue import EventType, View
from schemas.payload import present

#: ISO 8601 calendar date, years 0001–9999. Which month has which days is for `days` to say.
DATE = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
#: RFC 3339 with offset or Z, in capitals, without leap seconds.
TIMESTAMP = DATE + "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"

_DATE = re.compile(DATE)
_TIMESTAMP = re.compile(TIMESTAMP)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MILLISECOND = timedelta(milliseconds=1)
#: The first and last millisecond that RFC 3339 can say in UTC.
_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999

Convert = Callable[[Any], Any]


class ImpossibleValue(ValueError):
    """A value of the right form that can't be, such as 30 February."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        #: The field in the payload, such as `birth_place.valid_from`.
        self.path = path
        self.reason = reason


def to_avro(data: Mapping[str, Any] | None, kind: EventType | View) -> dict[str, Any]:
    """Return the payload for Avro of data that the type's JSON Schema accepts. Fields may be absent.

    Raises `ImpossibleValue`, a ValueError with the path and never the value, for a date not in the calendar.
    """
    return _inward(kind)(data) if data else {}


def to_json(record: Mapping[str, Any], kind: EventType | View) -> dict[str, Any]:
    """Return the payload for JSON of a decoded record, the envelope may be in it: dates as text, no nulls."""
    payload: dict[str, Any] = _outward(kind)(record)
    return payload


@lru_cache(maxsize=65536)
def days(text: str) -> int:
    """Return the days since 1970-01-01 of an ISO date `YYYY-MM-DD`. Raises ValueError."""
    if not _DATE.fullmatch(text):
        raise ValueError("must be a date such as 2025-07-01")
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH_DAY
    except ValueError:
        raise ValueError("is not in the calendar") from None


@lru_cache(maxsize=65536)
def iso_date(days_since_1970: int) -> str:
    """Return the ISO date of a number of days since 1970-01-01."""
    return date.fromordinal(days_since_1970 + _EPOCH_DAY).isoformat()


def millis(text: str) -> int:
    """Return the milliseconds since 1970 UTC of an RFC 3339 timestamp, cut off below. Raises ValueError."""
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError("must be a timestamp with offset, such as 2025-07-01T09:30:00+07:00")
    try:
        found = (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND
    except ValueError:
        raise ValueError("is not in the calendar") from None
    if not _FIRST <= found <= _LAST:
        raise ValueError("is outside the years 1 to 9999 in UTC")
    return found


def rfc3339(milliseconds: int) -> str:
    """Return the timestamp in UTC to the millisecond, such as `2025-07-01T02:30:00.000Z`."""
    minutes, rest = divmod(milliseconds, 60_000)
    day, minute = divmod(minutes, 1440)
    return f"{iso_date(day)}T{_clock(minute)}:{rest // 1000:02d}.{rest % 1000:03d}Z"


@lru_cache(maxsize=1440)
def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def whole(value: float) -> int:
    """Return the int of a number without fraction: 2.0 is an integer in JSON Schema. Raises ValueError."""
    if isinstance(value, bool) or value != (number := int(value)):
        raise ValueError("must be a whole number")
    return number


@lru_cache(maxsize=1024)
def _inward(kind: EventType | View) -> Convert:
    return _record_inward([(field.name, field.type) for field in kind.payload], "")


@lru_cache(maxsize=1024)
def _outward(kind: EventType | View) -> Convert:
    return _record_outward([(field.name, field.type) for field in kind.payload])


def _record_inward(fields: Sequence[tuple[str, Any]], prefix: str) -> Convert:
    converters = [(name, convert) for name, avro in fields if (convert := _in(avro, f"{prefix}{name}."))]

    def convert_record(record: Mapping[str, Any]) -> dict[str, Any]:
        out = dict(record)
        for name, convert in converters:
            if (value := out.get(name)) is not None:
                try:
                    out[name] = convert(value)
                except ImpossibleValue:
                    raise
                except ValueError as error:
                    raise ImpossibleValue(f"{prefix}{name}", str(error)) from None
        return out

    return convert_record


def _record_outward(fields: Sequence[tuple[str, Any]]) -> Convert:
    converters = [(name, _out(avro)) for name, avro in fields]

    def convert_record(record: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: convert(value) if convert else value
            for name, convert in converters
            if (value := record.get(name)) is not None
        }

    return convert_record


def _in(avro: Any, prefix: str) -> Convert | None:
    match _kind(avro):
        case "date":
            return days
        case "timestamp-millis":
            return millis
        case "int" | "long":
            return whole
        case "record":
            fields = [(field["name"], present(field["type"])) for field in avro["fields"]]
            return _record_inward(fields, prefix) if any(_in(kind, "") for _, kind in fields) else None
    return None


def _out(avro: Any) -> Convert | None:
    match _kind(avro):
        case "date":
            return iso_date
        case "timestamp-millis":
            return rfc3339
        case "record":
            return _record_outward([(field["name"], present(field["type"])) for field in avro["fields"]])
    return None


def _kind(avro: Any) -> str:
    return str(avro.get("logicalType", avro["type"]) if isinstance(avro, dict) else avro)
