"""The three ways in which CloudEvents travel over HTTP: structured, batched and binary. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import orjson

from adapters.http_intake.binary import read_binary
from hub.intake.desk import Unread
from hub.problems import Problem

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"
#: Events in one batch.
MOST = 1000

#: Names and values as they came, the names in lower case.
RawHeaders = Sequence[tuple[bytes, bytes]]


class Offered(NamedTuple):
    """One event as a sender offers it, and what can be told of it before it is admitted."""

    content: bytes | Unread
    event_id: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What one request brings."""

    events: Sequence[Offered]
    #: The body is no JSON, or no list where it should be one: nothing in it can be told apart.
    malformed: bool = False


def read_request(headers: RawHeaders, body: bytes) -> Offer:
    """Read a request in the mode that its headers name. Raises `Problem` for a mode that is none of the three."""
    _check_encoding(headers)
    match _media_type(headers):
        case "application/cloudevents+json":
            return _structured(body)
        case "application/cloudevents-batch+json":
            return _batch(body)
        case kind if kind in (JSON, "") and any(name.startswith(b"ce-") for name, _ in headers):
            event = read_binary(headers, body, with_type=bool(kind))
            return Offer([offered(event)], malformed=isinstance(event, Unread) and event.reason == "not_json")
    raise _unknown_media_type()


def offered(content: bytes | Unread) -> Offered:
    """Return an event with its id and source, if it has them."""
    if isinstance(content, Unread):
        return Offered(content)
    try:
        event = orjson.loads(content)
    except orjson.JSONDecodeError:
        event = None  # the desk says what is wrong with it
    if not isinstance(event, dict):
        return Offered(content)
    event_id, source = event.get("id"), event.get("source")
    return Offered(
        content,
        event_id if isinstance(event_id, str) and 0 < len(event_id) <= 200 and event_id.isprintable() else None,
        source if isinstance(source, str) else None,
    )


def _structured(body: bytes) -> Offer:
    return Offer([offered(body)], malformed=not _is_json(body))


def _batch(body: bytes) -> Offer:
    """Cut a list into the very bytes of its events, so that each is kept as it was sent."""
    if not _is_json(body):
        return Offer([Offered(body)], malformed=True)
    try:
        events = msgspec.json.decode(body, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        detail = f"a batch is a JSON array of events; a single event goes as {STRUCTURED}"
        return Offer([Offered(Unread(body, "not_a_batch", detail))], malformed=True)
    if len(events) > MOST:
        raise Problem(413, f"The batch has {len(events)} events; at most {MOST} are taken. Nothing was taken.")
    return Offer([offered(bytes(event)) for event in events])


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def _media_type(headers: RawHeaders) -> str:
    values = _values(headers, b"content-type")
    if len(values) > 1:
        raise _unknown_media_type()
    kind, *parameters = (part.strip().lower() for part in (values or [""])[0].split(";"))
    charsets = [p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")]
    if any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise Problem(415, "Events are taken in UTF-8 only.")
    return kind


def _check_encoding(headers: RawHeaders) -> None:
    if any(value.lower() != "identity" for value in _values(headers, b"content-encoding")):
        raise Problem(415, "Send the body as it is: no content encoding is taken.", {"Accept-Encoding": "identity"})


def _unknown_media_type() -> Problem:
    detail = f"Send {STRUCTURED}, {BATCH}, or {JSON} with ce- headers."
    return Problem(415, detail, {"Accept": f"{STRUCTURED}, {BATCH}, {JSON}"})


def _values(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in headers if name == wanted]
