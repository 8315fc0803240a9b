"""Who this counter is for the hub: its private key, and what the hub said when it joined. Files of the owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from joserfc.jwk import OKPKey

from adapters.card_reader.producer.event import Place
from adapters.card_reader.producer.sealing import Signer

KEY, ENROLMENT = "device.pem", "device.json"
#: Keys that wait for the hub's answer: to a code, and to a wish to change keys.
JOINING_KEY, NEXT_KEY = "device.joining.pem", "device.next.pem"


class BadDevice(Exception):
    """The counter's key or enrolment can't be used. Says why and what to do."""


class NotJoined(BadDevice):
    """This counter belongs to no hub yet."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the hub said when the device joined."""

    device_id: str
    kid: str
    #: `x` of the device's public key (JWK, Ed25519).
    x: str
    site_id: str
    purposes: Sequence[str]
    #: The hub's public key (JWK, X25519).
    hub_key: Mapping[str, Any] = field(repr=False)
    #: How old an event may be when the hub gets it, in seconds.
    window_seconds: int
    hub: str

    @property
    def place(self) -> Place:
        """Where this device stands."""
        return Place(self.device_id, self.site_id)


class KeyInFile:
    """A private key in a PEM file (PKCS #8) that only its owner can read."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._key.sign(message)

    def public(self) -> dict[str, str]:
        """Return the public key as a JWK."""
        shown = OKPKey.import_key(self._key.public_key()).as_dict(private=False)
        return {name: str(shown[name]) for name in ("kty", "crv", "x")}


def key_in(file: Path) -> KeyInFile:
    """Return the key in a file; a missing one is made. Raises `BadDevice` and OSError."""
    if not file.exists():
        made = Ed25519PrivateKey.generate()
        write_private(file, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    content = read_private(file)
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise BadDevice(f"{file}: is no private key; enrol this counter again: dancu edge join --again") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadDevice(f"{file}: is no Ed25519 key; enrol this counter again: dancu edge join --again")
    return KeyInFile(key)


def load_enrolment(home: Path) -> Enrolment:
    """Read what the hub said. Raises `NotJoined`, `BadDevice` and OSError."""
    file = home / ENROLMENT
    if not file.exists():
        raise NotJoined(
            "this counter belongs to no hub yet. Get a code from the hub's operators, then: dancu edge join"
        )
    try:
        return Enrolment(**orjson.loads(read_private(file)))
    except (orjson.JSONDecodeError, TypeError) as error:
        raise BadDevice(f"{file}: is damaged; enrol this counter again: dancu edge join --again") from error


def load_signer(home: Path, enrolment: Enrolment) -> Signer:
    """Return the device's key, also when a kill came between the hub's answer and the last step.

    A key behind PKCS#11 would be opened here: all else only needs a `Signer`. Raises `BadDevice` and OSError.
    """
    for name in (KEY, JOINING_KEY, NEXT_KEY):
        if (home / name).exists():
            key = key_in(home / name)
            if key.public()["x"] == enrolment.x:
                if name != KEY:
                    rename(home / name, home / KEY)
                return key
    raise BadDevice(
        f"{home / KEY}: is not the key that the hub knows; enrol this counter again: dancu edge join --again"
    )


def save_enrolment(home: Path, enrolment: Enrolment) -> None:
    """Keep what the hub said."""
    write_private(home / ENROLMENT, orjson.dumps(asdict(enrolment)))


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read: whole and on the disk, or not at all. Raises OSError."""
    temporary = file.with_name(f".{file.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)
    rename(temporary, file)


def rename(old: Path, new: Path) -> None:
    """Give a file another name, durably."""
    old.rename(new)
    folder = os.open(new.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_private(file: Path) -> bytes:
    """Read such a file. Raises `BadDevice` when others can read it too."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            advice = f"chmod 600 {file}, then change the key: dancu edge join --rotate"
            raise BadDevice(f"{file}: others than its owner may read it. {advice}")
        return stream.read(1 << 16)
