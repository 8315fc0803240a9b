"""What ends a session, and who else may say who it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from deploy.viewpoint import viewpoint_of
from deploy.web.console import parts_of
from deploy.web.errors import answer_errors
from hub.access import AGENCY, OPERATOR, Holder, Tokens
from hub.access.sessions import IDLE, LATELY, LONGEST, Session
from monitoring.console import add_console
from tests.monitoring.console.own_hub import OwnHub
from tests.monitoring.console.skeleton import HTML, Stranger, token_of


def test_a_session_ends_with_its_token(own: OwnHub, browser: Stranger) -> None:
    browser.login(token_of(own, name="binh"))
    assert browser.get("/console").status_code == 200
    tokens = Tokens(own.scene.hub.deliveries_db)
    (mine,) = tokens.every("operator", "binh")
    tokens.revoke(mine.id, "test", "he has left", own.clock())
    assert browser.get("/console").status_code == 303


def test_a_session_ends_when_somebody_logs_out(own: OwnHub, browser: Stranger) -> None:
    browser.login(token_of(own))
    kept = browser.client.cookies["dancu_session"]
    assert browser.post("/console/logout", {"csrf": browser.csrf()}).headers["location"] == "/console/login"
    browser.client.cookies.set("dancu_session", kept, domain="127.0.0.1", path="/console")
    assert browser.get("/console").status_code == 303


@pytest.mark.parametrize(("passed", "status"), [(IDLE - 60_000, 200), (IDLE + 60_000, 303), (LONGEST, 303)])
def test_a_session_ends_unused_and_in_the_end(own: OwnHub, browser: Stranger, passed: int, status: int) -> None:
    browser.login(token_of(own))
    own.clock.ahead = passed
    assert browser.get("/console").status_code == status


def test_what_a_timer_fetches_keeps_no_session_and_leads_the_page_to_the_login(own: OwnHub, browser: Stranger) -> None:
    browser.login(token_of(own))
    poll = {"HX-Request": "true"}
    own.clock.ahead = IDLE - 60_000
    assert browser.get("/console/parts/overview", **poll).status_code == 200
    own.clock.ahead = IDLE + 60_000
    ended = browser.get("/console/parts/overview", **poll)
    assert (ended.status_code, ended.headers["hx-redirect"], ended.text) == (401, "/console/login?next=%2Fconsole", "")
    poll["HX-Current-URL"] = "http://127.0.0.1/console/connections?q=x"
    led = browser.get("/console/parts/overview", **poll).headers["hx-redirect"]
    assert led == "/console/login?next=%2Fconsole%2Fconnections%3Fq%3Dx"


LIVE = ["/console/parts/overview", "/console/parts/edge", "/console/data/activity"]


@pytest.mark.parametrize("part", LIVE)
def test_what_pages_fetch_again_and_again_ends_with_the_session(own: OwnHub, browser: Stranger, part: str) -> None:
    assert browser.get(part).status_code == 303
    browser.login(token_of(own, name="hoa"))
    poll = {"HX-Request": "true"}
    assert [browser.get(part, **poll).status_code for _ in range(3)] == [200, 200, 200]
    tokens = Tokens(own.scene.hub.deliveries_db)
    for mine in tokens.every("operator", "hoa"):
        if mine.revoked_at is None:
            tokens.revoke(mine.id, "test", "she has left", own.clock())
    own.clock.ahead = LATELY
    assert browser.get(part, **poll).status_code == 401, "at the latest ten seconds after it was revoked elsewhere"
    own.clock.ahead = 0
    browser.login(token_of(own, name="mai"))
    kept = browser.client.cookies["dancu_session"]
    assert browser.get(part, **poll).status_code == 200
    browser.post("/console/logout", {"csrf": browser.csrf()})
    browser.client.cookies.set("dancu_session", kept, domain="127.0.0.1", path="/console")
    assert browser.get(part, **poll).status_code == 401, "at once, when it is closed here"


@pytest.mark.parametrize("part", LIVE)
def test_programs_fetch_the_same_with_their_token(own: OwnHub, browser: Stranger, part: str) -> None:
    browser.login(token_of(own))
    assert browser.get(part).status_code == 200
    mine = {"Authorization": f"Bearer {token_of(own, name='robot')}"}
    assert browser.client.get(part, headers=mine).content == browser.get(part).content
    wrong = {"Authorization": "Bearer x"}
    assert browser.client.get(part, headers=wrong).status_code == 401, "the token counts, not the cookie beside it"


def test_a_program_comes_with_its_token_and_gets_problems(own: OwnHub, browser: Stranger) -> None:
    mine = {"Authorization": f"Bearer {token_of(own)}"}
    assert browser.client.get("/console/connections", headers=mine).status_code == 200
    assert browser.client.post("/console/logout", headers=mine).status_code == 303
    wrong = browser.client.get("/console", headers={"Authorization": "Bearer x"})
    assert (wrong.status_code, wrong.json()["status"]) == (401, 401)
    agency = {"Authorization": f"Bearer {token_of(own, name='tax', kind=AGENCY)}"}
    assert browser.client.get("/console", headers=agency).status_code == 403


def test_somebody_else_may_say_who_it_is(own: OwnHub) -> None:
    parts = replace(
        parts_of(own.scene.hub, viewpoint_of(own.scene.hub)),
        identify=lambda request: Session(Holder(OPERATOR, request.headers["x-user"], "viewer"), "word", None),
    )
    app = FastAPI()
    answer_errors(app)
    add_console(app, parts)
    with TestClient(app, base_url="http://127.0.0.1", headers={**HTML, "X-User": "proxy-lan"}) as client:
        page = client.get("/console")
        assert page.status_code == 200
        assert "proxy-lan" in page.text
        assert 'name="csrf" value="word"' in page.text
        assert client.post("/console/agencies/tax/suspend", data={"csrf": "word"}).status_code == 403
