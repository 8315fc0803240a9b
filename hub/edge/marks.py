"""Keyed hashes of personal numbers: the same person is recognised again, and nobody can tell who it is."""

from __future__ import annotations

import hashlib
import hmac

from hub.edge.keys import base64url


class Marks:
    """Makes them with a secret of the hub: without it, twelve digits would be found by trying them all."""

    def __init__(self, secret: bytes) -> None:
        """Use a secret of 32 bytes."""
        self._secret = secret

    def of(self, number: str) -> str:
        """Return the mark of a personal number: 16 bytes of an HMAC-SHA256, as base64url."""
        return base64url(hmac.digest(self._secret, number.encode(), hashlib.sha256)[:16])
