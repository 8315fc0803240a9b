"""Pictures of the operator's guide that take a click. `test_pages.py` takes those of pages as they open."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.monitoring.console.browser.conftest import Seat
from tests.monitoring.console.browser.shots import Shots, settle
from tests.monitoring.console.scene import Scene


def test_a_picture_of_the_dark_overview_in_english(scene: Scene, seat: Seat, shots: Shots) -> None:
    desk = seat("lan", color_scheme="dark")
    page = desk.open("/console?lang=en")
    settle(page)
    shots.take(page, "overview-dark")


def test_a_picture_of_a_case_that_is_late(scene: Scene, seat: Seat, shots: Shots) -> None:
    desk = seat("an")
    page = desk.open("/console/procedures?state=late")
    page.locator("main table a[href*='/console/procedures/']").first.click()
    expect(page.locator("[data-step]").first).to_be_visible()
    assert desk.flaws() == []
    shots.take(page, "ho-so-lien-thong")
