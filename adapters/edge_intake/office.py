"""What is done for devices: admitted with a code, given another key, their events taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from adapters.edge_intake.hub_keys import HubKeys
from adapters.edge_intake.sealed import EVENT, ROTATION, OtherKey, Unopened, kid_in, payload_of, unseal
from hub.edge.chain import Signed, Unread
from hub.edge.desk import EdgeDesk, Result
from hub.edge.device import Device
from hub.edge.devices import Devices, NotAdmitted, Rotation
from hub.edge.keys import BadKey
from hub.edge.ledger import UnknownDevice
from hub.problems import Problem, try_again

#: Events in one request, at most.
MOST = 500
_DEVICE = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z")]


class PublicKey(msgspec.Struct):
    """An Ed25519 public key as a JWK (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str


class Enrolment(msgspec.Struct):
    """A device asks to be admitted."""

    code: Annotated[str, Meta(max_length=100)]
    public_key: PublicKey
    name: Annotated[str, Meta(min_length=1, max_length=100)]


class RotationRequest(msgspec.Struct):
    """A device asks to sign with another key."""

    device_id: _DEVICE
    rotation: Annotated[str, Meta(max_length=4096)]


class EventsRequest(msgspec.Struct):
    """A device hands in events, sealed."""

    device_id: _DEVICE
    events: Annotated[list[str], Meta(max_length=MOST)]


class _Wish(msgspec.Struct):
    v: Literal[1]
    device_id: _DEVICE
    public_key: PublicKey
    sequence: Annotated[int, Meta(ge=1, le=2**53)]


@dataclass(frozen=True, slots=True)
class Office:
    """The parts that devices' requests need. `now` gives milliseconds since 1970 UTC."""

    devices: Devices
    desk: EdgeDesk
    hub_keys: HubKeys
    window_seconds: int
    now: Callable[[], int]

    def enrol(self, asked: Enrolment) -> dict[str, Any]:
        """Admit a device; return what it must know. Raises `Problem`."""
        try:
            name = "".join(c for c in asked.name if c.isprintable())
            return self._welcome(self.devices.enrol(asked.code, asked.public_key.x, name, self.now()))
        except (NotAdmitted, BadKey) as problem:
            raise _refusal(problem) from None

    def rotate(self, asked: RotationRequest) -> dict[str, Any]:
        """Give a device another key; return what it must know. Raises `Problem`."""
        try:
            kid = kid_in(asked.rotation)
            key = self.devices.keys([kid]).get(kid)
            if key is None or key.device_id != asked.device_id:
                raise Problem(401, "No such device has this key.")
            wish = msgspec.json.decode(payload_of(asked.rotation, key, ROTATION), type=_Wish)
        except Unopened:
            raise Problem(401, "The rotation is not signed by the key that it names.") from None
        except msgspec.DecodeError:
            raise Problem(400, "The rotation does not say v, device_id, public_key and sequence.") from None
        if wish.device_id != key.device_id:
            raise Problem(401, "The rotation is another device's.")
        try:
            rotation = Rotation(key.device_id, kid, wish.public_key.x, wish.sequence)
            return self._welcome(self.devices.rotate(rotation, self.now()))
        except (NotAdmitted, BadKey) as problem:
            raise _refusal(problem) from None

    def take(self, asked: EventsRequest) -> list[Result]:
        """Take events; return what became of each, in order. Raises `Problem`, and the errors of a broken world."""
        if self.devices.get(asked.device_id) is None:
            raise Problem(401, "No such device was enrolled here.")
        try:
            opened = [self._opened(sealed) for sealed in asked.events]
        except OtherKey:
            raise try_again("An event is sealed to a key that this hub does not have now.", 300) from None
        kids = {one[0] for one in opened if not isinstance(one, Unread)}
        known = self.devices.keys(kids) if kids else {}
        items: list[Signed | Unread] = []
        for one, sealed in zip(opened, asked.events, strict=True):
            if isinstance(one, Unread):
                items.append(one)
                continue
            kid, signed = one
            items.append(_verified(signed, sealed, known[kid]) if kid in known else Unread("unknown_key"))
        return self._take(asked.device_id, items)

    def _take(self, device_id: str, items: Sequence[Signed | Unread]) -> list[Result]:
        try:
            return self.desk.take(device_id, items)
        except UnknownDevice:
            raise Problem(401, "No such device was enrolled here.") from None

    def _opened(self, sealed: str) -> tuple[str, str] | Unread:
        """Return the key that has signed, by its own word, and the signed text."""
        try:
            signed = unseal(sealed, self.hub_keys)
            return kid_in(signed), signed
        except Unopened as problem:
            return Unread(problem.reason)

    def _welcome(self, device: Device) -> dict[str, Any]:
        return {
            "device_id": device.device_id,
            "kid": device.kid,
            "site_id": device.site_id,
            "purposes": list(device.purposes),
            "hub_key": self.hub_keys.public(),
            "window_seconds": self.window_seconds,
        }


def _verified(signed: str, sealed: str, key: Any) -> Signed | Unread:
    try:
        return Signed(key, signed, payload_of(signed, key, EVENT), sealed)
    except Unopened as problem:
        return Unread(problem.reason)


def _refusal(problem: NotAdmitted | BadKey) -> Problem:
    if isinstance(problem, BadKey):
        return Problem(400, "public_key: is no Ed25519 key as a JWK.")
    status = 409 if problem.code in ("key_known", "key_ended", "sequence_regression") else 403
    return Problem(status, f"Not admitted: {problem}.", more={"code": problem.code})
