"""Forms that another site sends, or that are none, do nothing."""

from __future__ import annotations

import pytest

from tests.monitoring.console.own_hub import OwnHub
from tests.monitoring.console.skeleton import POLICY, Stranger, token_of


@pytest.mark.parametrize("brought", ["", "another"])
def test_a_form_without_the_sessions_own_word_does_nothing(own: OwnHub, browser: Stranger, brought: str) -> None:
    browser.login(token_of(own))
    answer = browser.post("/console/logout", {"csrf": brought} if brought else {"x": "1"})
    assert answer.status_code == 403
    assert "Hãy tải lại trang" in answer.text
    assert browser.get("/console").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "http://127.0.0.1"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_form_of_another_site_is_not_looked_at(
    own: OwnHub, browser: Stranger, headers: dict[str, str], status: int
) -> None:
    browser.login(token_of(own))
    answer = browser.post("/console/logout", {"csrf": browser.csrf()}, **headers)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == POLICY


def test_a_form_that_is_none_is_refused_before_it_is_read(browser: Stranger) -> None:
    send = browser.client.post
    assert send("/console/login", json={"token": "x"}).status_code == 415
    assert send("/console/login", files={"token": b"x"}).status_code == 415
    assert browser.login("x" * 300_000).status_code == 413
    assert send("/console/login", content=iter([b"token=x"])).status_code == 411
