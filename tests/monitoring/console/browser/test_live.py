"""Parts of a page that fetch themselves again: nobody has to reload, and nothing jumps."""

from __future__ import annotations

from contextlib import closing

from playwright.sync_api import expect

from hub.contacts import Contacts
from hub.contacts.contact import Suspension
from tests.monitoring.console.browser.conftest import Seat
from tests.monitoring.console.scene import Scene

_SUSPENDED = "[data-agency=education][data-kind=suspended]"


def test_a_change_shows_by_itself_and_the_page_is_not_loaded_again(scene: Scene, seat: Seat) -> None:
    page = seat("lan").open("/console")
    page.evaluate("window.same = true")
    expect(page.locator(_SUSPENDED)).to_have_count(0)
    with scene.deliveries_db() as engine, closing(Contacts(engine)) as contacts:
        contacts.suspend("education", Suspension(1_700_000_000_000, "test", "kiểm tra"))
        try:
            expect(page.locator(_SUSPENDED)).to_have_count(1)
        finally:
            contacts.resume("education", Suspension(1_700_000_000_000, "test", "xong"))
        expect(page.locator(_SUSPENDED)).to_have_count(0)
    assert page.evaluate("window.same") is True


def test_what_is_fetched_again_is_a_part_of_the_page_only(scene: Scene, seat: Seat) -> None:
    page = seat("an").open("/console")
    with page.expect_response("**/console/parts/overview*") as waited:
        pass
    assert waited.value.status in (200, 304)
    if waited.value.status == 200:
        assert "<html" not in waited.value.text()


def test_a_hub_that_does_not_answer_is_said_until_it_does(scene: Scene, seat: Seat) -> None:
    desk = seat("an")
    page = desk.open("/console")
    expect(page.locator("#stale")).to_be_hidden()
    page.route("**/console/parts/**", lambda route: route.abort())
    expect(page.locator("#stale")).to_be_visible()
    page.unroute("**/console/parts/**")
    expect(page.locator("#stale")).to_be_hidden()
    desk.wrong.clear()  # it complained, and had to
