"""Errors are pages that say what to do, and tell nothing of the inside."""

from __future__ import annotations

import pytest

from hub.eventlog import LogAway
from tests.monitoring.console.own_hub import OwnHub
from tests.monitoring.console.skeleton import POLICY, Stranger, token_of


def test_an_unknown_page_says_what_to_do_and_programs_get_a_problem(browser: Stranger) -> None:
    page = browser.get("/console/none")
    assert page.status_code == 404
    assert "Không tìm thấy" in page.text
    assert "Not found" in browser.get("/console/none?lang=en").text
    assert browser.client.get("/console/none").json()["status"] == 404
    assert browser.get("/none").json()["status"] == 404


@pytest.mark.parametrize(("error", "status"), [(ValueError("001090000001"), 500), (TimeoutError(), 500)])
def test_a_bug_tells_nothing_of_its_inside(
    own: OwnHub, browser: Stranger, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    browser.login(token_of(own))
    monkeypatch.setattr("monitoring.console.listing.Wanted.of", fail)
    answer = browser.get("/console/connections")
    assert answer.status_code == status
    assert "Hệ thống gặp lỗi" in answer.text
    assert "001090000001" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_a_database_that_is_away_is_said_so_with_when_to_try_again(
    own: OwnHub, browser: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LogAway("Kafka is away")

    browser.login(token_of(own))
    monkeypatch.setattr("monitoring.console.listing.Wanted.of", fail)
    answer = browser.get("/console/connections")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "dancu doctor" in answer.text


def test_what_a_role_may_not_do_is_said_with_who_may(own: OwnHub, browser: Stranger) -> None:
    browser.login(token_of(own, "viewer"))
    answer = browser.post("/console/agencies/tax/suspend", {"csrf": browser.csrf(), "reason": "it is broken"})
    assert answer.status_code == 403
    assert "approver, operator" in answer.text
    assert browser.get("/console/agencies/tax").status_code == 200
