"""Who may ask: each agency for its own feed, with a token that holds now."""

from __future__ import annotations

import http.client
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumers.pull.parts import NoContacts
from hub.access import AGENCY, OPERATOR, Holder
from tests.consumers.pull.scene import Scene, a_scene, get, until

PATHS = ("/feeds/tax", "/feeds/tax/events", "/feeds/tax/position", "/feeds/tax/agreement", "/feeds/tax/statistics")
TAX = Holder(AGENCY, "tax", None)


@pytest.mark.parametrize("path", [*PATHS, "/feeds/tax/types.py"])
def test_without_a_good_token_nothing_is_told(scene: Scene, path: str) -> None:
    scene.move(1)
    half, other = scene.token[:-1], "B" if scene.token[-2] == "A" else "A"
    wrong = f"{scene.token[:-2]}{other}{scene.token[-1]}"
    for sent in (
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {scene.token}",
        f"Bearer {half}",
        f"Bearer {wrong}",
        "Bearer ä",
    ):
        headers = {} if sent is None else {"Authorization": sent}
        answer = get(scene.url + path, headers)
        assert answer.status == 401, sent
        assert answer.headers["www-authenticate"].startswith('Bearer realm="dancu"')
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", PATHS)
def test_a_token_opens_the_feed_of_its_agency_only(scene: Scene, path: str) -> None:
    for holder in (Holder(AGENCY, "land", None), Holder(OPERATOR, "tax", "approver")):
        scene.token = scene.tokens.new(holder, "test", scene.clock.now)
        answer = scene.get(path)
        assert (answer.status, answer.kind) == (403, "/problems/not-your-feed")


def test_an_agency_whose_agreement_has_gone_is_told_so(scene: Scene) -> None:
    scene.token = scene.tokens.new(Holder(AGENCY, "fisheries", None), "test", scene.clock.now)
    assert scene.get("/feeds/fisheries").status == 404


def test_old_and_new_token_overlap_and_then_the_new_one_is_left(scene: Scene) -> None:
    old, start = scene.token, scene.clock.now
    new = scene.tokens.new(TAX, "test", start, old_until=start + 1000)
    for token in (old, new):
        scene.token = token
        assert scene.get().status == 200
    scene.clock.now = start + 1000
    assert scene.get().status == 200
    scene.token = old
    assert scene.get().status == 401


def test_a_revoked_token_opens_nothing_any_more_and_ends_its_stream(scene: Scene) -> None:
    assert scene.get().status == 200
    [token] = scene.tokens.every(AGENCY, "tax")
    line = http.client.HTTPConnection(scene.url.removeprefix("http://"), timeout=30)
    line.request("GET", "/feeds/tax/events", headers={"Authorization": f"Bearer {scene.token}"})
    stream = line.getresponse()
    assert stream.readline() == b": dancu\n"
    assert scene.tokens.revoke(token.id, "test", "lost", scene.clock.now)
    assert scene.get().status == 401
    while stream.readline():  # it ends
        pass
    line.close()


def test_a_poll_whose_token_is_revoked_meanwhile_gets_nothing(scene: Scene) -> None:
    scene.move(1)
    cursor, answers = scene.cursor(), []
    poll = threading.Thread(target=lambda: answers.append(scene.get(lastEventId=cursor, timeout=60_000)))
    poll.start()
    until(lambda: bool(scene.feeds.waiting.of("tax")))
    [token] = scene.tokens.every(AGENCY, "tax")
    scene.tokens.revoke(token.id, "test", "lost", scene.clock.now)
    scene.move(1)
    poll.join()
    assert answers[0].status == 401


class Suspends(NoContacts):
    """An operator has suspended tax; and who asks is noted."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.noted: list[tuple[str, int]] = []

    def asked(self, agency: str, position: int) -> None:
        """Note it."""
        self.noted.append((agency, position))

    def suspended(self, agency: str) -> str | None:
        """Return the reason."""
        return self.reason if agency == "tax" else None


def test_a_suspended_agency_is_told_so_and_its_cursor_works_when_it_is_resumed(tmp_path: Path) -> None:
    contacts = Suspends()
    with a_scene(tmp_path, contacts=contacts) as scene:
        scene.move(2)
        cursor = scene.get(limit=1).json[0]["cursor"]
        contacts.reason = "they move house"
        answer = scene.get(lastEventId=cursor)
        assert (answer.status, answer.kind) == (403, "/problems/suspended")
        assert "they move house" in answer.json["detail"]
        contacts.reason = None
        assert scene.get(lastEventId=cursor).ids == ["move-2"]


def test_behind_which_position_an_agency_asks_is_noted(tmp_path: Path) -> None:
    contacts = Suspends()
    with a_scene(tmp_path, contacts=contacts) as scene:
        scene.move(3)
        cursor = scene.get(limit=2).json[-1]["cursor"]
        scene.get(lastEventId=cursor)
        assert contacts.noted == [("tax", 0), ("tax", 2)]


def test_an_unknown_path_and_method_are_problems_too(scene: Scene) -> None:
    for path in ("/", "/feeds", "/feeds/tax/nothing", "/problems/nothing"):
        answer = scene.get(path)
        assert (answer.status, answer.kind) == (404, "about:blank")


def test_the_client_and_the_types_of_an_agency_are_there_to_take(scene: Scene) -> None:
    client = get(scene.url + "/dancu_feed.py", {})
    assert client.body.decode().startswith('"""Reads an agency\'s feed')
    compile(client.body, "dancu_feed.py", "exec")
    types = scene.get("/feeds/tax/types.py").body.decode()
    compile(types, "tax_types.py", "exec")
    assert 'type: Literal["DeathRegistered"]' in types


def test_openapi_describes_every_path_and_names_the_token(scene: Scene) -> None:
    described = get(scene.url + "/openapi.json", {}).json
    assert {path for path in described["paths"] if "{agency}" in path} == {
        *(path.replace("tax", "{agency}") for path in PATHS),
        "/feeds/{agency}/types.py",
    }
    for path, methods in described["paths"].items():
        assert bool(methods["get"].get("security")) == ("{agency}" in path)
    assert "422" not in described["paths"]["/feeds/{agency}"]["get"]["responses"]
    assert b"cdn" not in get(scene.url + "/docs", {}).body


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(st.sampled_from(["lastEventId", "limit", "timeout", "x"]), st.text(max_size=20)))
def test_whatever_is_asked_is_answered_with_a_page_or_a_problem(scene: Scene, query: dict[str, str]) -> None:
    asked: dict[str, Any] = query | ({"timeout": "0"} if query.get("timeout", "").strip().isdecimal() else {})
    answer = scene.get(**asked)
    assert answer.status in (200, 400)
    assert answer.status == 200 or answer.kind in ("about:blank", "/problems/cursor-damaged")
