"""The fields of an event: the envelope that all share, and the payload with what its metadata asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.avsc import expanded

#: The fields that every event and every view begins with, in this order.
ENVELOPE = (
    "event_id",
    "type",
    "source",
    "subject",
    "occurred_at",
    "registered_at",
    "change",
    "previous_event_id",
    "fact_id",
    "fact_version",
    "bulk_id",
)
CHANGES = ("CREATED", "CORRECTED", "ANNULLED", "CEASED")
ADDRESS = "vn.dancu.Address"


@dataclass(frozen=True, slots=True)
class PayloadField:
    """A payload field and what its metadata asks of it."""

    name: str
    #: The Avro type without its null: a primitive's name, or a definition in which every name is spelt out.
    type: Any
    #: JSON must have it for CREATED and CORRECTED.
    required: bool = False
    #: A date or timestamp that must not be in the future.
    past: bool = False
    #: A personal number, or an array of them.
    number: bool = False
    min: int | None = None
    max: int | None = None
    #: A regular expression for the whole text, with its anchors.
    pattern: str | None = None
    #: The most characters of a text, where it is not the usual limit.
    max_length: int | None = None


def payload_of(schema: Mapping[str, Any]) -> tuple[PayloadField, ...]:
    """Return the payload fields of a resolved record, in order. Raises TypeError for unknown metadata."""
    fields = expanded(schema, {})["fields"]
    return tuple(
        PayloadField(field["name"], present(field["type"]), **field.get("dancu", {}))
        for field in fields
        if field["name"] not in ENVELOPE
    )


def present(avro_type: Any) -> Any:
    """Return the type of a field that is there: the union without its null."""
    if isinstance(avro_type, list):
        return next((branch for branch in avro_type if branch != "null"), "null")
    return avro_type
