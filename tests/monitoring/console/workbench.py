"""A hub in this process, its console, and operators who are logged in: for the pages where something is repaired."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from deploy.bootstrap import Hub, now_ms, open_hub
from deploy.replaying import runner_of
from deploy.settings import load_settings
from deploy.web.app import make_web
from hub.access import OPERATOR, Holder, Tokens
from hub.audit import entries_of
from hub.database import reading
from hub.replays import Replay, Replays, ReplayState
from tests.deploy.sample import death
from tests.monitoring.scene import Choosy, Scene

#: Operator → role.
PEOPLE: Mapping[str, str] = {
    "an": "viewer",
    "lan": "operator",
    "vy": "operator",
    "minh": "approver",
    "hoa": "approver",
    "thu": "auditor",
}


@dataclass
class Seen:
    """An answer of the console, looked at as a browser would."""

    response: Response
    page: BeautifulSoup

    @property
    def code(self) -> int:
        return int(self.response.status_code)

    @property
    def goal(self) -> str:
        """Where it leads."""
        return str(self.response.headers.get("location", ""))

    @property
    def text(self) -> str:
        return " ".join(self.page.get_text(" ").split())

    def at(self, selector: str) -> Tag:
        found = self.page.select_one(selector)
        assert found is not None, f"{selector} is not on the page: {self.text[:600]}"
        return found

    def has(self, selector: str) -> bool:
        return self.page.select_one(selector) is not None

    def number(self, selector: str) -> float:
        return float(str(self.at(selector)["data-value"]))

    def alert(self) -> str:
        return " ".join(self.at(".alert.bad").get_text(" ").split())

    def form(self, selector: str) -> dict[str, Any]:
        """Return what a form would send as it stands."""
        sent: dict[str, Any] = {}
        for one in self.at(selector).select("input[name], textarea[name], select[name]"):
            chosen = one.select_one("option[selected]") if one.name == "select" else None
            value = one.get_text() if one.name == "textarea" else (chosen or one).get("value", "")
            sent.setdefault(str(one["name"]), []).append(value)
        return {name: values if len(values) > 1 else values[0] for name, values in sent.items()}


@dataclass
class Bench:
    """The hub, and a browser for each operator."""

    hub: Hub
    app: FastAPI
    scene: Scene
    browsers: dict[str, TestClient] = field(default_factory=dict)

    def get(self, who: str, path: str) -> Seen:
        return self._seen(self._browser(who).get(path))

    def post(self, who: str, path: str, **fields: Any) -> Seen:
        """Send a form with the token that a page of this visitor brings."""
        browser = self._browser(who)
        csrf = self._seen(browser.get("/console/replays")).at("input[name=csrf]")["value"]
        return self._seen(browser.post(path, data={"csrf": csrf, **fields}))

    def send(self, who: str, seen: Seen, selector: str, **typed: Any) -> Seen:
        """Fill in a form of a page and send it."""
        form = seen.at(selector)
        fields = seen.form(selector) | typed
        browser = self._browser(who)
        if form.get("method") == "post":
            return self._seen(browser.post(str(form["action"]), data=fields))
        return self._seen(browser.get(str(form["action"]), params=fields))

    def follow(self, who: str, seen: Seen) -> Seen:
        assert seen.code == 303, seen.text[:800]
        return self.get(who, seen.goal)

    def park(self, agency: str, *numbers: int) -> list[str]:
        """Let an agency not take the deaths of some persons; return their events."""
        events = [death(number) for number in numbers]
        ids = [str(one["id"]) for one in events]
        self.scene.run(*events)
        self.scene.deliver(agency, *ids)
        return ids

    def work(self, replay_id: str, agency: str, *dislikes: str) -> tuple[Replay, Choosy]:
        """Let a runner and a delivery loop work until the replay has ended."""
        taken = Choosy()
        runner = runner_of(self.hub)
        try:
            for _ in range(200):
                runner.turn()
                taken.taken += self.scene.deliver(agency, *dislikes).taken
                found = Replays(self.hub.deliveries_db).find(replay_id)
                if found.state is not ReplayState.RUNNING:
                    return found, taken
        finally:
            runner.close()
        raise AssertionError("it does not end")

    def trail(self, subject: str) -> list[tuple[str, str, str | None]]:
        with reading(self.hub.deliveries_db) as connection:
            return [(one.entry.by, one.entry.action, one.entry.reason) for one in entries_of(connection, subject)]

    def planned(self, who: str, query: str, **typed: str) -> str:
        """Plan a replay of a selection on the pages; return its id."""
        page = self.get(who, f"/console/replays/new?{query}")
        made = self.send(who, page, "form#plan", **{"reason": "titles were repaired", **typed})
        assert made.code == 303, made.text[:800]
        return re.split(r"[/?]", made.goal)[3]

    def _browser(self, who: str) -> TestClient:
        known = self.browsers.get(who)
        if known is not None:
            return known
        token = Tokens(self.hub.deliveries_db).new(Holder(OPERATOR, who, PEOPLE[who]), "test", now_ms())
        browser = TestClient(self.app, base_url="http://127.0.0.1", follow_redirects=False)
        entered = browser.post("/console/login", data={"token": token, "next": "/console"})
        assert entered.status_code == 303
        self.browsers[who] = browser
        return browser

    def _seen(self, response: Any) -> Seen:
        return Seen(response, BeautifulSoup(response.text, "html.parser"))


@contextmanager
def a_bench(home: Path, **settings: Any) -> Iterator[Bench]:
    """Open it."""
    with open_hub(load_settings(home=home, join_window=0, correction_wait=0, **settings)) as hub:
        app = make_web(hub)
        try:
            yield Bench(hub, app, Scene(hub))
        finally:
            app.state.feeds.close()
