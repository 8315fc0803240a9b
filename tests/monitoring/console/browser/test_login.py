"""Who comes in, who does not, and what each role is shown."""

from __future__ import annotations

from tests.monitoring.console.browser.conftest import Seat
from tests.monitoring.console.scene import Scene


def test_an_operator_logs_in_with_the_keyboard_alone_and_comes_to_the_page_that_was_wanted(
    scene: Scene, seat: Seat
) -> None:
    desk = seat(None)
    desk.expected |= {401}
    page = desk.open("/console/connections")
    assert "/console/login" in page.url
    page.keyboard.type(scene.facts.tokens["an"])  # the field has the focus
    page.keyboard.press("Enter")
    page.wait_for_url(f"{scene.url}/console/connections")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.wait_for_url(f"{scene.url}/console/failures")


def test_a_wrong_token_is_said_and_nobody_comes_in(scene: Scene, seat: Seat) -> None:
    desk = seat(None)
    desk.expected |= {401}
    page = desk.open("/console/login")
    page.keyboard.type("dancu_0123456789ab_" + "A" * 43)
    page.keyboard.press("Enter")
    page.locator("[role=alert]").wait_for()
    assert page.locator("#token").input_value() == ""
    assert desk.context.cookies() == [] or all("session" not in one["name"] for one in desk.context.cookies())
    page = desk.open("/console/replays")
    assert "/console/login" in page.url


def test_after_logging_out_no_page_opens_and_the_cookie_opens_nothing(scene: Scene, seat: Seat) -> None:
    desk = seat(None)
    desk.expected |= {401}
    desk.log_in("an")
    (cookie,) = [one for one in desk.context.cookies() if "session" in one["name"]]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/console")
    desk.page.locator("form[action='/console/logout'] button").click()
    desk.page.wait_for_url("**/console/login*")
    desk.context.add_cookies([cookie])  # type: ignore[list-item]
    assert "/console/login" in desk.open("/console").url


def test_each_role_is_shown_what_it_may_do(scene: Scene, seat: Seat) -> None:
    def shown(operator: str) -> tuple[bool, bool]:
        page = seat(operator).open("/console/agencies/land")
        acts = page.locator("main form[method=post][action*='/suspend']").count() > 0
        return acts, page.locator("nav.pages a[href='/console/audit']").count() > 0

    assert {name: shown(name) for name in ("an", "lan", "minh", "thu")} == {
        "an": (False, False),
        "lan": (True, False),
        "minh": (True, False),
        "thu": (False, True),
    }
