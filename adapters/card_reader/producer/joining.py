"""Joins a hub with a one-time code, and gives the device its next key. Both can be done again if an answer was lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.card_reader.producer.allowed import Forbidden, check
from adapters.card_reader.producer.device import (
    JOINING_KEY,
    NEXT_KEY,
    Enrolment,
    KeyInFile,
    key_in,
    load_enrolment,
    load_signer,
    save_enrolment,
)
from adapters.card_reader.producer.line import Answer, Line
from adapters.card_reader.producer.sealing import ROTATION, Sealer, sign


class NotAdmitted(Exception):
    """The hub does not take the device. Says why, in its words."""


def join(line: Line, home: Path, hub: str, code: str, name: str) -> Enrolment:
    """Make a key, unless one waits for an answer, and enrol it. Raises `NotAdmitted`, `LineDown`, OSError."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    key = key_in(home / JOINING_KEY)
    answer = line.post("/edge/enrol", {"code": code, "public_key": key.public(), "name": name})
    return _keep(home, _enrolment(answer, hub, key))


def rotate(line: Line, home: Path, following: int) -> Enrolment:
    """Give the device a new key, which signs from a sequence number on; the old one has signed all before.

    Raises `NotAdmitted`, `LineDown`, `BadDevice` and OSError.
    """
    before = load_enrolment(home)
    old, new = load_signer(home, before), key_in(home / NEXT_KEY)
    wish = {"v": 1, "device_id": before.device_id, "public_key": new.public(), "sequence": following}
    rotation = sign(old, before.kid, wish, ROTATION).decode()
    answer = line.post("/edge/rotate", {"device_id": before.device_id, "rotation": rotation})
    return _keep(home, _enrolment(answer, before.hub, new))


def is_changing_keys(home: Path) -> bool:
    """Whether the hub may have taken a new key and its answer was lost: until it is asked again, nobody may sign."""
    return (home / NEXT_KEY).exists()


def _keep(home: Path, enrolment: Enrolment) -> Enrolment:
    save_enrolment(home, enrolment)
    load_signer(home, enrolment)  # gives the key that waited its place
    return enrolment


def _enrolment(answer: Answer, hub: str, key: KeyInFile) -> Enrolment:
    if answer.status not in (200, 201):
        raise NotAdmitted(answer.reason)
    said: Any = answer.body
    try:
        enrolment = Enrolment(
            device_id=said["device_id"],
            kid=said["kid"],
            x=key.public()["x"],
            site_id=said["site_id"],
            purposes=list(said["purposes"]),
            hub_key=_public(said["hub_key"]),
            window_seconds=int(said["window_seconds"]),
            hub=hub,
        )
        Sealer(key, enrolment.kid, enrolment.hub_key)
        for purpose in enrolment.purposes:
            check({"device_id": enrolment.device_id, "site_id": enrolment.site_id, "purpose": purpose})
    except (KeyError, TypeError, ValueError, Forbidden):
        raise NotAdmitted("something else than the hub answers there") from None
    return enrolment


def _public(key: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(key[name]) for name in ("kty", "crv", "x", "kid")}
