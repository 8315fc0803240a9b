"""Counters of the scene: devices at six sites, what they read, and what is odd about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
from uuid_utils import uuid7

from deploy.bootstrap import Hub, now_ms
from deploy.counters import office_of, thresholds_of
from hub.edge.chain import Signed
from hub.edge.codes import Grant, new_code
from hub.edge.desk import EdgeDesk
from hub.edge.device import Device
from hub.edge.devices import Devices
from hub.edge.keys import Key, base64url, digest_of
from hub.observe import quiet

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_SITES = (
    ("benh-vien-bach-mai", "01", ("health-check-in",)),
    ("benh-vien-cho-ray", "79", ("health-check-in",)),
    ("mot-cua-hoan-kiem", "01", ("one-stop", "proof-of-life")),
    ("mot-cua-hue", "46", ("one-stop",)),
    ("buu-dien-da-nang", "48", ("proof-of-life",)),
    ("ngan-hang-ha-noi", "01", ("bank-identification",)),
)  # fmt: skip


@dataclass(slots=True)
class Reader:
    """A device and its chain, as the device keeps it; only the signatures are made up."""

    device: Device
    key: Key
    sequence: int = 0
    previous: str | None = None
    made: list[Signed] = field(default_factory=list)

    def reads(self, subject: str | None, at: int, **said: Any) -> None:
        """Sign what was read."""
        self.sequence += 1
        content = {
            "v": 1, "id": str(uuid7()), "device_id": self.device.device_id, "sequence": self.sequence,
            "previous": self.previous, "site_id": self.device.site_id, "purpose": self.device.purposes[0],
            "occurred_at": at, "clock": "synced", "kind": "verification", "result": "CHIP_PA", "error": None,
            "subject": subject, "document_number": None,
        } | said  # fmt: skip
        payload = orjson.dumps(content)
        jws = f"e30.{base64url(payload)}.c2lnbmVk"
        self.made.append(Signed(self.key, jws, payload, f"sealed.{len(payload)}"))
        self.previous = digest_of(jws)


def read_cards(hub: Hub, living: list[str], dead: str) -> list[str]:
    """Let the counters read cards of persons for two days; return the devices' ids, one site after the other."""
    now, devices = now_ms(), Devices(hub.deliveries_db)
    readers = [_enrolled(hub, devices, number, now) for number in range(len(_SITES))]
    for number, reader in enumerate(readers[:-1]):
        for turn in range(12 - number):
            person, ago = living[(number * 7 + turn) % len(living)], 40 * _HOUR - turn * 3 * _HOUR
            reader.reads(person, now - ago, result="CHIP_PA" if turn % 3 else "PA")
        reader.reads(None, now - 3 * _HOUR, result=None, error="not_genuine")
    for reader, ago in ((readers[0], 20), (readers[1], 12)):
        reader.reads(living[0], now - ago * _MINUTE)  # Hanoi and Ho Chi Minh City within minutes
    readers[2].reads(dead, now - 5 * _MINUTE, purpose="proof-of-life")
    readers[3].sequence += 2  # two events that never come
    readers[3].reads(living[3], now - 4 * _MINUTE)
    desk: EdgeDesk = office_of(hub).desk
    look, desk.on_turn = desk.on_turn, quiet  # whoever has not reported yet is not silent
    for reader in readers[:-1]:
        desk.take(reader.device.device_id, reader.made)
    look()
    devices.revoke(readers[4].device.device_id, "lan", "máy đã hỏng, trả lại nhà cung cấp", now)
    assert thresholds_of(hub.settings).silent_hours < 7 * 24
    return [reader.device.device_id for reader in readers]


def _enrolled(hub: Hub, devices: Devices, number: int, now: int) -> Reader:
    site, province, purposes = _SITES[number]
    joined = now - 6 * _DAY
    code = new_code(hub.deliveries_db, Grant(site, province, purposes), ("lan", "quầy mới"), joined, _DAY)
    x = base64url((number + 1).to_bytes(32, "big"))
    device = devices.enrol(code, x, f"Đầu đọc {number + 1}", joined)
    return Reader(device, devices.keys([device.kid])[device.kid])
