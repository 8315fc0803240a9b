"""The JSON Schema of an event as one agency sees it: an item of its feed, made from the agency's view."""

from __future__ import annotations

from typing import Any

from schemas.catalogue import View
from schemas.json_schema import json_schema

_TEXT = {"type": "string", "minLength": 1}
#: What the hub adds to an event that goes out.
_ADDED: dict[str, Any] = {
    "legalbasis": {**_TEXT, "description": "Why the agency may have it: `statute: …` or `consent: …`."},
    "purpose": {**_TEXT, "description": "What for."},
    "unmatched": {"type": "boolean", "description": "What it corrects has never been seen by the hub."},
    "replayed": {"type": "boolean", "description": "An operator had it sent again."},
    "sequence": {
        "type": "string",
        "pattern": "^[0-9]{20}$",
        "description": "Rises by one from event to event of the feed, so that a gap is seen.",
    },
    "cursor": {**_TEXT, "description": "Leads behind this event."},
}
#: What the hub always adds.
_ALWAYS = ("legalbasis", "purpose", "sequence", "cursor", "data")


def view_schema(view: View) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an event of this type in the agency's feed.

    No field of `data` is required: an annulment has none, and a person's protection may hide some. Raises
    `SchemaProblem`.
    """
    source = json_schema(view.schema, view.payload)
    del source["allOf"]  # what a register must send; an agency gets what its view has
    data = {**source["properties"]["data"], "type": "object"}
    return {
        **source,
        "$id": f"urn:dancu:view:{view.agency}:{view.type}",
        "properties": {**source["properties"], "data": data, **_ADDED},
        "required": [*source["required"], *_ALWAYS],
    }
