"""Says slowly and plainly what may be accepted: read from the event schemas, sharing no code with the intake."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import schemas
from schemas.reference.units import VN63, provinces

_FOLDER = Path(schemas.__file__).parent
_REQUIRED = {
    "specversion", "id", "type", "source", "subject", "time", "change", "factid", "factversion", "registeredat",
}  # fmt: skip
_OPTIONAL = {"datacontenttype", "dataschema", "previousid", "bulkid", "data"}


class Unacceptable(Exception):
    """The line is not an event; the text says why, without personal data."""


@cache
def matrix() -> Mapping[str, Any]:
    """Return the allowed changes and the vital key of every event type."""
    loaded: Mapping[str, Any] = json.loads((_FOLDER / "matrix.json").read_text(encoding="utf-8"))
    return loaded


def read(raw: bytes, today: date) -> dict[str, Any]:
    """Return the event of a line. Raises `Unacceptable`."""
    try:
        event: dict[str, Any] = json.loads(raw.decode("utf-8"))
    except ValueError as error:
        raise Unacceptable("not JSON in UTF-8") from error
    _require(isinstance(event, dict), "not an object")
    _require(not any("\0" in text for text in _texts(event)), "contains NUL")
    _require(_REQUIRED <= event.keys() <= _REQUIRED | _OPTIONAL, "missing or unknown attribute")
    _check_attributes(event, today)
    _check_data(event, today)
    return event


def _check_attributes(event: Mapping[str, Any], today: date) -> None:
    texts = [event[name] for name in _REQUIRED - {"factversion"}]
    _require(all(isinstance(text, str) and text for text in texts), "attribute of a wrong type")
    version = event["factversion"]
    _require(isinstance(version, int) and not isinstance(version, bool) and version >= 1, "no version")
    _require(event["specversion"] == "1.0", "unknown CloudEvents version")
    _require(event["type"] in matrix(), "unknown type")
    _require(event["change"] in matrix()[event["type"]]["changes"], "forbidden change")
    _require(event["change"] == "CREATED" or bool(event.get("previousid")), "no previousid")
    _require(_possible(event["subject"]), "impossible number")
    for name in ("time", "registeredat"):
        _check_time(event[name], today)


def _check_data(event: Mapping[str, Any], today: date) -> None:
    data, change = event.get("data"), event["change"]
    if change == "ANNULLED":
        _require(not data, "an annulment carries no payload")
        return
    if change == "CEASED" and not data:
        return
    fields = _payload(event["type"])
    _require(isinstance(data, dict) and bool(data), "no payload")
    assert isinstance(data, dict)  # noqa: S101 - tells the type checker
    _require(data.keys() <= fields.keys(), "unknown field")
    for name, field in fields.items():
        value, rules = data.get(name), field.get("dancu", {})
        if value is None:
            _require(not rules.get("required") or change == "CEASED", "missing field")
        else:
            _check_value(value, field["type"][1], rules, today)
    _check_person(event, data)


def _check_person(event: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Check the payload against the number and against itself. A correction may disagree with the number."""
    number, born, died = event["subject"], data.get("born_on"), data.get("died_on")
    if event["type"] != "PersonDetailsCorrected":
        sex = ("MALE", "FEMALE")[int(number[3]) % 2]
        _require(data.get("sex") in (None, sex), "sex against number")
        _require(born is None or int(born[:4]) == _birth_year(number), "birth year against number")
    _require(died is None or int(died[:4]) >= _birth_year(number), "death before birth")
    _require(died is None or born is None or died >= born, "death before birth")


def _check_value(value: Any, kind: Any, rules: Mapping[str, Any], today: date) -> None:
    if isinstance(kind, str) and "." in kind:
        kind = _named(kind.rsplit(".", 1)[1])
    name = kind if isinstance(kind, str) else kind.get("logicalType", kind["type"])
    if name == "date":
        _check_date(value, rules, today)
    elif name == "timestamp-millis":
        _check_time(value, today)
    elif name == "int":
        _require(isinstance(value, int) and not isinstance(value, bool), "not a whole number")
        _require(rules.get("min", value) <= value <= rules.get("max", value), "out of range")
    elif name == "array":
        _require(isinstance(value, list) and bool(value), "not a list")
        for item in value:
            _check_value(item, kind["items"], rules, today)
    elif name == "enum":
        _require(value in kind["symbols"], "unknown value")
    elif name == "record":
        _check_record(value, kind, today)
    else:
        _require(isinstance(value, str), "not a text")
        _require(re.fullmatch(rules.get("pattern", ".*"), value, re.DOTALL) is not None, "not of the pattern")
        _require(not rules.get("number") or _possible(value), "impossible number")


def _check_record(value: Any, record: Mapping[str, Any], today: date) -> None:
    fields = {field["name"]: field for field in record["fields"]}
    _require(isinstance(value, dict) and value.keys() <= fields.keys(), "unknown field")
    for name, field in fields.items():
        optional = isinstance(field["type"], list)
        kind = field["type"][1] if optional else field["type"]
        if value.get(name) is None:
            _require(optional, "missing field")
        else:
            _check_value(value[name], kind, field.get("dancu", {}), today)


def _check_date(value: Any, rules: Mapping[str, Any], today: date) -> None:
    _require(isinstance(value, str) and len(value) == 10, "not a date")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise Unacceptable("not a date") from error
    _require(not rules.get("past") or day <= today, "future date")


def _check_time(value: Any, today: date) -> None:
    _require(isinstance(value, str), "not a time")
    try:
        time = datetime.fromisoformat(value)
    except ValueError as error:
        raise Unacceptable("not a time") from error
    _require(time.tzinfo is not None, "a time without a zone")
    _require(time.date() <= today + timedelta(days=1), "future time")


def _possible(number: Any) -> bool:
    if not isinstance(number, str) or not re.fullmatch(r"[0-9]{12}", number):
        return False
    return number[:3] in _old_provinces() or 100 <= int(number[:3]) < 900


def _birth_year(number: str) -> int:
    return 1900 + int(number[3]) // 2 * 100 + int(number[4:6])


@cache
def _old_provinces() -> frozenset[str]:
    return frozenset(f"0{province.code}" for province in provinces(VN63))


@cache
def _payload(type_name: str) -> Mapping[str, Any]:
    schema = json.loads((_FOLDER / "events" / f"{type_name}.avsc").read_text(encoding="utf-8"))
    return {field["name"]: field for field in schema["fields"][11:]}  # the envelope has 11 fields


@cache
def _named(name: str) -> Any:
    return json.loads((_FOLDER / "types" / f"{name}.avsc").read_text(encoding="utf-8"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unacceptable(otherwise)
