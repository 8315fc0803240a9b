"""How an agency's feed looks from outside: CloudEvents, each with the cursor that leads behind it. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from hub.cloudevents import cloudevent
from hub.cursors import CHECK, VERSION, check_of, cursor_of, text_of
from hub.destination import Event

__all__ = ["DamagedCursor", "ForeignCursor", "cloudevent", "cursor_of", "feed_item", "position_of"]

#: Where the agency's name begins, behind the version and the position.
_OWNER = 9


class ForeignCursor(Exception):
    """A cursor can't be used for this feed. Says why, and what to do."""


class DamagedCursor(ForeignCursor):
    """It is no cursor of any feed."""


def feed_item(agency: str, event: Event) -> dict[str, Any]:
    """Return an event of an agency's feed as CloudEvents JSON, with the cursor that leads behind it."""
    return cloudevent(event) | {"cursor": cursor_of(agency, event.sequence)}


def position_of(agency: str, cursor: str) -> int:
    """Return the position that a cursor of this agency's feed leads behind.

    The quotes around it in JSON may be left on. Raises `ForeignCursor` when it is damaged or of another feed.
    """
    text = cursor.strip().strip('"')
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    content, check = raw[:-CHECK], raw[-CHECK:]
    whole = len(content) > _OWNER and check == check_of(content) and text_of(raw) == text
    if not whole or content[:1] != VERSION:
        raise DamagedCursor(
            "the cursor is damaged. Copy it whole from the last event that you have, or leave it out to begin anew."
        )
    owner = content[_OWNER:].decode()
    if owner != agency:
        raise ForeignCursor(f"the cursor is of the feed of {owner!r}, not of {agency!r}. Every feed has its own.")
    return int.from_bytes(content[1:_OWNER], "big")
