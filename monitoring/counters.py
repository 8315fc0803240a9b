"""Counters as an operator sees them: each site with its devices, what was verified there, what is missing or odd."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from hub.edge.alerts import Alerts, Kind, Raised
from hub.edge.device import Device
from hub.edge.devices import Devices
from hub.edge.figures import Count, figures
from monitoring.words import Words

_HOUR: Final = 3_600_000
#: What a genuine card is told from: authenticated by its chip, or only read.
VERIFIED: Final = ("CHIP_PA", "PA", "READ_ONLY", "QR")
#: What is odd, in words.
ALERTS: Final[Mapping[str, Words]] = {
    Kind.DECEASED: Words("thẻ của người đã chết", "the card of a dead person was used"),
    Kind.LOST: Words("thẻ đã báo mất", "a lost card was used"),
    Kind.TWO_SITES: Words("cùng một thẻ ở hai tỉnh", "the same card in two provinces"),
    Kind.SILENT: Words("thiết bị im lặng", "the device is silent"),
    Kind.GAP: Words("thiếu sự kiện", "events are missing"),
    Kind.REGRESSION: Words("số thứ tự dùng lại: thiết bị bị sao chép?", "a sequence again: is the device copied?"),
    Kind.BROKEN: Words("chuỗi bị đứt", "the chain is broken"),
    Kind.REPLAY: Words("mã sự kiện dùng lại", "the id of another event"),
    Kind.EXPIRED: Words("sự kiện quá hạn", "events grew too old"),
}
#: How a device stands.
DEVICE_STATES: Final[Mapping[str, Words]] = {
    "active": Words("hoạt động", "active"),
    "silent": Words("im lặng", "silent"),
    "never": Words("chưa gửi gì", "never heard of"),
    "revoked": Words("đã thu hồi", "revoked"),
}
RESULTS: Final[Mapping[str, Words]] = {
    "CHIP_PA": Words("xác thực chip", "chip authenticated"),
    "PA": Words("xác thực dữ liệu chip", "chip data authenticated"),
    "READ_ONLY": Words("chỉ đọc chip", "chip read only"),
    "QR": Words("chỉ đọc mã QR", "QR code only"),
    "expired": Words("quá hạn", "too old"),
}


class Outcome(NamedTuple):
    """How often something was reported at a site."""

    purpose: str
    outcome: str
    times: int


@dataclass(frozen=True, slots=True)
class CounterDevice:
    """A device and how it stands."""

    device: Device
    #: A key of `DEVICE_STATES`.
    state: str
    #: Ranges of sequences that never came, as far as an open alert tells them.
    gaps: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Site:
    """One place with its devices. Nobody's person is in it."""

    site_id: str
    province: str | None
    last_seen_at: int | None
    devices: Sequence[CounterDevice]
    outcomes: Sequence[Outcome]
    #: Of the devices that were not revoked.
    missing: int
    open_alerts: int

    @property
    def verified(self) -> int:
        """How many cards were read and told who somebody is, by whatever means."""
        return sum(one.times for one in self.outcomes if one.outcome in VERIFIED)

    @property
    def others(self) -> int:
        """How many were not, or were refused."""
        return sum(one.times for one in self.outcomes) - self.verified


class Counters(NamedTuple):
    """All sites and what is open."""

    sites: Sequence[Site]
    alerts: Sequence[Raised]


def read_counters(deliveries: sa.Engine, silent_hours: float, now: int, *, every_alert: bool = False) -> Counters:
    """Look at all counters at a time (ms since 1970 UTC). A device is silent after so many hours."""
    devices, counts = Devices(deliveries).every(), figures(deliveries).counts
    alerts = Alerts(deliveries).every(also_acknowledged=every_alert)
    return Counters(sites_of(devices, counts, alerts, now - int(silent_hours * _HOUR)), alerts)


def sites_of(
    devices: Iterable[Device], counts: Iterable[Count], alerts: Iterable[Raised], silent_before: int
) -> list[Site]:
    """Put them together. Pure. `silent_before`: who was heard of last before this time (ms) is silent."""
    waiting = [one for one in alerts if one.acknowledged is None]
    gaps: dict[str, list[tuple[int, int]]] = {}
    for one in waiting:
        if one.kind == Kind.GAP:
            gaps.setdefault(one.device_id, []).append(_range(one.detail))
    placed: dict[str, list[CounterDevice]] = {}
    for device in devices:
        shown = CounterDevice(device, _state(device, silent_before), sorted(gaps.get(device.device_id, ())))
        placed.setdefault(device.site_id, []).append(shown)
    reported: dict[str, list[Outcome]] = {}
    for count in counts:
        reported.setdefault(count.site_id, []).append(Outcome(count.purpose, count.outcome, count.times))
    return [
        _site(name, placed.get(name, []), reported.get(name, []), sum(one.site_id == name for one in waiting))
        for name in sorted({*placed, *reported})
    ]


def _site(name: str, devices: Sequence[CounterDevice], outcomes: Sequence[Outcome], open_alerts: int) -> Site:
    heard = [one.device.last_seen_at for one in devices if one.device.last_seen_at is not None]
    province = next((one.device.province for one in devices if one.device.province), None)
    missing = sum(one.device.missing for one in devices if one.device.revoked is None)
    return Site(name, province, max(heard, default=None), devices, outcomes, missing, open_alerts)


def _state(device: Device, silent_before: int) -> str:
    if device.revoked is not None:
        return "revoked"
    if (device.last_seen_at or device.enrolled_at) < silent_before:
        return "silent"
    return "active" if device.last_seen_at is not None else "never"


def _range(detail: Mapping[str, Any]) -> tuple[int, int]:
    return int(detail.get("first", 0)), int(detail.get("last", 0))


def outcome_in_words(outcome: str, failures: Mapping[str, Words]) -> Words:
    """Return what was reported, in words; a code that has none, as it is. `failures`: why a card was not believed."""
    if outcome.startswith("refused:"):
        code = outcome.partition(":")[2].replace("_", " ")
        return Words(f"bị từ chối: {code}", f"refused: {code}")
    plain = outcome.replace("_", " ")
    return RESULTS.get(outcome) or failures.get(outcome) or Words(plain, plain)
