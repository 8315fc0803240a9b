"""What /openapi.json says of failures and replays: the answers of each path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.problems import described

_COMMON: Final = {
    400: described("A parameter or a body that can't be read."),
    401: described("No token, or one that is not known, has ended or was revoked."),
    403: described("The token's role may not do this, or it is an agency's."),
    503: described("The log or database is away. Send the same again after `Retry-After` seconds."),
}
_BODY: Final = {
    411: described("The length of the body is not said."),
    413: described("The body is too long."),
}
_LOST: Final = {404: described("There is nothing of this id.")}
_MEANT: Final = {422: described("It can be read, but not be meant: which filter or value is wrong, and why.")}
_STATE: Final = {409: described("Not possible in the state that the replay is in.")}


def _object(*required: str, **types: str) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in types.items()}
    return {"type": "object", "required": [*required], "properties": properties}


_REPLAY: Final = _object("id", "kind", "state", "estimate", "progress", id="string", kind="string", state="string")
_LISTS: Final[Mapping[str, str]] = {
    "failures": "A page of failures; `next` is what to send as `after`, or null.",
    "groups": "Groups, the largest first.",
    "replays": "A page of replays; `next` is what to send as `before`, or null.",
    "items": "A page of deliveries; `next` is what to send as `after`, or null.",
    "entries": "A page of the audit trail; `next` is what to send as `after`, or null.",
}


def _says(what: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": dict(schema)}}}


def _together(*parts: Mapping[int, Any]) -> dict[int | str, Any]:
    return {status: says for part in parts for status, says in part.items()}


def lists(name: str, *others: Mapping[int, Any]) -> dict[int | str, Any]:
    """Return the answers of a route that gives a page of something."""
    return _together({200: _says(_LISTS[name], _object(name, **{name: "array"})), **_COMMON}, *others)


#: The answers of the single routes.
FAILURES: Final = lists("failures", _MEANT)
GROUPS: Final = lists("groups", _MEANT)
REPLAYS: Final = lists("replays")
ITEMS: Final = lists("items", _LOST)
ENTRIES: Final = lists("entries")


FAILURE: Final = _together({200: _says("Everything about it.", _object("event_id", event_id="string"))}, _COMMON, _LOST)
REPLAY: Final = _together({200: _says("The replay.", _REPLAY)}, _COMMON, _LOST)
STEP: Final = _together({200: _says("The replay as it is now.", _REPLAY)}, _COMMON, _BODY, _LOST, _STATE, _MEANT)
PLAN: Final = _together(
    {
        200: _says("With `dry_run`: the estimate; nothing is kept.", _object("estimate", estimate="object")),
        201: {
            **_says("The plan.", _REPLAY),
            "headers": {"Location": {"schema": {"type": "string"}, "description": "Where it is."}},
        },
    },
    _COMMON,
    _BODY,
    _MEANT,
)
