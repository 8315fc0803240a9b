"""The real producer and the real hub: what the one seals and signs the other opens and takes."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from adapters.card_reader.producer.event import Finding, Result
from adapters.card_reader.producer.joining import rotate
from adapters.card_reader.producer.line import Line
from hub.edge.alerts import Alerts
from hub.edge.devices import Devices
from tests.adapters.card_reader.producer.making import a_device
from tests.adapters.edge_intake.conftest import Site
from tests.hub.making import LAN, MAI

FOUND = Finding("health-check-in", Result.CHIP_PA, None, LAN, LAN[-9:])
FAILED = Finding("health-check-in", None, "not_genuine")
UNKNOWN_ISSUER = Finding("proof-of-life", Result.READ_ONLY, "csca_unknown", MAI, MAI[-9:])


@dataclass(frozen=True, slots=True)
class Joinable:
    """A hub that one device may join."""

    url: str
    code: str


def test_what_the_producer_sends_is_taken_and_answered(site: Site, tmp_path: Path) -> None:
    hub = Joinable(str(site.client.base_url).rstrip("/"), site.code("hospital-9"))
    with a_device(hub, tmp_path) as device:
        device.clock.at = time.time_ns() // 1_000_000
        for finding in (FOUND, FAILED, UNKNOWN_ISSUER):
            device.recorder.record(finding)
        device.send_all()
        assert len(device.answers) == 2
        device.recorder.record(FOUND)  # signed by the old key, still on its way
        with closing(Line(hub.url)) as line:
            rotate(line, tmp_path, device.outbox.state().next)
        device.send_all()
        state = device.outbox.state()
        assert (state.waiting, state.stopped, dict(state.refused)) == (0, None, {})
    with a_device(hub, tmp_path) as device:  # with the new key
        device.clock.at = time.time_ns() // 1_000_000
        device.recorder.record(FOUND)
        device.clock.at -= 20 * 86_400_000
        device.recorder.record(FAILED)
        device.clock.at += 20 * 86_400_000
        device.recorder.expire()
        device.send_all()
        assert dict(device.outbox.state().refused) == {}
        device_id = device.enrolment.device_id
    known = Devices(site.hub.deliveries_db).get(device_id)
    assert known
    assert (known.last_sequence, known.missing, known.refused, known.clock) == (7, 1, 0, "synced")
    told = [one.kind for one in Alerts(site.hub.deliveries_db).every() if one.device_id == device_id]
    assert told == ["events_expired"]
