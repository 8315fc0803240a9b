"""Writes events into requests, in the format that the agreement names. The body of an event never changes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from adapters.ways.webhook import spdci
from adapters.ways.webhook.endpoint import Endpoint, Format
from hub.cloudevents import BATCH, STRUCTURED, cloudevent
from hub.destination import Event

#: Characters that may stand in a header as they are, by the HTTP binding of CloudEvents (3.1.3.2).
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
_PLAIN = re.compile(r"[!#$&-~]*\Z")
#: Letters that a message id may have: no full stop, which separates what is signed.
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,200}\Z")


class Message(NamedTuple):
    """One request, but for its signature."""

    #: The same however often the same events are sent.
    id: str
    headers: Mapping[str, str]
    body: bytes


def write(events: Sequence[Event], endpoint: Endpoint, now: str) -> Message:
    """Write one event, or several in a format that holds many, into a request.

    `now` is the time of sending, as RFC 3339. Raises `spdci.Unwritable`.
    """
    name = message_id(events)
    match endpoint.format:
        case Format.BINARY:
            return Message(name, _attributes(cloudevent(events[0])), orjson.dumps(events[0].data))
        case Format.STRUCTURED:
            return Message(name, {"content-type": STRUCTURED}, orjson.dumps(cloudevent(events[0])))
        case Format.BATCH:
            return Message(name, {"content-type": BATCH}, orjson.dumps([cloudevent(event) for event in events]))
        case Format.SPDCI:
            envelope = spdci.Envelope(name, now, endpoint.origin, endpoint.receiver_id)
            return Message(name, {"content-type": "application/json"}, spdci.write(events, envelope))


def message_id(events: Sequence[Event]) -> str:
    """Return the id of the request that carries the events: the event's own, or one made of all their ids.

    What is no letter, digit, `_` or `-` is percent-encoded.
    """
    if len(events) > 1:
        digest = hashlib.sha256("\0".join(event.event_id for event in events).encode("utf-8", "surrogatepass"))
        return f"batch_{digest.hexdigest()[:40]}"
    own = events[0].event_id
    if _PLAIN_ID.match(own):
        return own
    return quote(own, safe="_-").replace(".", "%2E").replace("~", "%7E")


def _attributes(content: dict[str, Any]) -> dict[str, str]:
    """Return the attributes as headers (binary mode)."""
    headers = {"content-type": content.pop("datacontenttype")}
    del content["data"]
    for name, value in content.items():
        headers[f"ce-{name}"] = _header(value)
    return headers


def _header(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if _PLAIN.match(text) else quote(text, safe=_SAFE)
