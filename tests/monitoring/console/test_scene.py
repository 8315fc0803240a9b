"""The scene is what the tests of the console rest on."""

from __future__ import annotations

from collections import Counter

from tests.monitoring.console.building import DOWN, NEVER, SILENT, SUSPENDED
from tests.monitoring.console.scene import ALONE, Scene


def test_the_scene_has_every_kind_of_agency_and_trouble(scene: Scene) -> None:
    connections = {one["agency"]: one for one in scene.json("connections")["agencies"]}
    states = Counter(one["state"] for one in connections.values())
    assert set(states) == {"connected", "silent", "failing", "suspended", "never_connected"}
    assert {connections[name]["state"] for name in NEVER} == {"never_connected"}
    assert {connections[name]["state"] for name in SILENT} == {"silent"}
    assert {connections[name]["state"] for name in SUSPENDED} == {"suspended"}
    assert connections[DOWN]["state"] == "failing"
    status = scene.json("status")
    assert all(status["duplicates"].values())
    assert status["withheld"]["bank"] > ALONE
    assert all(len(scene.facts.parked[name]) > ALONE for name in ("land", "insurance", "tax"))
    assert {one["kind"] for one in scene.json("edge", "alerts")["alerts"]} >= {"deceased_card_used", "two_sites"}
    assert {one["state"] for one in scene.json("procedures", "list")["cases"]} >= {"late", "open"}
