"""What is kept of a token: never the token itself."""

from __future__ import annotations

import hashlib


def digest_of(token: str) -> str:
    """Return the SHA-256 of a token in hexadecimal. Tokens are long and random, so nothing slower is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
