"""The notify message of the Digital Convergence Initiative (CRVS 1.0.0), which social-protection systems understand.

It has no change type, no reference to an earlier event and no sequence. Ours stand in the record's own field
`vn_dancu`, with the data as the agreement's views have them; the header's `meta` sums them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from adapters.ways.webhook.spdci_person import crvs_person
from hub.destination import Event

_SCHEMA = Path(__file__).parents[3] / "schemas" / "spdci" / "notify.schema.json"
#: What stands under our own name.
EXTENSION = "vn_dancu"
#: Short names in use among implementers; with DIVORCE they are the four events of civil registries.
_EVENTS = {"BirthRegistered": "BIRTH", "DeathRegistered": "DEATH", "MarriageRegistered": "MARRIAGE"}


class Unwritable(Exception):
    """An event can't be told in this format. Says which field is to blame, never its value."""


class Envelope(NamedTuple):
    """What the header says besides the events."""

    message_id: str
    #: When it is sent, as RFC 3339.
    at: str
    sender_id: str
    receiver_id: str


def write(events: Sequence[Event], envelope: Envelope) -> bytes:
    """Return the message as JSON. Raises `Unwritable` when it is not as the specification wants it."""
    message = _message(events, envelope)
    error = best_match(_validator().iter_errors(message))
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path)
        raise Unwritable(f"{where}: not as SPDCI notify 1.0.0 wants it ({error.validator})")
    return orjson.dumps(message)


def _message(events: Sequence[Event], envelope: Envelope) -> dict[str, Any]:
    return {
        "header": {
            "version": "1.0.0",
            "message_id": envelope.message_id,
            "message_ts": envelope.at,
            "action": "notify",
            "status": "succ",
            "total_count": len(events),
            "completed_count": len(events),
            "sender_id": envelope.sender_id,
            "receiver_id": envelope.receiver_id,
            "is_msg_encrypted": False,
            "meta": {EXTENSION: _summary(events)},
        },
        "message": {"transaction_id": envelope.message_id, "notify_event": [_notified(event) for event in events]},
    }


def _summary(events: Sequence[Event]) -> dict[str, Any]:
    return {
        "sequences": [event.sequence for event in events],
        "changes": [event.change for event in events],
        "legal_basis": sorted({event.legal_basis for event in events}),
        "purpose": sorted({event.purpose for event in events}),
        "replayed": any(event.replayed for event in events),
    }


def _notified(event: Event) -> dict[str, Any]:
    return {
        "reference_id": event.event_id,
        "timestamp": event.registered_at,
        "data": {
            "version": "1.0.0",
            "reg_type": "ns:org:RegistryType:CRVS",
            "reg_event_type": _kind(event),
            "reg_record_type": "CRVSPerson",
            "reg_records": {**crvs_person(event), EXTENSION: _own(event)},
        },
    }


def _kind(event: Event) -> str:
    """Return the short name of the event, or our own for what civil registries do not know."""
    if event.type == "MarriageEnded" and event.data.get("reason") == "DIVORCE":
        return "DIVORCE"
    return _EVENTS.get(event.type, event.type)


def _own(event: Event) -> dict[str, Any]:
    return {
        "type": event.type,
        "source": event.source,
        "occurred_at": event.occurred_at,
        "change": event.change,
        "previous_event_id": event.previous_event_id,
        "fact_id": event.fact_id,
        "fact_version": event.fact_version,
        "bulk_id": event.bulk_id,
        "sequence": event.sequence,
        "legal_basis": event.legal_basis,
        "purpose": event.purpose,
        "unmatched": event.unmatched,
        "replayed": event.replayed,
        "data": dict(event.data),
    }


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(orjson.loads(_SCHEMA.read_bytes()))
