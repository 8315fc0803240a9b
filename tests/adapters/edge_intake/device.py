"""A device of these tests: its own key and chain, sealed as the contract says, independent of the real producer."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwe
from joserfc.jwk import OKPKey
from uuid_utils import uuid7

from tests.hub.making import LAN


def base64url(content: bytes) -> str:
    """Return bytes as base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def seal(jws: str | bytes, hub_key: dict[str, Any], **header: Any) -> str:
    """Seal anything to a hub's key."""
    protected = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": hub_key["kid"], **header}
    key = OKPKey.import_key({name: hub_key[name] for name in ("kty", "crv", "x")})
    return jwe.encrypt_compact(protected, jws, key, algorithms=["ECDH-ES", "A256GCM"])


@dataclass
class Device:
    """A device, before and after it was admitted."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    #: What the hub said when it joined.
    told: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0
    previous: str | None = None

    @property
    def jwk(self) -> dict[str, str]:
        """The public key."""
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(self.key.public_key().public_bytes_raw())}

    def sign(self, content: Any, typ: str = "dancu-edge+jws", **header: Any) -> str:
        """Return content as a compact JWS."""
        protected = {"alg": "EdDSA", "kid": self.told.get("kid", "x" * 43), "typ": typ, **header}
        parts = f"{base64url(orjson.dumps(protected))}.{base64url(orjson.dumps(content))}"
        return f"{parts}.{base64url(self.key.sign(parts.encode()))}"

    def content(self, **said: Any) -> dict[str, Any]:
        """Return the next event: a genuine card, unless told otherwise."""
        return {
            "v": 1,
            "id": str(uuid7()),
            "device_id": self.told["device_id"],
            "sequence": self.sequence + 1,
            "previous": self.previous,
            "site_id": self.told["site_id"],
            "purpose": "health-check-in",
            "occurred_at": time.time_ns() // 1_000_000,
            "clock": "synced",
            "kind": "verification",
            "result": "CHIP_PA",
            "error": None,
            "subject": LAN,
            "document_number": None,
        } | said

    def event(self, **said: Any) -> str:
        """Return the next event, sealed."""
        jws = self.sign(self.content(**said))
        self.sequence += 1
        self.previous = base64url(sha256(jws.encode()).digest())
        return seal(jws, self.told["hub_key"])

    def request(self, *events: str) -> dict[str, Any]:
        """Return the body of a request with events."""
        return {"device_id": self.told["device_id"], "events": list(events)}

    def rotation(self, to: Ed25519PrivateKey, sequence: int, **said: Any) -> dict[str, Any]:
        """Return the body of a request for another key."""
        wish = {"v": 1, "device_id": self.told["device_id"], "public_key": Device(to).jwk, "sequence": sequence}
        rotation = self.sign({**wish, **said}, "dancu-edge-rotate+jws")
        return {"device_id": self.told["device_id"], "rotation": rotation}
