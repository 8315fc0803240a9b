"""The console, `dancu status`, `connections` and `explain` say the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.monitoring.console.browser.conftest import Seat
from tests.monitoring.console.scene import Scene

_STATES = ("connected", "silent", "failing", "suspended", "never_connected")


def _numbers(page: Page, row: str) -> dict[str, list[str]]:
    """Return what stands in the cells with raw numbers, by the row's name in the attribute `row`."""
    found: dict[str, list[str]] = page.evaluate(
        """row => Object.fromEntries([...document.querySelectorAll(`tr[${row}]`)].map(tr =>
             [tr.getAttribute(row), [...tr.querySelectorAll('[data-value]')].map(td => td.dataset.value)]))""",
        row,
    )
    return found


def test_the_overview_counts_connections_as_the_command_does(scene: Scene, seat: Seat) -> None:
    shown = _numbers(seat("an").open("/console"), "data-sector")
    said = {one["sector"]: one for one in scene.json("connections")["sectors"]}
    assert shown.keys() == {name for name, one in said.items() if one["total"] or one["target"]}
    for name, cells in shown.items():
        one = said[name]
        target = "" if one["target"] is None else str(one["target"])
        assert cells == [str(one["connected"]), target, *(str(one[state]) for state in _STATES[1:])], name


def test_the_list_shows_of_every_agency_what_the_commands_say(scene: Scene, seat: Seat) -> None:
    page = seat("an").open("/console/connections")
    shown = _numbers(page, "data-agency")
    states = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('tr[data-agency]')].map(tr =>
             [tr.dataset.agency, tr.querySelector('[data-state]').dataset.state]))"""
    )
    said = {one["agency"]: one for one in scene.json("connections")["agencies"]}
    status = scene.json("status")["agencies"]
    assert states == {name: one["state"] for name, one in said.items()}
    for name, one in said.items():
        assert {str(one["pending"]), str(one["parked"])} <= set(shown[name]), name
        assert one["parked"] == status[name]["parked"], name


@pytest.mark.parametrize("which", ["parked", "published", "duplicate"])
def test_an_event_page_tells_the_story_that_explain_tells(scene: Scene, seat: Seat, which: str) -> None:
    facts = scene.facts
    event_id = {
        "parked": facts.parked["tax"][0],
        "published": facts.by_type["DeathRegistered"][0],
        "duplicate": facts.by_intent["same_vital"][0],
    }[which]
    page = seat("an").open(f"/console/events/{event_id}")
    said = scene.json("explain", event_id)
    assert page.locator("[data-verdict]").get_attribute("data-verdict") == said["verdict"]
    rows = "rows => Object.fromEntries(rows.map(row => [row.dataset.agency, row.dataset.state]))"
    shown = page.eval_on_selector_all("tr[data-agency][data-state]", rows)
    assert shown == {name: one["state"] for name, one in said["agencies"].items()}
    steps = page.eval_on_selector_all("ol.timeline > li", "all => all.map(one => one.dataset.step)")
    assert steps == [step["what"] for step in said["steps"]]
