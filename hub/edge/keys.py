"""The public key of a device as the hub knows it: its name, and which events it may sign."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from typing import NamedTuple

#: 32 bytes as base64url without padding; the last character has two bits that must be 0.
_X = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


class BadKey(ValueError):
    """A public key is none of ours: not an Ed25519 key as a JWK."""


class Key(NamedTuple):
    """One key of a device: it signs the sequences from `first` up to, and without, `end`."""

    kid: str
    device_id: str
    x: str
    first: int
    end: int | None

    def signs(self, sequence: int) -> bool:
        """Whether an event with this sequence may be signed by the key."""
        return self.first <= sequence and (self.end is None or sequence < self.end)


def kid_of(x: str) -> str:
    """Return the thumbprint (RFC 7638) of an Ed25519 public key, whose `x` (RFC 8037) it is. Raises `BadKey`."""
    if not _X.fullmatch(x):
        raise BadKey
    return base64url(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest())


def digest_of(signed: str) -> str:
    """Return the digest of a signed event (compact JWS), by which the next one names it."""
    return base64url(hashlib.sha256(signed.encode()).digest())


def base64url(content: bytes) -> str:
    """Return bytes as base64url without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()
