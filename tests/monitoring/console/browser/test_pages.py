"""Each page, in a browser: whole, quiet, readable for everybody, and no wider than a small screen."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.monitoring.console.browser.conftest import Seat
from tests.monitoring.console.browser.desk import AXE
from tests.monitoring.console.browser.places import PLACES
from tests.monitoring.console.browser.shots import PICTURES, WHOLE, Shots, settle
from tests.monitoring.console.scene import Scene


@pytest.mark.parametrize("name", PLACES)
def test_a_page_is_sound_in_light_and_dark_and_fits_a_small_screen(
    scene: Scene, seat: Seat, shots: Shots, name: str
) -> None:
    operator, path = PLACES[name]
    desk = seat(operator)
    page = desk.open(path(scene.facts))
    assert page.title().endswith(" · Dân Cư Hub")
    assert page.locator("html").get_attribute("lang") == "vi"
    assert page.locator("main#main h1").count() == 1
    if picture := PICTURES.get(name):
        settle(page)
        shots.take(page, picture, whole=picture in WHOLE)
    assert desk.flaws() == []


@pytest.mark.parametrize("name", ["overview", "connections", "agency with failures", "failures", "edge sites"])
def test_a_page_that_is_printed_has_its_content_and_no_menu(scene: Scene, seat: Seat, name: str) -> None:
    operator, path = PLACES[name]
    page = seat(operator).open(path(scene.facts))
    page.emulate_media(media="print")
    assert page.locator("main#main h1").is_visible()
    assert not page.locator("nav.pages").is_visible()


def test_what_looks_for_problems_is_the_file_that_was_vendored() -> None:
    said = (AXE.parent / "README.md").read_text(encoding="utf-8")
    found = re.search(r"`([0-9a-f]{64})`", said)
    assert found is not None
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == found[1]
