"""What /openapi.json says of the feeds: the answers of each path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from consumers.pull.answers import BATCH, STREAM
from consumers.pull.kinds import KINDS
from hub.problems import described

_TEXT = {"type": "string"}
_ITEM = {
    "type": "object",
    "description": "A CloudEvent. `GET /feeds/{agency}/agreement` has a JSON Schema for each type.",
    "required": ["specversion", "id", "type", "source", "sequence", "cursor", "data"],
    "properties": {
        **dict.fromkeys(("specversion", "id", "type", "source", "subject", "time", "sequence", "cursor"), _TEXT),
        "data": {"type": "object"},
    },
}


def _of_kinds(names: Iterable[str]) -> str:
    return "; ".join(f"`/problems/{name}`: {KINDS[name].title}" for name in names)


#: Of every route of a feed.
REFUSED = {
    400: described(f"A parameter that can't be read; {_of_kinds(('cursor-damaged', 'cursor-foreign'))}."),
    401: described("No token, or one that is not known, has ended or was revoked."),
    403: described(f"{_of_kinds(('not-your-feed', 'suspended'))}."),
    404: described("The agency has no agreement with this hub."),
    503: described("The log or database is away, or the hub is busy. Send the same again after `Retry-After` seconds."),
}
_MANY = {
    410: described(f"{_of_kinds(('cursor-too-old',))}."),
    429: described(f"{_of_kinds(('too-many-requests',))}."),
}
_PAGE = {
    200: {
        "description": "Up to `limit` events in the order of the feed; an empty array: the end of the feed.",
        "headers": {"ETag": {"schema": _TEXT, "description": "For If-None-Match."}},
        "content": {BATCH: {"schema": {"type": "array", "items": _ITEM}}, STREAM: {"schema": _TEXT}},
    },
    304: {"description": "The client has just this page already, as its If-None-Match says."},
}
_STREAM = {
    200: {
        "description": "Server-sent events: `id` is the cursor, `data` the CloudEvent in JSON.",
        "content": {STREAM: {"schema": _TEXT}},
    }
}


def _json(says: str) -> dict[int, Any]:
    return {200: {"description": says, "content": {"application/json": {"schema": {"type": "object"}}}}}


#: Arguments of the routes.
PAGE: dict[str, Any] = {"summary": "A page of the feed", "responses": {**_PAGE, **REFUSED, **_MANY}}
EVENTS: dict[str, Any] = {"summary": "The feed as a stream", "responses": {**_STREAM, **REFUSED, **_MANY}}
POSITION: dict[str, Any] = {
    "summary": "The end of the feed",
    "responses": {**_json("The cursor behind the last event of this moment."), **REFUSED},
}
AGREEMENT: dict[str, Any] = {
    "summary": "The agency's own agreement",
    "responses": {**_json("Types, purposes, legal bases, and the JSON Schema of each type."), **REFUSED},
}
STATISTICS: dict[str, Any] = {"summary": "Counts of the feed", "responses": {**_json("Counts."), **REFUSED}}
TYPES: dict[str, Any] = {
    "summary": "Python types of the agency's events",
    "responses": {200: {"description": "A module.", "content": {"text/x-python": {"schema": _TEXT}}}, **REFUSED},
}
CLIENT: dict[str, Any] = {
    "summary": "The client: one Python file without dependencies",
    "responses": {200: {"description": "A module.", "content": {"text/x-python": {"schema": _TEXT}}}},
}
KIND: dict[str, Any] = {
    "summary": "What a `type` of a problem means",
    "responses": {
        200: {"description": "In words.", "content": {"text/plain": {"schema": _TEXT}}},
        404: described("No such kind."),
    },
}
