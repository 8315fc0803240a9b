"""What /openapi.json says of POST /events: the ways to send and the answers."""

from __future__ import annotations

from typing import Any

from adapters.http_intake.modes import BATCH, JSON, MOST, STRUCTURED
from hub.intake.admit import LONGEST
from hub.problems import MEDIA_TYPE

TITLE = "Dân Cư Hub: intake"
SAYS = (
    "Takes population events as CloudEvents 1.0. The answer comes after the events are safely in the hub's log. "
    "Sending the same again, after an error or a lost answer, is always safe: events are known by their id."
)

_ATTRIBUTES = ("specversion", "id", "type", "source", "subject", "time", "change", "factid", "factversion")
_EVENT = {
    "type": "object",
    "description": "A CloudEvent; `dancu schemas show TYPE` says what each type carries.",
    "required": [*_ATTRIBUTES, "registeredat"],
}
_COUNT = {"type": "integer", "minimum": 0}
_REFUSED = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["index", "id", "reason", "detail"],
        "properties": {
            "index": {**_COUNT, "description": "Where the event stands in the request, from 0."},
            "id": {"type": ["string", "null"]},
            "reason": {"type": "string", "description": "A stable code, such as `schema` or `forbidden_source`."},
            "detail": {"type": "string", "description": "The same in words, without personal data."},
        },
    },
}
_RECEIPT = {
    "accepted": {**_COUNT, "description": "Events that are new."},
    "refused": _REFUSED,
    "duplicates": {**_COUNT, "description": "Events whose id the hub knew already."},
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        **_RECEIPT,
    },
}


def _problem(says: str) -> dict[str, Any]:
    return {"description": says, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}


_AGAIN = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait before sending it again."}}
_RESPONSES = {
    202: {
        "description": "In the log. What was refused beside it is listed, and kept whole at the hub.",
        "content": {JSON: {"schema": {"type": "object", "required": list(_RECEIPT), "properties": _RECEIPT}}},
    },
    400: _problem("No JSON, or no list where a batch should be. Kept whole at the hub."),
    401: _problem("No token, or one that is not known."),
    403: _problem("The token may not speak for the source of any of the events."),
    413: _problem(f"Longer than {LONGEST} bytes, or a batch of over {MOST} events. Nothing was taken."),
    415: _problem("Another media type, charset or content encoding. Nothing was taken."),
    422: _problem("Every event was refused; the list says why. They are kept whole at the hub."),
    503: {**_problem("The log or database is away, or too much is waiting. Send the same again."), "headers": _AGAIN},
}
_BODIES = {
    STRUCTURED: {"schema": _EVENT},
    BATCH: {"schema": {"type": "array", "items": _EVENT, "maxItems": MOST}},
    JSON: {"schema": {"description": "Binary mode: the event's data; the attributes are in ce- headers."}},
}

#: Arguments of the route.
EVENTS: dict[str, Any] = {
    "summary": "Send events",
    "responses": _RESPONSES,
    "openapi_extra": {"requestBody": {"required": True, "content": _BODIES}},
}
