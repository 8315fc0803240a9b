"""Opens what a device has sealed (JWE, RFC 7516) and checks who signed it (JWS, RFC 7515); all else is refused."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jwe

from adapters.edge_intake.hub_keys import HubKeys
from hub.edge.keys import Key

#: Characters of one sealed event, at most.
LONGEST: Final = 16_384
EVENT: Final = "dancu-edge+jws"
ROTATION: Final = "dancu-edge-rotate+jws"

#: The name of every key: a SHA-256 thumbprint.
_KID = re.compile(r"[A-Za-z0-9_-]{43}")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_SEALING = jwe.JWERegistry(algorithms=["ECDH-ES", "A256GCM"])


class Unopened(Exception):
    """It can't be opened, or was not signed so: the code of why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OtherKey(Exception):
    """It is sealed to a key that this hub does not have: its key file is not in place, or is an old one."""


def unseal(sealed: str, keys: HubKeys) -> str:
    """Return the signed event (compact JWS) inside of a sealed one. Raises `Unopened` and `OtherKey`."""
    if len(sealed) > LONGEST:
        raise Unopened("sealing")
    header = _header(sealed, "sealing")
    kid = header.get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid) or "zip" in header:
        raise Unopened("sealing")
    key = keys.get(kid)
    if key is None:
        raise OtherKey
    try:
        plain = jwe.decrypt_compact(sealed, key, registry=_SEALING).plaintext
        return (plain or b"").decode("ascii")
    except Exception:  # hostile input meets several libraries: whatever they raise, it is not opened
        raise Unopened("sealing") from None


def kid_in(signed: str) -> str:
    """Return the name of the key that a signed text says it is signed with. Raises `Unopened`."""
    kid = _header(signed, "signature").get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise Unopened("signature")
    return kid


def payload_of(signed: str, key: Key, kind: str) -> bytes:
    """Return what a key has signed (EdDSA, RFC 8037) as this kind of text (`typ`). Raises `Unopened`."""
    first, _, rest = signed.partition(".")
    payload, _, signature = rest.partition(".")
    if _header(signed, "signature") != {"alg": "EdDSA", "kid": key.kid, "typ": kind}:
        raise Unopened("signature")
    try:
        public = Ed25519PublicKey.from_public_bytes(_decoded(key.x))
        public.verify(_decoded(signature), f"{first}.{payload}".encode())
        return _decoded(payload)
    except (ValueError, InvalidSignature):
        raise Unopened("signature") from None


def _header(text: str, reason: str) -> Mapping[str, Any]:
    try:
        header = orjson.loads(_decoded(text.partition(".")[0]))
    except ValueError:
        raise Unopened(reason) from None
    if not isinstance(header, dict):
        raise Unopened(reason)
    return header


def _decoded(part: str) -> bytes:
    """Return what base64url without padding stands for (RFC 7515, section 2). Raises ValueError."""
    if not _BASE64URL.fullmatch(part):
        raise ValueError
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
