"""How an agency's feed looks from outside: CloudEvents, each with the cursor that leads behind it. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from hub.destination import Event

_VERSION = b"\x01"
_CHECK = 6
#: Where the agency's name begins, behind the version and the position.
_OWNER = 9
#: Digits of `sequence`, so that it sorts as text: enough for any 64-bit position.
_DIGITS = 20


class ForeignCursor(Exception):
    """A cursor can't be used for this feed. Says why, and what to do."""


def cloudevent(event: Event) -> dict[str, Any]:
    """Return an event of a feed in CloudEvents 1.0 JSON, ready for any JSON writer.

    `sequence` is CloudEvents' Sequence extension: decimal digits that also sort as text; it rises by one within a
    feed. `data` has the fields of the agency's view; it is empty for ANNULLED.
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
    return content | {"sequence": f"{event.sequence:0{_DIGITS}d}"}


def feed_item(agency: str, event: Event) -> dict[str, Any]:
    """Return an event of an agency's feed as CloudEvents JSON, with the cursor that leads behind it."""
    return cloudevent(event) | {"cursor": cursor_of(agency, event.sequence)}


def cursor_of(agency: str, position: int) -> str:
    """Return the cursor that leads behind a position of an agency's feed. Its form is nobody's business but ours."""
    content = _VERSION + position.to_bytes(8, "big") + agency.encode()
    return _text(content + _check(content))


def position_of(agency: str, cursor: str) -> int:
    """Return the position that a cursor of this agency's feed leads behind.

    The quotes around it in JSON may be left on. Raises `ForeignCursor` when it is damaged or of another feed.
    """
    text = cursor.strip().strip('"')
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    content, check = raw[:-_CHECK], raw[-_CHECK:]
    whole = len(content) > _OWNER and check == _check(content) and _text(raw) == text
    if not whole or content[:1] != _VERSION:
        raise ForeignCursor(
            "the cursor is damaged. Copy it whole from the last event that you have, or leave it out to begin anew."
        )
    owner = content[_OWNER:].decode()
    if owner != agency:
        raise ForeignCursor(f"the cursor is of the feed of {owner!r}, not of {agency!r}. Every feed has its own.")
    return int.from_bytes(content[1:_OWNER], "big")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _check(content: bytes) -> bytes:
    """Guards against slips; it is no secret."""
    return hashlib.blake2s(content, digest_size=_CHECK).digest()
