"""A whole replay without leaving the console: once with the mouse and two persons, once with the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.monitoring.console.browser.conftest import Seat
from tests.monitoring.console.browser.desk import Desk
from tests.monitoring.console.browser.shots import Shots
from tests.monitoring.console.scene import ALONE, Scene

_REASON = "Cục Đất đai đã mở khóa cột flagged"


def _count(page: Page, selector: str) -> int:
    return int(page.locator(selector).first.get_attribute("data-value") or "")


def _take_step(page: Page, step: str, reason: str = "") -> None:
    """Open the step's form, fill it in and send it."""
    details = page.locator(f"details:has(form#{step})")
    details.locator("summary").click()
    if reason:
        details.locator("[name=reason]").fill(reason)
    details.locator("form button[type=submit]").click()


def _event_ids(page: Page, selector: str) -> set[str]:
    found: list[str] = page.eval_on_selector_all(selector, "rows => rows.map(row => row.dataset.event)")
    return set(found)


def test_a_replay_goes_from_its_failures_to_its_report_with_two_persons(scene: Scene, seat: Seat, shots: Shots) -> None:
    lan, minh = seat("lan"), seat("minh")
    address, chosen, count = _plan_what_land_did_not_take(lan, shots)
    expect(lan.page.locator("#approve-bar")).to_be_visible()  # whoever has planned it may not approve it
    lan.expected |= {403}
    minh.open(address)
    shots.take(minh.page, "phe-duyet")
    _take_step(minh.page, "approve", "đã xem ước tính và ba sự kiện")
    expect(lan.page.locator("details:has(form#start)")).to_be_visible()  # the page has noticed by itself
    before = scene.applied("land")
    assert chosen.isdisjoint(before)
    _take_step(lan.page, "start")
    expect(lan.page.locator("#report tr[data-state=delivered]")).to_be_visible()
    lan.open(address)
    shots.take(lan.page, "bao-cao")
    taken = scene.applied("land")
    assert chosen <= set(taken)
    assert len(taken) == len(set(taken)), "nothing came twice"
    assert _count(lan.page, "#report tr[data-state=delivered] [data-value]") == count
    lan.open("/console/failures?agency=land&error_class=constraint")
    assert lan.page.locator("#list").count() == 0
    shown = scene.json("replay", "status", address.rpartition("/")[2])
    assert (shown["state"], shown["planned_by"]) == ("done", "lan")


def _plan_what_land_did_not_take(lan: Desk, shots: Shots) -> tuple[str, set[str], int]:
    """Filter, estimate, and plan; return the plan's address, the events on the first page, and how many are meant."""
    page = lan.open("/console/failures")
    shots.take(page, "loi-giao")
    page.locator("#f-agency").select_option("land")
    page.locator("#f-error").fill("constraint")
    page.locator("#filters button[type=submit]").click()
    page.wait_for_url("**error_class=constraint**")
    chosen, all_of_them = _event_ids(page, "#list tr[data-event]"), _count(page, "#groups h2 [data-value]")
    assert ALONE < len(chosen) <= all_of_them
    page.locator("a#plan").click()
    count = _count(page, "dl.figures [data-value]")
    assert count == all_of_them
    page.locator("form#plan [name=reason]").fill(_REASON)
    page.locator("form#plan [name=rate]").fill("25")
    shots.take(page, "lap-ke-hoach", whole=True)
    page.locator("form#plan button[type=submit]").click()
    page.wait_for_url(lambda url: "/console/replays/" in url and not url.endswith("/new"))
    return page.url.removeprefix(lan.scene.url), chosen, count


def test_a_small_replay_needs_no_mouse(scene: Scene, seat: Seat) -> None:
    desk = seat("minh")
    page = desk.open("/console/failures?agency=land&error_class=unreadable")
    chosen = _event_ids(page, "#list tr[data-event]")
    few = sorted(chosen)[:ALONE]
    _reach(page, "#f-ids")
    for event_id in few:
        page.keyboard.type(event_id)
        page.keyboard.press("Enter")
    _reach(page, "#filters button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**event_ids=**")
    _reach(page, "a#plan")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/replays/new**")
    _reach(page, "form#plan [name=reason]")
    page.keyboard.type("ngày tháng đã đọc được")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/console/replays/" in url and "/new" not in url)
    for step, reason in (("approve", "ít, đã xem"), ("start", "")):
        _reach(page, f"details:has(form#{step}) summary")
        page.keyboard.press("Enter")
        _reach(page, f"form#{step} [name=reason]")
        page.keyboard.type(reason)
        page.keyboard.press("Enter")
        expect(page.locator(f"form#{step}")).to_have_count(0)
    expect(page.locator("#report tr[data-state=delivered]")).to_be_visible()
    assert set(few) <= set(scene.applied("land"))


def _reach(page: Page, selector: str) -> None:
    """Press Tab until something has the focus; it must be seen then."""
    page.locator(selector).first.wait_for()
    for _ in range(300):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            style = "getComputedStyle(document.activeElement)"
            assert page.evaluate(f"{style}.outlineStyle !== 'none' || {style}.boxShadow !== 'none'"), "no focus is seen"
            return
    raise AssertionError(f"Tab does not come to {selector}")


def test_a_viewer_sees_failures_and_replays_and_can_start_nothing(scene: Scene, seat: Seat) -> None:
    page = seat("an").open(f"/console/replays/{scene.facts.plans['waiting']}")
    assert page.locator("main form").count() == 0
    page.goto(f"{scene.url}/console/failures?agency=tax")
    assert page.locator("a#plan").count() == 0
