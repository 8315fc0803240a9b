"""A counter and the real hub: what is read reaches those entitled, and what the hub knows comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from adapters.card_reader.producer.clock import now
from adapters.card_reader.producer.event import Finding, Result
from adapters.card_reader.producer.joining import rotate
from adapters.card_reader.producer.line import Line
from adapters.ingest import Ingest
from adapters.registry.serving import served
from deploy.bootstrap import Hub, now_ms, open_hub
from deploy.settings import load_settings
from deploy.web.app import make_web
from hub.edge.alerts import Alerts
from hub.edge.codes import Grant, new_code
from hub.edge.devices import Devices
from hub.eventlog import records_of
from hub.topics import RECEIVED
from schemas.example import example
from tests.adapters.card_reader.producer.making import Device, a_device
from tests.benchmarks.material import decide_until

LIVING = "079192004321"


@dataclass(frozen=True)
class RealHub:
    """A hub that serves what it really serves."""

    hub: Hub
    url: str

    @property
    def code(self) -> str:
        grant = Grant("01-00004-01", "01", ("health-check-in", "entry"))
        return new_code(self.hub.deliveries_db, grant, ("an", "a test"), now_ms(), 3_600_000)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealHub]:
    with open_hub(load_settings(home=tmp_path_factory.mktemp("hub") / "home")) as opened:
        app = make_web(opened)
        with closing(app.state.feeds), served(app) as url:
            yield RealHub(opened, url)


@pytest.fixture
def device(hub: RealHub, tmp_path: Path) -> Iterator[Device]:
    with a_device(hub, tmp_path) as one:
        one.recorder._clock = now
        yield one


def found(subject: str, purpose: str = "health-check-in") -> Finding:
    return Finding(purpose, Result.CHIP_PA, None, subject, subject[-9:])


def ids(hub: RealHub) -> list[str]:
    return [record.headers["ce_id"] for record in records_of(hub.hub.log, RECEIVED) if "ce_id" in record.headers]


def test_a_verification_is_in_the_hubs_log_once_however_often_it_is_sent(hub: RealHub, device: Device) -> None:
    device.recorder.record(found(LIVING))
    (event,) = device.outbox.batch(10)
    device.send_all()
    again = {"device_id": device.enrolment.device_id, "events": [event.sealed]}
    answers = [device.uplink._line.post("/edge/events", again) for _ in range(2)]
    assert [answer.body["results"][0]["state"] for answer in answers] == ["repeated", "repeated"]
    assert ids(hub).count(event.id) == 1
    assert device.outbox.state().refused == {}


def test_the_counter_learns_that_the_holder_has_died(hub: RealHub, device: Device, tmp_path: Path) -> None:
    death = example("DeathRegistered", hub.hub.rules.catalogue)
    file = tmp_path / "death.json"
    file.write_bytes(orjson.dumps(death))
    Ingest(hub.hub.desk(), hub.hub.log, hub.hub.home.oversized).file(file)
    decide_until(hub.hub)
    device.recorder.record(found(death["subject"]))
    device.send_all()
    (alarm,) = device.outbox.alarms.all()
    assert alarm["life"] == "deceased"
    kinds = [one.kind for one in Alerts(hub.hub.deliveries_db).every()]
    assert "deceased_card_used" in kinds


def test_every_kind_of_event_is_taken(hub: RealHub, device: Device) -> None:
    device.recorder.record(Finding("health-check-in", None, "not_genuine"))
    device.recorder.record(Finding("health-check-in", Result.QR, None, LIVING))
    device.recorder.record(Finding("health-check-in", Result.READ_ONLY, "csca_unknown", LIVING, LIVING[-9:]))
    device.recorder.record(found(LIVING, "entry"))
    device.send_all()
    assert device.outbox.state().refused == {}
    (known,) = [one for one in Devices(hub.hub.deliveries_db).every() if one.device_id == device.enrolment.device_id]
    assert (known.last_sequence, known.missing, known.refused) == (4, 0, 0)


def test_what_grew_too_old_is_explained_to_the_hub(hub: RealHub, device: Device) -> None:
    old = now()
    device.recorder._clock = lambda: old._replace(at=old.at - 20 * 86_400_000, clock="synced")
    device.recorder.record(found(LIVING))
    device.recorder._clock = lambda: now()._replace(clock="synced")
    device.recorder.record(found(LIVING))
    device.send_all()
    state = device.outbox.state()
    assert (state.refused, state.expired) == ({}, 1)
    mine = [one for one in Alerts(hub.hub.deliveries_db).every() if one.device_id == device.enrolment.device_id]
    assert [one.kind for one in mine] == ["events_expired"]  # and no gap that nobody has explained


def test_a_new_key_is_taken_and_what_the_old_one_has_signed_as_well(hub: RealHub, tmp_path: Path) -> None:
    with a_device(hub, tmp_path) as device:
        device.recorder._clock = now
        device.recorder.record(found(LIVING))  # is sent only after the change
    with closing(Line(hub.url)) as line:
        rotate(line, tmp_path, 2)
    with a_device(hub, tmp_path) as device:
        device.recorder._clock = now
        device.recorder.record(found(LIVING))
        device.send_all()
        assert device.outbox.state().refused == {}
        assert device.outbox.state().stopped is None


def test_a_device_that_was_revoked_stops(hub: RealHub, device: Device) -> None:
    Devices(hub.hub.deliveries_db).revoke(device.enrolment.device_id, "an", "it was stolen", now_ms())
    device.recorder.record(found(LIVING))
    assert device.uplink.turn() >= 300
    assert device.outbox.state().stopped == "revoked"
    assert device.outbox.state().waiting == 1


def test_a_device_that_was_put_back_from_a_backup_stops(hub: RealHub, device: Device) -> None:
    for _ in range(3):
        device.recorder.record(found(LIVING))
    device.send_all()
    with device.outbox._file.writing() as connection:  # as a snapshot of the whole machine: nothing on it can tell
        connection.execute("UPDATE row SET next = 2")
    device.recorder.record(found(LIVING))
    device.uplink.turn()
    state = device.outbox.state()
    assert (state.stopped, state.refused) == ("restored", {"sequence_regression": 1})
