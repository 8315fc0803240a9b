"""The cursor that leads behind a place in an agency's feed, as every way of delivery shows it. Pure."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

VERSION: Final = b"\x01"
#: Bytes at the end that guard against slips.
CHECK: Final = 6


def cursor_of(agency: str, position: int) -> str:
    """Return the cursor that leads behind a position of an agency's feed. Its form is nobody's business but ours."""
    content = VERSION + position.to_bytes(8, "big") + agency.encode()
    return text_of(content + check_of(content))


def text_of(raw: bytes) -> str:
    """Return bytes as text that fits into URLs and JSON."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def check_of(content: bytes) -> bytes:
    """Guards against slips; it is no secret."""
    return hashlib.blake2s(content, digest_size=CHECK).digest()
