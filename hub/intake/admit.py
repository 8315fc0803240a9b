"""From what a source sent to a message for `received`, or the reason why not. Pure but for the clock it is given."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple

import fastavro
import orjson

from hub import headers as h
from hub.eventlog import Message
from hub.intake.explain import Explainer
from hub.intake.rules import (
    Broken,
    check_change,
    check_names,
    check_payload,
    check_times,
    current_province_of,
    demands_of,
    read_person,
)
from hub.intake.shape import Shapes
from hub.steps.identify import CHANGE_NUMBERS
from schemas.avsc import full_name
from schemas.catalogue import Catalogue, EventType
from schemas.conversion import ImpossibleValue, millis, rfc3339, to_avro

#: The longest event that is taken, in bytes.
LONGEST = 1_048_576


class Refused(NamedTuple):
    """Why something sent is no event: a stable code, words without personal data, and its id if it has one."""

    reason: str
    detail: str
    event_id: str | None


class Admission:
    """Admits events of a catalogue's types."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Prepare the fast path and the explanations."""
        self._catalogue = catalogue
        self._shapes = Shapes(catalogue)
        self._explainer = Explainer(catalogue)

    def admit_bytes(self, raw: bytes, now: int) -> Message | Refused:
        """Admit one CloudEvent in JSON. `now` is the time in milliseconds since 1970 UTC."""
        try:
            event, as_sent = _read(raw)
            fits = self._shapes.fits_json(raw) if as_sent else self._shapes.fits(event)
            return self._admit(event, now, fits=fits)
        except Broken as broken:
            return Refused(broken.reason, broken.detail, None)
        except RecursionError:
            return Refused("schema", "nested far too deeply", None)

    def admit(self, event: Any, now: int) -> Message | Refused:
        """Admit one CloudEvent that somebody else has read."""
        try:
            event = _composed(event)
            return self._admit(event, now, fits=self._shapes.fits(event))
        except Broken as broken:
            return Refused(broken.reason, broken.detail, None)

    def _admit(self, event: Any, now: int, *, fits: bool) -> Message | Refused:
        try:
            if not fits:
                self._explainer.check(event)
            return self._message(event, self._catalogue.types[event["type"]], now)
        except Broken as broken:
            return Refused(broken.reason, broken.detail, _id_of(event))
        except ImpossibleValue as problem:
            return Refused("schema", f"data.{problem.path}: {problem.reason}", _id_of(event))

    def _message(self, event: Mapping[str, Any], kind: EventType, now: int) -> Message:
        check_names(event)
        check_change(event, kind)
        data = event.get("data") or {}
        if not self._complete(event["change"], data, kind):
            self._explainer.check(event)
        occurred_at, registered_at = _moment(event, "time"), _moment(event, "registeredat")
        payload = to_avro(data, kind)
        subject = event["subject"]
        person = read_person("subject", subject)
        check_payload(event, payload, kind, person, now)
        check_times(occurred_at, registered_at, person.birth_year, now)
        value = _encode(event, kind, payload, (occurred_at, registered_at))
        headers = _headers(event, occurred_at, registered_at)
        headers.update(_routing(event, payload, kind))
        return Message(subject, value, headers)

    def _complete(self, change: str, data: Mapping[str, Any], kind: EventType) -> bool:
        """Whether the payload has what the change asks for; if not, the JSON Schema says what is wrong."""
        if change == "ANNULLED":
            return not data
        if change == "CEASED":
            return True
        said = {name for name, value in data.items() if value is not None}
        return bool(said) and said >= demands_of(kind).required


def _read(raw: bytes) -> tuple[Any, bool]:
    """Read JSON; texts come out in NFC. Say also whether they are as they were sent. Raises `Broken`."""
    if len(raw) > LONGEST:
        raise Broken("too_long", f"the event has {len(raw)} bytes; at most {LONGEST} are taken")
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _unreadable(raw, error) from None
    if b"\\u" in raw or not (raw.isascii() or unicodedata.is_normalized("NFC", raw.decode())):
        return _composed(event), False
    return event, True


def _unreadable(raw: bytes, error: orjson.JSONDecodeError) -> Broken:
    if b"\x00" in raw:
        return Broken("nul_byte", f"a NUL byte at byte {raw.index(0) + 1}; JSON text has none")
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        return Broken("encoding", f"not UTF-8 from byte {wrong.start + 1} on")
    return Broken("not_json", f"not JSON at character {error.pos + 1}: {error.msg.split(':')[0]}")


def _composed(value: Any) -> Any:
    """Return the value with its texts in NFC. Raises `Broken` for a NUL that came as an escape."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Broken("nul_byte", "a text holds the NUL character")
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    if isinstance(value, dict):
        return {_composed(key): _composed(item) for key, item in value.items()}
    return value


def _moment(event: Mapping[str, Any], name: str) -> int:
    try:
        return millis(event[name])
    except ValueError as error:
        raise Broken("schema", f"{name}: {error}") from None


def _encode(event: Mapping[str, Any], kind: EventType, payload: Mapping[str, Any], times: tuple[int, int]) -> bytes:
    record = {
        "event_id": event["id"],
        "type": kind.name,
        "source": event["source"],
        "subject": event["subject"],
        "occurred_at": times[0],
        "registered_at": times[1],
        "change": event["change"],
        "previous_event_id": event.get("previousid"),
        "fact_id": event["factid"],
        "fact_version": int(event["factversion"]),
        "bulk_id": event.get("bulkid"),
        **payload,
    }
    for name, full in _named_fields(kind):
        if name in payload:
            record[name] = payload[name] and (full, payload[name])
    out = BytesIO()
    out.write(_prefix(kind.schema_id))
    fastavro.schemaless_writer(out, kind.parsed, record)
    return out.getvalue()


@cache
def _named_fields(kind: EventType) -> tuple[tuple[str, str], ...]:
    """Return the payload fields of a named type. Told the name, fastavro need not try the branches."""
    named = ((field.name, field.type) for field in kind.payload if isinstance(field.type, dict))
    return tuple((name, full_name(avro)) for name, avro in named if "name" in avro)


def _headers(event: Mapping[str, Any], occurred_at: int, registered_at: int) -> dict[str, str]:
    headers = {
        h.SPEC_VERSION: "1.0",
        h.ID: event["id"],
        h.TYPE: event["type"],
        h.SOURCE: event["source"],
        h.SUBJECT: event["subject"],
        h.TIME: rfc3339(occurred_at),
        h.CHANGE: event["change"],
        h.FACT_ID: event["factid"],
        h.FACT_VERSION: str(int(event["factversion"])),
        h.REGISTERED_AT: rfc3339(registered_at),
    }
    if event.get("previousid") is not None:
        headers[h.PREVIOUS_ID] = event["previousid"]
    if event.get("bulkid") is not None:
        headers[h.BULK_ID] = event["bulkid"]
    return headers


def _routing(event: Mapping[str, Any], payload: Mapping[str, Any], kind: EventType) -> dict[str, str]:
    """Return the headers that let the pipeline route and compare the event without decoding it."""
    routing: dict[str, str] = {}
    places = {
        name: current_province_of(f"data.{name}", address)
        for name in demands_of(kind).addresses
        if (address := payload.get(name)) is not None
    }
    if places:
        routing[h.PROVINCES] = ",".join(sorted(set(places.values())))
    home = "residence" if kind.name == "BirthRegistered" else "to_address"
    if home in places and payload.get("kind", "PERMANENT") == "PERMANENT" and event["change"] != "CEASED":
        routing[h.RESIDENCE] = places[home]
    if kind.vital_key is not None and payload:
        routing[h.VITAL] = "/".join(str(payload.get(name)) for name in kind.vital_key)
    if kind.name in CHANGE_NUMBERS and payload:
        routing[h.NUMBERS] = ",".join(_numbers_in(payload, kind))
    return routing


def _numbers_in(payload: Mapping[str, Any], kind: EventType) -> Iterator[str]:
    for name in demands_of(kind).numbers:
        value = payload.get(name) or ()
        yield from (value,) if isinstance(value, str) else value


def _id_of(event: Any) -> str | None:
    found = event.get("id") if isinstance(event, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 200 and found.isprintable() else None


@cache
def _prefix(schema_id: int) -> bytes:
    return b"\x00" + schema_id.to_bytes(4, "big")
