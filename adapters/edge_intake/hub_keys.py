"""The hub's own keys, to which devices seal their events: a file that only its owner reads, made when first needed."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from joserfc.jwk import OKPKey


class HubKeyProblem(Exception):
    """The hub's key file can't be used. Says which file, why, and what to do; never what is in it."""


class HubKeys:
    """The first key is for new events; the others open what was sealed to them before."""

    def __init__(self, keys: Mapping[str, OKPKey]) -> None:
        """Take keys by their thumbprint (RFC 7638), at least one, the newest first."""
        self._keys = dict(keys)
        self._current = next(iter(self._keys))

    def __repr__(self) -> str:
        return f"HubKeys({', '.join(self._keys)})"

    def public(self) -> dict[str, Any]:
        """Return the public JWK that devices seal to, with its kid."""
        shown = self._keys[self._current].as_dict(private=False)
        return {"kty": "OKP", "crv": "X25519", "x": shown["x"], "kid": self._current}

    def get(self, kid: str) -> OKPKey | None:
        """Return the key with this name, or None."""
        return self._keys.get(kid)

    def secret(self, purpose: str) -> bytes:
        """Return 32 bytes for a purpose, made from the oldest key of the file: they stay when a newer one is added."""
        oldest = str(list(self._keys.values())[-1].as_dict(private=True)["d"])
        return hmac.digest(oldest.encode(), purpose.encode(), hashlib.sha256)


def load_or_make(path: Path) -> HubKeys:
    """Read the keys of a file; make it where there is none. Raises `HubKeyProblem`.

    Of two processes that make it at once, both get the same.
    """
    try:
        if not path.exists():
            _make(path)
    except OSError as error:
        raise HubKeyProblem(f"{path}: {error.strerror}. Give this user access, or name another file") from error
    return load(path)


def load(path: Path) -> HubKeys:
    """Read the keys of a file: a JWK (OKP, X25519) or a JWK set, the newest first. Raises `HubKeyProblem`."""
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise HubKeyProblem(f"{path}: {error.strerror}. Give this user access, or name another file") from error
    if mode & 0o077:
        raise HubKeyProblem(f"{path}: others than its owner may use it. Run: chmod 600 {path}")
    try:
        return _read(content)
    except Exception as error:  # whatever the file holds; a text of the error could hold some of it
        raise HubKeyProblem(f"{path}: holds no X25519 key as a JWK. Put a copy back; see docs/edge.md") from error


def _read(content: bytes) -> HubKeys:
    said = orjson.loads(content)
    found = {}
    for one in said.get("keys", [said]):
        if one["kty"] != "OKP" or one["crv"] != "X25519":
            raise ValueError
        key = OKPKey.import_key({name: one[name] for name in ("kty", "crv", "x", "d")})
        found[key.thumbprint()] = key
    return HubKeys(found)


def _make(path: Path) -> None:
    """Write a new key beside the file and give it the name in one step, unless somebody was quicker."""
    key = OKPKey.generate_key("X25519")
    content = orjson.dumps({"keys": [{**key.as_dict(private=True), "kid": key.thumbprint()}]})
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(beside)
        except FileExistsError:
            return
    finally:
        beside.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
