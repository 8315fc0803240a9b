"""An operator at a browser: opens pages of the console, and notes what a page may not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, Route

from tests.monitoring.console.scene import Scene

AXE: Final = Path(__file__).parent / "vendor" / "axe.min.js"
#: What must not be there: problems that keep people from using the page.
_GRAVE: Final = ("serious", "critical")
_NOT_WIDER: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(slots=True)
class Desk:
    """One browser context with one page."""

    scene: Scene
    context: BrowserContext
    page: Page
    #: What pages complained about, which hosts they asked, and which answers were errors.
    wrong: list[str] = field(default_factory=list)
    #: Statuses that the test expects to see, besides success.
    expected: set[int] = field(default_factory=set)

    def open(self, path: str) -> Page:
        """Open a page of the console by its path."""
        self.page.goto(self.scene.url + path, wait_until="load")
        return self.page

    def log_in(self, operator: str) -> None:
        """Log in with an operator's token, as an operator does."""
        self.open("/console/login")
        self.page.locator("main input[type=password], main input[name=token]").first.fill(
            self.scene.facts.tokens[operator]
        )
        self.page.locator("main form button").first.click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def grave_problems(self, *rules: str) -> list[str]:
        """Return what axe-core finds wrong with the page that is open, as far as it is grave; by some rules, or all."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        found: dict[str, Any] = self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {node['target']} {node['html'][:160]}"
            for one in found["violations"]
            if one["impact"] in _GRAVE
            for node in one["nodes"][:4]
        ]

    def flaws(self) -> list[str]:
        """Return what is gravely wrong with the page that is open, in light and in dark, and whether it is too wide."""
        self.page.wait_for_load_state("load")  # before, the styles may be missing
        wider = int(self.page.evaluate(_NOT_WIDER))
        found = [f"{wider} px wider than the window"] if wider > 0 else []
        self.page.emulate_media(color_scheme="dark")
        found += [f"dark: {problem}" for problem in self.grave_problems("color-contrast")]
        self.page.emulate_media(color_scheme="light")
        return found + self.grave_problems()

    def check(self) -> None:
        """Fail for what pages did wrong."""
        assert self.wrong == []

    def _on_route(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(self.scene.url).netloc:
            route.continue_()
        else:
            self.wrong.append(f"asked {route.request.url}")
            route.abort()

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.wrong.append(f"{response.status} for {urlsplit(response.url).path}")

    def _on_failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page that is left gives up what it had asked for
            self.wrong.append(f"{request.failure} for {urlsplit(request.url).path}")


@contextmanager
def seated(browser: Browser, scene: Scene, badge: Any, **how: Any) -> Iterator[Desk]:
    """Open a context for who has a badge (`badge_of`), or for nobody. `how` goes to it, such as `color_scheme`."""
    settings: dict[str, Any] = {
        "viewport": {"width": 1280, "height": 720},
        "locale": "vi-VN",
        "timezone_id": "Asia/Ho_Chi_Minh",
        "reduced_motion": "reduce",  # colours are not looked at on their way from one to the other
    }
    context = browser.new_context(storage_state=badge, **settings | how)
    context.set_default_timeout(60_000)
    try:
        desk = Desk(scene, context, context.new_page())
        context.route("**/*", lambda route: desk._on_route(route))
        desk.page.on("console", lambda said: _note(desk, said.type, said.text))
        desk.page.on("pageerror", lambda error: desk.wrong.append(f"script: {error}"))
        desk.page.on("response", lambda response: desk._on_response(response))
        desk.page.on("requestfailed", lambda request: desk._on_failed(request))
        yield desk
    finally:
        context.close()


def badge_of(browser: Browser, scene: Scene, operator: str) -> Any:
    """Log an operator in; return what lets further contexts go on as that operator."""
    with seated(browser, scene, None) as desk:
        desk.log_in(operator)
        desk.check()
        return desk.context.storage_state()


def _note(desk: Desk, kind: str, text: str) -> None:
    """Note what a page says on the browser's console; a status that is expected is said there too."""
    if kind in ("error", "warning") and not any(f"status of {status}" in text for status in desk.expected):
        desk.wrong.append(f"{kind}: {text}")
