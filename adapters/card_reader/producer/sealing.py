"""Closes an event so that only the hub can read it, and the hub can tell which device wrote it.

Inside: a JWS by the device's key (EdDSA, RFC 8037). Around it: a JWE to the hub's key (ECDH-ES with X25519 and A256GCM,
RFC 7518 section 4.6), with a new ephemeral key for each event: the device itself can't open it again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import orjson
from joserfc import jwe
from joserfc.jwk import OKPKey

#: Kinds of signed texts: one is never taken for the other.
EVENT, ROTATION = "dancu-edge+jws", "dancu-edge-rotate+jws"
_ALGORITHMS = ["ECDH-ES", "A256GCM"]


class Signer(Protocol):
    """The device's private key, wherever it is: in a file, or in a token behind PKCS#11."""

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (64 bytes) of a message."""

    def public(self) -> dict[str, str]:
        """Return the public key as a JWK (`kty` OKP, `crv` Ed25519, `x`)."""


class Sealed(NamedTuple):
    """An event as it lies in the outbox and goes over the wire."""

    #: JWE in compact form.
    text: str
    #: SHA-256 of the JWS inside, base64url without `=`: the next event's `previous`.
    digest: str


class Sealer:
    """Seals events of one device for one hub."""

    def __init__(self, signer: Signer, kid: str, hub_key: Mapping[str, Any]) -> None:
        """`kid`: the name that the hub gave to the device's key; `hub_key`: JWK. Raises ValueError for a wrong one."""
        if hub_key.get("kty") != "OKP" or hub_key.get("crv") != "X25519" or "d" in hub_key:
            raise ValueError("the hub's key is no public X25519 key")
        self._signer, self._kid = signer, kid
        self._hub_key = OKPKey.import_key(dict(hub_key))
        self._header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": hub_key["kid"], "cty": EVENT}

    def seal(self, event: Mapping[str, Any]) -> Sealed:
        """Sign and encrypt an event."""
        jws = sign(self._signer, self._kid, event)
        text = jwe.encrypt_compact(dict(self._header), jws, self._hub_key, algorithms=_ALGORITHMS)
        return Sealed(text, digest_of(jws))


def sign(signer: Signer, kid: str, content: Mapping[str, Any], kind: str = EVENT) -> bytes:
    """Return content as a JWS of a kind (`typ`) in compact form (RFC 7515 section 3.1)."""
    header = orjson.dumps({"alg": "EdDSA", "kid": kid, "typ": kind})
    signed = b".".join((_encoded(header), _encoded(orjson.dumps(content))))
    return signed + b"." + _encoded(signer.sign(signed))


def digest_of(jws: bytes) -> str:
    """Return what the next event says of this one."""
    return _encoded(hashlib.sha256(jws).digest()).decode()


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
