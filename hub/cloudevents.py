"""An event of an agency's feed as CloudEvents 1.0, the form in which every way of delivery shows it. Pure."""

from __future__ import annotations

from typing import Any, Final

from hub.destination import Event

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"

#: Digits of `sequence`, so that it sorts as text: enough for any 64-bit position.
_DIGITS = 20


def cloudevent(event: Event) -> dict[str, Any]:
    """Return an event of a feed in CloudEvents 1.0 JSON, ready for any JSON writer.

    `sequence` is CloudEvents' Sequence extension: decimal digits that also sort as text; it rises by one within a
    feed. `data` has the fields of the agency's view; it is empty for ANNULLED. `replayed` is there, and true, only
    when the event is sent once more because somebody asked for it.
    """
    content: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.event_id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": event.occurred_at,
        "datacontenttype": "application/json",
        "change": event.change,
        "factid": event.fact_id,
        "factversion": event.fact_version,
    }
    if event.previous_event_id is not None:
        content["previousid"] = event.previous_event_id
    content["registeredat"] = event.registered_at
    if event.bulk_id is not None:
        content["bulkid"] = event.bulk_id
    content |= {"data": event.data, "legalbasis": event.legal_basis, "purpose": event.purpose}
    if event.unmatched:
        content["unmatched"] = True
    if event.replayed:
        content["replayed"] = True
    return content | {"sequence": f"{event.sequence:0{_DIGITS}d}"}
