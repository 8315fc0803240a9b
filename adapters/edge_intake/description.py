"""What /openapi.json says of the requests of devices. The contract in words: docs/edge.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.problems import described

_TEXT: Final[Mapping[str, Any]] = {"type": "string"}
_KEY: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["kty", "crv", "x"],
    "properties": {"kty": {"const": "OKP"}, "crv": {"const": "Ed25519"}, "x": _TEXT},
}
_WELCOME: Final[Mapping[str, Mapping[str, Any]]] = {
    "device_id": _TEXT,
    "kid": _TEXT,
    "site_id": _TEXT,
    "purposes": {"type": "array", "items": _TEXT},
    "hub_key": {"type": "object", "description": "JWK, OKP X25519, with kid"},
    "window_seconds": {"type": "integer"},
}
_ANSWER: Final[Mapping[str, Any]] = {
    "life": {"enum": ["alive", "deceased", "unknown"]},
    "card": {"enum": ["valid", "replaced", "lost", "unknown"]},
    "alerts": {"type": "array", "items": _TEXT},
}
_RESULT: Final[Mapping[str, Mapping[str, Any]]] = {
    "sequence": {"type": ["integer", "null"]},
    "id": {"type": ["string", "null"]},
    "state": {"enum": ["taken", "repeated", "refused"]},
    "reason": {"type": ["string", "null"]},
    "answer": {"type": ["object", "null"], "properties": _ANSWER},
}
_LATER: Final = {503: described("Nothing was promised: send the same later.")}


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _json(schema: Mapping[str, Any], says: str) -> dict[str, Any]:
    return {"description": says, "content": {"application/json": {"schema": schema}}}


def _route(body: Mapping[str, Any], good: tuple[int, dict[str, Any]], bad: Mapping[int, str]) -> dict[str, Any]:
    responses = {good[0]: good[1], **{status: described(says) for status, says in bad.items()}, **_LATER}
    return {"responses": responses, "openapi_extra": {"requestBody": {"required": True, **_json(body, "")}}}


_BAD: Final = {400: "The body can't be read.", 401: "No such device, or not its signature."}
#: What the decorators of the routes are given.
ENROL: Final = _route(
    _object(code=_TEXT, public_key=_KEY, name=_TEXT),
    (201, _json(_object(**_WELCOME), "The device is admitted.")),
    {400: _BAD[400], 403: "The code is not good.", 409: "Another device has this key."},
)
ROTATE: Final = _route(
    _object(device_id=_TEXT, rotation=_TEXT),
    (200, _json(_object(**_WELCOME), "The device has its new key.")),
    {**_BAD, 403: "The device was revoked.", 409: "The key can't be changed so."},
)
EVENTS: Final = _route(
    _object(device_id=_TEXT, events={"type": "array", "maxItems": 500, "items": _TEXT}),
    (200, _json(_object(results={"type": "array", "items": _object(**_RESULT)}), "What became of each, in order.")),
    {**_BAD, 413: "Too much at once; nothing was taken."},
)
