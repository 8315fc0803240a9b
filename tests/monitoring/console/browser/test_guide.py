"""The other pictures of the operator's guide: pages as they open. DANCU_SCREENSHOTS says where they go."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.monitoring.console.browser.conftest import Seat
from tests.monitoring.console.browser.places import PLACES
from tests.monitoring.console.browser.shots import Shots
from tests.monitoring.console.scene import Scene

_PICTURES = {
    "dang-nhap": "login",
    "tong-quan": "overview",
    "ket-noi": "connections",
    "co-quan": "agency that fails",
    "su-kien": "event of few agencies",
    "lien-thong": "procedures",
    "diem-doc-the": "edge sites",
    "nhat-ky": "audit",
}
_WHOLE = ("tong-quan", "co-quan", "su-kien")


@pytest.mark.parametrize("name", _PICTURES)
def test_a_picture_for_the_guide(scene: Scene, seat: Seat, shots: Shots, name: str) -> None:
    operator, path = PLACES[_PICTURES[name]]
    page = seat(operator).open(path(scene.facts))
    _settled(page)
    shots.take(page, name, whole=name in _WHOLE)
    assert (shots.folder / f"{name}.png").stat().st_size < 200_000


def test_a_picture_of_the_dark_overview_in_english(scene: Scene, seat: Seat, shots: Shots) -> None:
    desk = seat("lan", color_scheme="dark")
    page = desk.open("/console?lang=en")
    _settled(page)
    shots.take(page, "overview-dark")


def test_a_picture_of_a_case_that_is_late(scene: Scene, seat: Seat, shots: Shots) -> None:
    desk = seat("an")
    page = desk.open("/console/procedures?state=late")
    page.locator("main table a[href*='/console/procedures/']").first.click()
    expect(page.locator("[data-step]").first).to_be_visible()
    assert desk.flaws() == []
    shots.take(page, "ho-so-lien-thong")


def _settled(page: Page) -> None:
    """Wait for what draws itself after the page is loaded."""
    page.evaluate("document.fonts.ready")
    if page.locator("[data-chart]").count():
        page.locator("[data-chart] canvas").first.wait_for()
