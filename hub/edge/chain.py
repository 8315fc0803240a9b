"""Pure: what a device's next event is, by its place in the chain, its key, the clocks and what the device may say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from hub.edge.device import Device
from hub.edge.keys import Key, digest_of
from hub.edge.purposes import PURPOSES
from hub.edge.reported import Place, Reported, Unfit, read_reported

#: Milliseconds that a device's clock may be ahead of ours, as for every source (`hub.intake.rules`).
AHEAD: Final = 5 * 60_000


@dataclass(frozen=True, slots=True)
class Signed:
    """An event that a known key has signed. `jws` and `sealed` are as they came; only the last may be shown."""

    key: Key
    jws: str = field(repr=False)
    payload: bytes = field(repr=False)
    sealed: str


class Opened(NamedTuple):
    """A signed event with what could be read of it."""

    signed: Signed
    digest: str
    #: None: not even its place in the chain can be believed.
    place: Place | None
    #: None where something is wrong, see `unfit`.
    reported: Reported | None
    unfit: str | None


def read(signed: Signed) -> Opened:
    """Read what a device has signed."""
    digest = digest_of(signed.jws)
    try:
        reported = read_reported(signed.payload)
    except Unfit as problem:
        return Opened(signed, digest, problem.place, None, problem.reason)
    return Opened(signed, digest, reported.place, reported, None)


class Unread(NamedTuple):
    """What could not be opened, or was signed by nobody we know: why."""

    reason: str


class Met(NamedTuple):
    """An event that was met before in the same place."""

    digest: str
    #: pending, taken or refused.
    state: str
    reason: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of one event."""

    #: fresh: take it; unfinished: its place was taken before, the log may not have it; repeated; refused.
    state: Literal["fresh", "unfinished", "repeated", "refused"]
    reason: str | None = None
    place: Place | None = None
    #: What it reports, where it is to be taken.
    reported: Reported | None = field(default=None, repr=False)
    digest: str | None = None
    #: Its place in the chain is used up.
    in_chain: bool = False
    #: The first and last sequence that is missing before it.
    gap: tuple[int, int] | None = None
    #: It names another event before it than the one that we have.
    broken: bool = False
    #: What it was answered, where it is repeated.
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What the hub knows of the events that come."""

    #: By their names, as they are now: a key may have been ended since the event was read.
    keys: Mapping[str, Key]
    #: By sequence, what was met in the places that they name.
    met: Mapping[int, Met] = field(default_factory=dict)
    #: Those of their ids that are used.
    ids: Collection[str] = ()


class Chain:
    """The fold over one device's events, in the order in which they come."""

    def __init__(self, device: Device, past: Past, window: int) -> None:
        """`window`: how old an event may be, in milliseconds."""
        self._device = device
        self._keys = past.keys
        self._met = dict(past.met)
        self._ids = set(past.ids)
        self._window = window
        self.last, self.digest = device.last_sequence, device.last_digest
        self.clock = device.clock

    def rule(self, one: Opened, now: int) -> Ruling:
        """Say what becomes of an event that was signed by a known key."""
        place, digest, key = one.place, one.digest, self._keys[one.signed.key.kid]
        if place is None:
            return Ruling("refused", "malformed", digest=digest)
        if not key.device_id == place.device_id == self._device.device_id:
            return Ruling("refused", "device_mismatch", place, digest=digest)
        met = self._met.get(place.sequence)
        if met is not None and met.digest == digest:
            return _again(met, place, one.reported, digest)
        if self._device.revoked is not None:
            return Ruling("refused", "revoked", place, digest=digest)
        if not key.signs(place.sequence):
            return Ruling("refused", "key_ended", place, digest=digest)
        if place.sequence <= self.last:
            return Ruling("refused", "sequence_regression", place, digest=digest)
        return self._next(place, one.reported, one.unfit or self._problem(place, one.reported, now), digest)

    def _next(self, place: Place, reported: Reported | None, reason: str | None, digest: str) -> Ruling:
        """Take the next place of the chain."""
        gap = (self.last + 1, place.sequence - 1) if place.sequence > self.last + 1 else None
        broken = gap is None and place.previous != self.digest
        self.last, self.digest, self.clock = place.sequence, digest, place.clock
        self._met[place.sequence] = Met(digest, "refused" if reason else "pending", reason, None)
        if reason is None:
            self._ids.add(place.id)
        state: Literal["refused", "fresh"] = "refused" if reason else "fresh"
        return Ruling(state, reason, place, reported, digest, in_chain=True, gap=gap, broken=broken)

    def _problem(self, place: Place, reported: Reported | None, now: int) -> str | None:
        if place.id in self._ids:
            return "replay"
        if place.occurred_at > now + AHEAD:
            return "clock_ahead"
        if reported is None:
            return "content"
        if reported.kind != "expired" and place.occurred_at < now - self._window:
            return "clock_behind"
        if reported.site_id != self._device.site_id:
            return "site_mismatch"
        granted = reported.purpose in PURPOSES and reported.purpose in self._device.purposes
        return None if granted else "purpose_not_granted"


def _again(met: Met, place: Place, reported: Reported | None, digest: str) -> Ruling:
    """The very same was met before: finish it, or say again what was said."""
    if met.state == "refused" or reported is None:
        return Ruling("refused", met.reason, place, digest=digest)
    if met.state == "pending":
        return Ruling("unfinished", None, place, reported, digest)
    return Ruling("repeated", None, place, reported, digest, answer=met.answer)
