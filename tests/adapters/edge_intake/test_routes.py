"""The wire: a device joins, reports, changes its key, and is ended."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx2 import Client

from adapters.registry.serving import served
from deploy.bootstrap import now_ms, open_hub
from deploy.settings import load_settings
from deploy.web.app import make_web
from hub.edge.devices import Devices
from hub.eventlog import LogAway
from tests.adapters.edge_intake.conftest import PURPOSES, Site
from tests.adapters.edge_intake.device import Device
from tests.hub.making import LAN


def test_a_device_joins_with_a_code_and_learns_what_it_needs(site: Site) -> None:
    device, code = Device(), site.code()
    body = {"code": code, "public_key": device.jwk, "name": "Quầy 1\x00"}
    first, again = (site.post("/edge/enrol", body) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    assert sorted(first.json) == ["device_id", "hub_key", "kid", "purposes", "site_id", "window_seconds"]
    assert (first.json["site_id"], first.json["purposes"]) == ("hospital-7", list(PURPOSES))
    assert sorted(first.json["hub_key"]) == ["crv", "kid", "kty", "x"]
    assert first.json["window_seconds"] == 14 * 86_400
    other = site.post("/edge/enrol", {**body, "public_key": Device().jwk})
    assert (other.status, other.json["code"], other.kind) == (403, "code_used", "application/problem+json")
    assert code not in str(other.json)


def test_events_are_answered_in_their_order(site: Site) -> None:
    device = site.device()
    failed = {"result": None, "error": "not_genuine", "subject": None}
    events = [device.event(), device.event(**failed), "no event", device.event(site_id="elsewhere"), device.event()]
    told = site.take(device, *events)
    assert [(one["sequence"], one["state"], one["reason"]) for one in told] == [
        (1, "taken", None),
        (2, "taken", None),
        (None, "refused", "sealing"),
        (3, "refused", "site_mismatch"),
        (4, "taken", None),
    ]
    assert told[0]["answer"] == {"life": "unknown", "card": "unknown", "alerts": []}
    assert [one["state"] for one in site.take(device, *events)] == ["repeated"] * 2 + ["refused"] * 2 + ["repeated"]


def test_a_device_changes_its_key_and_the_old_one_signs_what_came_before(site: Site) -> None:
    device, new = site.device(), Ed25519PrivateKey.generate()
    waiting = [device.event(), device.event()]
    rotation = device.rotation(new, 3)
    first, again = (site.post("/edge/rotate", rotation) for _ in range(2))
    assert (first.status, again.status) == (200, 200)
    assert first.json == again.json
    assert first.json["kid"] != device.told["kid"]
    late = Device(device.key, device.told, 2).event()
    device.key, device.told = new, first.json
    told = site.take(device, *waiting, device.event(), late)
    assert [one["state"] for one in told] == ["taken"] * 3 + ["refused"]
    assert told[3]["reason"] == "key_ended"


def test_nobody_else_changes_a_devices_key(site: Site) -> None:
    device, other, new = site.device(), site.device(), Ed25519PrivateKey.generate()
    stranger = Device(told=device.told)
    for body in (
        stranger.rotation(new, 1),
        other.rotation(new, 1, device_id=device.told["device_id"]),
        {**other.rotation(new, 1), "device_id": device.told["device_id"]},
        {**device.rotation(new, 1), "rotation": device.sign(device.content())},
        {**device.rotation(new, 1), "rotation": "a.b.c"},
    ):
        assert site.post("/edge/rotate", body).status == 401
    assert site.post("/edge/rotate", device.rotation(new, 1, public_key=None)).status == 400
    assert site.post("/edge/rotate", device.rotation(other.key, 1)).status == 409


def test_a_revoked_device_is_told_so(site: Site) -> None:
    device = site.device()
    assert Devices(site.hub.deliveries_db).revoke(device.told["device_id"], "an", "stolen", now_ms())
    told = site.take(device, device.event())[0]
    assert (told["state"], told["reason"]) == ("refused", "revoked")
    assert site.post("/edge/rotate", device.rotation(Ed25519PrivateKey.generate(), 1)).status == 403


def test_a_device_that_was_never_enrolled_is_told_so(site: Site) -> None:
    reply = site.post("/edge/events", {"device_id": "edge-0000000000", "events": []})
    assert (reply.status, reply.kind) == (401, "application/problem+json")


def test_what_it_serves_is_described(site: Site) -> None:
    paths = site.client.get("/openapi.json").json()["paths"]
    for path, fields in (
        ("/edge/enrol", ["code", "public_key", "name"]),
        ("/edge/rotate", ["device_id", "rotation"]),
        ("/edge/events", ["device_id", "events"]),
    ):
        route = paths[path]["post"]
        assert route["requestBody"]["content"]["application/json"]["schema"]["required"] == fields
        assert {"400", "503"} <= route["responses"].keys()


def test_nothing_that_was_sent_is_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    device = site.device()
    with caplog.at_level(logging.DEBUG):
        site.take(device, device.event(), device.event(subject="0"), device.event(photo="x"), "no event")
    assert LAN not in caplog.text
    assert device.told["device_id"] not in caplog.text


@pytest.mark.parametrize(("broken", "status"), [(LogAway(f"log.db: away {LAN}"), 503), (KeyError(LAN), 500)])
def test_a_broken_world_is_a_problem_and_the_same_is_taken_afterwards(
    site: Site,
    broken: Exception,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    device = site.device()
    event = device.event()

    def fail(*_: object) -> None:
        raise broken

    monkeypatch.setattr(site.hub.log, "append", fail)
    reply = site.post("/edge/events", device.request(event))
    monkeypatch.undo()
    assert (reply.status, reply.kind) == (status, "application/problem+json")
    assert LAN not in f"{reply.json}{caplog.text}"
    assert site.take(device, event)[0]["state"] == "taken"


def test_a_hub_without_its_key_asks_to_come_again(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("{}")
    with open_hub(load_settings(home=tmp_path / "home", edge_key_file=file)) as hub:
        app = make_web(hub)
        with closing(app.state.feeds), served(app) as url, Client(base_url=url) as client:
            answer = client.post("/edge/events", content=b'{"device_id":"edge-1","events":[]}')
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
            assert str(file) not in answer.text
            file.unlink()  # then it is made
            assert client.post("/edge/events", content=b'{"device_id":"edge-1","events":[]}').status_code == 401
    assert file.stat().st_mode & 0o777 == 0o600
