"""Personal data are covered until somebody asks with a reason, which is kept; and never in an address."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.monitoring.console.browser.conftest import Seat
from tests.monitoring.console.browser.shots import Shots
from tests.monitoring.console.scene import Scene

#: Twelve digits that are not the end of an event's id.
_NUMBER = re.compile(r"(?<![\d-])\d{12}(?!\d)")


def _numbers(page: Page) -> list[str]:
    return _NUMBER.findall(page.content())


def test_an_event_is_covered_until_somebody_says_why_and_the_trail_says_who_looked(scene: Scene, seat: Seat) -> None:
    event_id = scene.facts.by_type["DeathRegistered"][0]
    lan = seat("lan")
    page = lan.open(f"/console/events/{event_id}")
    assert page.locator(".covered").count() > 0
    assert _numbers(page) == []
    page.locator("details:has(form#reveal) summary").click()
    page.locator("form#reveal [name=reason]").fill("đối chiếu với giấy khai tử bản giấy")
    page.locator("form#reveal button[type=submit]").click()
    expect(page.locator(".reveal-note")).to_be_visible()
    assert page.locator(".covered").count() == 0
    assert _numbers(page) != []
    assert _NUMBER.search(page.url) is None
    assert lan.flaws() == []
    other = seat("minh").open(f"/console/events/{event_id}")  # it is shown to who asked for it, nobody else
    assert (_numbers(other), other.locator(".reveal-note").count()) == ([], 0)
    page.locator("form[action='/console/conceal'] button").click()
    expect(page.locator(".reveal-note")).to_have_count(0)
    assert _numbers(page) == []
    kept = seat("thu").open("/console/audit").locator("tr[data-action='event.revealed']").first
    expect(kept).to_contain_text("lan")
    expect(kept).to_contain_text("đối chiếu với giấy khai tử bản giấy")


def test_a_person_is_looked_up_with_a_reason_and_the_number_stands_in_no_address(
    scene: Scene, seat: Seat, shots: Shots
) -> None:
    lan, number = seat("lan"), scene.facts.consenting[0]
    asked: list[str] = []
    lan.page.on("request", lambda request: asked.append(request.url))
    page = lan.open("/console/persons")
    page.locator("[name=number]").fill(number)
    page.locator("form[action='/console/persons'] [name=reason]").fill("công dân hỏi ai đã nhận dữ liệu của mình")
    page.locator("form[action='/console/persons'] button").click()
    page.wait_for_url("**/console/persons/*")
    assert page.locator("table.history tr[data-event]").count() >= 1
    expect(page.locator("tr[data-agency=bank][data-state=valid]")).to_have_count(1)
    shots.take(page, "cong-dan", whole=True)
    assert lan.flaws() == []
    assert [url for url in asked if number in url] == []
    lan.expected |= {404}
    minh = seat("minh")
    minh.expected |= {404}
    minh.open(page.url.removeprefix(scene.url))  # nobody else opens what somebody has looked up
    assert number not in minh.page.content()
    thu = seat("thu").open("/console/audit")
    expect(thu.locator("tr[data-action='person.looked_up']").first).to_contain_text("công dân hỏi ai đã nhận")
    assert number not in thu.content()


def test_a_viewer_can_uncover_nothing(scene: Scene, seat: Seat) -> None:
    an = seat("an")
    page = an.open(f"/console/events/{scene.facts.by_type['DeathRegistered'][0]}")
    assert page.locator("form#reveal").count() == 0
    an.expected |= {403}
    page = an.open("/console/persons")
    assert page.locator("[name=number]").count() == 0
