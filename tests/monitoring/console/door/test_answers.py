"""What every answer says to the browser, and how pages look."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitoring.console.security import HEADERS
from tests.monitoring.console.own_hub import OwnHub
from tests.monitoring.console.skeleton import POLICY, Stranger, token_of


@pytest.mark.parametrize(
    "path", ["/console", "/console/login", "/console/connections", "/console/connections.csv", "/console/none"]
)
def test_every_answer_forbids_the_browser_what_it_does_not_need(own: OwnHub, browser: Stranger, path: str) -> None:
    browser.login(token_of(own))
    answer = browser.get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers.items() >= {name.lower(): value for name, value in HEADERS.items()}.items()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_what_pages_load_may_be_kept_for_ever_and_is_named_by_its_content(browser: Stranger) -> None:
    page = browser.get("/console/login").text
    found = re.findall(r'(?:href|src)="(/console/static/[^"]+)"', page)
    assert {Path(one).suffix for one in found} == {".css", ".js", ".svg", ".woff2"}
    for path in found:
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert browser.get("/console/static/old/console.css").headers["cache-control"] == "no-cache"
    for path in ("/console/static/x/..%2fpage.py", "/console/static/x/..%2f..%2fpage.py", "/console/static/x/none.css"):
        assert browser.get(path).status_code == 404


def test_the_language_is_one_click_away_and_stays(own: OwnHub, browser: Stranger) -> None:
    browser.login(token_of(own))
    assert '<html lang="vi"' in browser.get("/console").text
    form = {"lang": "en", "back": "/console/connections?state=silent"}
    assert browser.post("/console/language", form).headers["location"] == "/console/connections?state=silent"
    assert '<html lang="en"' in browser.get("/console").text
    assert "<title>Overview · Dân Cư Hub</title>" in browser.get("/console").text
    assert '<html lang="vi"' in browser.get("/console/connections?lang=vi").text
    assert '<html lang="vi"' in browser.get("/console").text


def test_the_colours_stay(browser: Stranger) -> None:
    assert 'data-theme="auto"' in browser.get("/console/login").text
    browser.post("/console/theme", {"theme": "dark", "back": "/console/login"})
    assert 'data-theme="dark"' in browser.get("/console/login").text
    browser.post("/console/theme", {"theme": "'><script>", "back": "/console/login"})
    assert 'data-theme="auto"' in browser.get("/console/login").text


@pytest.mark.parametrize(("role", "sees"), [("viewer", False), ("approver", False), ("auditor", True)])
def test_the_audit_trail_is_in_an_auditors_menu_only(own: OwnHub, browser: Stranger, role: str, sees: bool) -> None:
    browser.login(token_of(own, role))
    assert ('href="/console/audit"' in browser.get("/console").text) is sees


def test_pages_have_their_landmarks(own: OwnHub, browser: Stranger) -> None:
    browser.login(token_of(own))
    for path in ("/console", "/console/connections"):
        page = browser.get(path).text
        assert page.index('class="skip" href="#main"') < page.index('<main id="main"')
        assert page.count("<h1") == 1
        assert page.count("<caption") == page.count("<table")
        assert 'aria-current="page"' in page
