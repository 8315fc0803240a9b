"""The hub's side of `dancu edge`: codes, devices, revocation, alerts; each step in the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from deploy.bootstrap import Hub, now_ms, open_hub
from deploy.cli import app
from deploy.settings import load_settings
from hub.audit import check_trail, entries_of
from hub.edge.device import Device
from hub.edge.devices import Devices
from hub.edge.tables import devices
from tests.hub.edge.world import x_of

Dancu = Callable[..., Any]
WHY = ("--reason", "a new counter", "--by", "an")
ENROL = ("edge", "enrol", "--site", "hospital-7", "--purpose", "health-check-in")


@pytest.fixture
def dancu(tmp_path: Path) -> Dancu:
    """The command line over a new home, in this process."""
    wide = {"COLUMNS": "200"}
    return lambda *words: CliRunner().invoke(app, ["--home", str(tmp_path / "home"), *words], env=wide)


def made(result: Any) -> Any:
    """Return the JSON that a command printed."""
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def hub_of(tmp_path: Path) -> Any:
    return open_hub(load_settings(home=tmp_path / "home"))


def join(hub: Hub, code: str, number: int = 1) -> Device:
    return Devices(hub.deliveries_db).enrol(code, x_of(number), "Quầy 1", now_ms())


def test_a_code_is_all_that_goes_to_standard_output_and_lets_one_device_in(dancu: Dancu, tmp_path: Path) -> None:
    code = dancu(*ENROL, "--province", "79", *WHY).stdout.strip()
    with hub_of(tmp_path) as hub:
        device = join(hub, code)
    listed = made(dancu("edge", "devices", "--json"))["devices"]
    assert [(one["device_id"], one["site"], one["province"], one["state"]) for one in listed] == [
        (device.device_id, "hospital-7", "79", "active")
    ]
    assert (listed[0]["purposes"], listed[0]["last_seen"], listed[0]["missing"]) == (["health-check-in"], None, 0)
    assert made(dancu("edge", "devices", "--site", "elsewhere", "--json")) == {"devices": []}
    shown = dancu("edge", "devices").stdout
    assert "hospital-7" in shown
    assert code not in shown


def test_the_answer_of_enrol_names_what_the_code_is_good_for(dancu: Dancu) -> None:
    said = made(dancu(*ENROL, "--purpose", "proof-of-life", "--valid", "2h", *WHY, "--json"))
    assert sorted(said) == ["code", "expires", "province", "purposes", "site"]
    assert said["purposes"] == ["health-check-in", "proof-of-life"]


@pytest.mark.parametrize(
    "wrong",
    [("--valid", "30d"), ("--valid", "soon"), ("--province", "99"), ("--purpose", "curiosity"), ("--site", "a b")],
)
def test_a_code_for_what_cannot_be_is_refused_in_plain_words(dancu: Dancu, wrong: tuple[str, str]) -> None:
    refused = dancu(*ENROL, *WHY, *wrong)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "Lỗi / Error" in refused.stderr


def test_a_revoked_device_is_shown_as_such(dancu: Dancu, tmp_path: Path) -> None:
    code = made(dancu(*ENROL, *WHY, "--json"))["code"]
    with hub_of(tmp_path) as hub:
        device = join(hub, code).device_id
    revoke = ("edge", "revoke", device, "--reason", "it was stolen", "--by", "an")
    assert made(dancu(*revoke, "--json")) == {"device_id": device, "state": "revoked"}
    assert dancu(*revoke).exit_code == 1
    listed = made(dancu("edge", "devices", "--json"))["devices"][0]
    assert (listed["state"], listed["revoked"]["reason"]) == ("revoked", "it was stolen")
    assert "it was stolen" in dancu("edge", "devices").stdout


def test_a_silent_device_is_an_alert_until_somebody_has_looked(dancu: Dancu, tmp_path: Path) -> None:
    code = made(dancu(*ENROL, *WHY, "--json"))["code"]
    with hub_of(tmp_path) as hub:
        device = join(hub, code).device_id
        with hub.deliveries_db.begin() as connection:
            connection.execute(devices.update().values(enrolled_at=now_ms() - 100 * 3_600_000))
    assert made(dancu("edge", "alerts", "--json"))["alerts"][0]["kind"] == "device_silent"
    alerts = made(dancu("edge", "alerts", "--json"))["alerts"]
    assert [(one["device_id"], one["site"], one["acknowledged"]) for one in alerts] == [(device, "hospital-7", None)]
    assert alerts[0]["detail"]["since"].endswith("Z")
    assert device in dancu("edge", "alerts").stdout
    assert "thiết bị im lặng / the device is silent · dancu edge alerts" in " ".join(dancu("status").stdout.split())
    looked = ("edge", "acknowledge", alerts[0]["id"], "--reason", "the office is being moved", "--by", "binh")
    assert made(dancu(*looked, "--json"))["acknowledged"]["by"] == "binh"
    assert dancu(*looked).exit_code == 1
    assert made(dancu("edge", "alerts", "--json")) == {"alerts": []}
    assert "dancu edge alerts" not in dancu("status").stdout
    every = made(dancu("edge", "alerts", "--all", "--json"))["alerts"]
    assert every[0]["acknowledged"]["reason"] == "the office is being moved"


def test_the_key_for_counters_is_made_once_and_only_its_name_is_shown(dancu: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "key"
    first, again = (made(dancu("edge", "hub-key", "--file", str(file), "--json")) for _ in range(2))
    assert first == again == {"file": str(file), "kid": orjson.loads(file.read_bytes())["keys"][0]["kid"]}
    file.write_text("nothing")
    refused = dancu("edge", "hub-key", "--file", str(file))
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_every_step_is_in_the_trail_which_stays_whole(dancu: Dancu, tmp_path: Path) -> None:
    code = made(dancu(*ENROL, *WHY, "--json"))["code"]
    with hub_of(tmp_path) as hub:
        device = join(hub, code).device_id
    dancu("edge", "revoke", device, "--reason", "stolen", "--by", "an")
    with hub_of(tmp_path) as hub, hub.deliveries_db.connect() as connection:
        told = [(one.entry.action, one.entry.by, one.entry.reason) for one in entries_of(connection)]
        assert check_trail(connection) is None
        assert code.replace("-", "")[10:] not in str(entries_of(connection))
    assert told == [
        ("edge.code_created", "an", "a new counter"),
        ("edge.enrolled", device, None),
        ("edge.revoked", "an", "stolen"),
    ]
