"""The page of the counters: sites, devices, what is missing and odd; seen to with a reason, as with the commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from hub.edge.alerts import Alerts
from hub.edge.devices import Devices
from monitoring.counters import ALERTS, read_counters
from tests.deploy.sample import death, person
from tests.monitoring.console.counters import read_cards
from tests.monitoring.console.own_hub import Browser, OwnHub, open_own_hub
from tests.monitoring.console.scene import Scene

LIVING = [person(number) for number in range(1, 9)]
DEAD = person(99)
WHY = {"reason": "đã gọi cho quầy"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnHub]:
    """One hub for all: each test acts on an alert or a device of its own."""
    with open_own_hub(tmp_path_factory.mktemp("counters") / "home") as own:
        own.scene.run(death(99))
        read_cards(own.scene.hub, LIVING, DEAD)
        own.scene.decide()
        yield own


def _text(browser: Browser, query: str = "") -> str:
    answer = browser.get(f"/console/edge{query}")
    assert answer.status_code == 200
    return unescape(answer.text)


def _alerts(text: str) -> dict[str, str]:
    return {kind: identity for identity, kind in re.findall(r'<tr data-alert="(\w+)" data-kind="(\w+)">', text)}


def test_sites_devices_and_alerts_are_told_without_any_person(own: OwnHub) -> None:
    text = _text(own.browser("an", "viewer"))
    hub = own.scene.hub
    kept = read_counters(hub.deliveries_db, hub.settings.edge_silent_hours, own.clock())
    assert re.findall(r'<tr data-site="([^"]+)">', text) == [site.site_id for site in kept.sites]
    devices = re.findall(r'<tr data-device="([^"]+)" data-state="(\w+)">', text)
    assert sorted(devices) == sorted((one.device.device_id, one.state) for site in kept.sites for one in site.devices)
    assert {state for _, state in devices} == {"active", "revoked", "silent"}
    assert _alerts(text).keys() == {one.kind for one in kept.alerts}
    assert {"deceased_card_used", "sequence_gap", "two_sites"} <= _alerts(text).keys()
    for kind in _alerts(text):
        assert ALERTS[kind].vi in text
    assert "Thành phố Hà Nội" in text
    assert not [number for number in (*LIVING, DEAD) if number in text]


def test_missing_sequences_are_named(own: OwnHub) -> None:
    text = _text(own.browser())
    device = next(one for one in Devices(own.scene.hub.deliveries_db).every() if one.missing)
    row = re.search(rf'<tr data-device="{device.device_id}".*?</tr>', text, re.DOTALL)
    assert row is not None
    assert f'data-value="{device.missing}"' in row[0]
    assert re.search(r"<span class=\"under\">\d+–\d+</span>", row[0])


def test_an_alert_is_acknowledged_with_a_reason_and_recorded(own: OwnHub) -> None:
    browser = own.browser()
    identity = _alerts(_text(browser))["deceased_card_used"]
    assert browser.post(f"/console/edge/alerts/{identity}/acknowledge", {"reason": ""}).status_code == 422
    assert browser.post(f"/console/edge/alerts/{identity}/acknowledge", WHY).status_code == 303
    assert identity not in _alerts(_text(browser)).values()
    assert WHY["reason"] in _text(browser, "?every=1")
    (entry,) = own.audit("edge.alert_acknowledged")
    assert (entry.by, entry.reason) == ("lan", WHY["reason"])
    assert browser.post(f"/console/edge/alerts/{identity}/acknowledge", WHY).status_code == 409


def test_a_device_is_revoked_with_a_reason_and_recorded(own: OwnHub) -> None:
    browser = own.browser()
    device = next(one for one in Devices(own.scene.hub.deliveries_db).every() if one.revoked is None)
    address = f"/console/edge/devices/{device.device_id}/revoke"
    assert address in _text(browser)
    assert browser.post(address, WHY).status_code == 303
    assert f'data-device="{device.device_id}" data-state="revoked"' in _text(browser)
    assert [entry.subject for entry in own.audit("edge.revoked") if entry.reason == WHY["reason"]] == [device.device_id]
    assert browser.post(address, WHY).status_code == 409


def test_those_who_may_only_look_change_nothing(own: OwnHub) -> None:
    identity = _alerts(_text(own.browser()))["sequence_gap"]
    device = next(one for one in Devices(own.scene.hub.deliveries_db).every() if one.revoked is None)
    for name, role in (("an", "viewer"), ("thu", "auditor")):
        browser = own.browser(name, role)
        assert "acknowledge" not in _text(browser)
        assert "/revoke" not in _text(browser)
        assert browser.post(f"/console/edge/alerts/{identity}/acknowledge", WHY).status_code == 403
        assert browser.post(f"/console/edge/devices/{device.device_id}/revoke", WHY).status_code == 403
    assert identity in {one.id for one in Alerts(own.scene.hub.deliveries_db).every()}


def test_a_hub_without_counters_says_how_to_get_one(tmp_path: Path) -> None:
    with open_own_hub(tmp_path / "home") as own:
        text = _text(own.browser())
        assert "dancu edge enrol" in text
        assert "Không có cảnh báo nào đang mở" in text


def test_the_page_shows_what_the_command_lists(scene: Scene) -> None:
    told = {one["device_id"]: one for one in scene.json("edge", "devices")["devices"]}
    with scene.client("an") as http:
        text = http.get("/console/edge").text
    rows = dict(re.findall(r'<tr data-device="([^"]+)" data-state="\w+">(.*?)</tr>', text, re.DOTALL))
    assert rows.keys() == told.keys()
    for device_id, row in rows.items():
        values = [int(value) for value in re.findall(r'class="num" data-value="(\d+)"', row)]
        one = told[device_id]
        assert values == [one["last_sequence"], one["missing"], one["refused"]]
