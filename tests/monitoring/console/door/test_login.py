"""Logging in: whom it lets in, where it leads, who has to wait."""

from __future__ import annotations

import pytest

from hub.access import AGENCY
from tests.monitoring.console.own_hub import OwnHub
from tests.monitoring.console.skeleton import Stranger, stranger, token_of


def test_a_stranger_is_led_to_the_login_and_from_there_to_where_he_wanted(own: OwnHub, browser: Stranger) -> None:
    assert browser.get("/").headers["location"] == "/console"
    led = browser.get("/console/connections?state=failing").headers["location"]
    assert led == "/console/login?next=%2Fconsole%2Fconnections%3Fstate%3Dfailing"
    assert 'value="/console/connections?state=failing"' in browser.get(led).text
    there = browser.post("/console/login", {"token": token_of(own), "next": "/console/connections?state=failing"})
    assert there.headers["location"] == "/console/connections?state=failing"


@pytest.mark.parametrize(
    "goal", ["https://evil.example/", "//evil.example/console", "/console\\@evil", "/feeds/tax", "/consoles"]
)
def test_nobody_is_led_elsewhere(own: OwnHub, browser: Stranger, goal: str) -> None:
    answer = browser.post("/console/login", {"token": token_of(own), "next": goal})
    assert answer.headers["location"] == "/console"


def test_the_cookie_is_for_the_console_only_and_no_script_reads_it(own: OwnHub, browser: Stranger) -> None:
    token = token_of(own)
    cookie = browser.login(token).headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/console", "max-age=43200"))
    assert "secure" not in cookie
    assert token.lower() not in cookie
    with stranger(own, "https://hub.example") as distant:
        assert "; secure" in distant.login(token).headers["set-cookie"].lower()
    assert "; secure" in browser.login(token, **{"X-Forwarded-Proto": "https"}).headers["set-cookie"].lower()


@pytest.mark.parametrize("kind", ["wrong", "agency", "empty"])
def test_only_an_operators_token_opens_it(own: OwnHub, browser: Stranger, kind: str) -> None:
    token = {"wrong": f"dancu_{'0' * 12}_{'x' * 43}", "agency": token_of(own, name="tax", kind=AGENCY), "empty": ""}[
        kind
    ]
    answer = browser.login(token, **{"X-Forwarded-For": kind})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "Mã truy cập không đúng" in answer.text
    assert (token or "nothing") not in answer.text


def test_who_fails_too_often_waits_and_keeps_nobody_else_out(own: OwnHub, browser: Stranger) -> None:
    there, token = {"X-Forwarded-For": "192.0.2.7"}, token_of(own)
    assert [browser.login("x", **there).status_code for _ in range(11)] == [401] * 10 + [429]
    refused = browser.login(token, **there)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert browser.login(token, **{"X-Forwarded-For": "192.0.2.8"}).status_code == 303
