"""Vietnamese first, English one click away, and the page stays the page."""

from __future__ import annotations

from tests.monitoring.console.browser.conftest import Seat
from tests.monitoring.console.browser.places import PLACES
from tests.monitoring.console.scene import Scene


def test_english_is_one_click_away_on_the_same_page_and_stays(scene: Scene, seat: Seat) -> None:
    desk = seat("lan")
    page = desk.open("/console/connections?sector=locality")
    vietnamese = page.locator("h1").inner_text()
    page.locator("form[action='/console/language'] button").click()
    page.wait_for_url("**/console/connections?sector=locality")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").inner_text() != vietnamese
    page = desk.open("/console/failures")
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator("form[action='/console/language'] button").click()
    page.wait_for_function("document.documentElement.lang == 'vi'")


def test_every_page_says_its_title_in_both_languages(scene: Scene, seat: Seat) -> None:
    differ = {}
    for name, (operator, path) in PLACES.items():
        with scene.client(operator) as http:
            said = [http.get(path(scene.facts), headers={"Cookie": f"dancu_lang={lang}"}).text for lang in ("vi", "en")]
        differ[name] = [f'<html lang="{lang}"' in one for lang, one in zip(("vi", "en"), said, strict=True)]
        differ[name].append(said[0].partition("</title>")[0] != said[1].partition("</title>")[0])
    assert {name: all(found) for name, found in differ.items()} == dict.fromkeys(differ, True)
