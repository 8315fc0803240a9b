"""The scene of the console's tests: a country's hub in a temporary home, served by a real `dancu run`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson
import sqlalchemy as sa

from hub.database import open_database, sqlite_url
from tests.commands import Answer, Dancu, applied, wait_for
from tests.deploy.web.address import url_of
from tests.monitoring.console.country import make_country

#: Lines that the registers send.
EVENTS: Final = 1500
#: Above so many deliveries a second person must approve a replay.
ALONE: Final = 10


@dataclass(frozen=True, slots=True)
class Facts:
    """What was put into the scene; events are named by their ids, persons by their numbers."""

    #: Operator → token: an (viewer), lan (operator), minh and hoa (approvers), thu (auditor).
    tokens: Mapping[str, str]
    #: Agency → events that it did not take, in its order. `land` is the browser's to replay, `insurance` of
    #: `test_page_failures.py`; nobody replays those of `tax`.
    parked: Mapping[str, Sequence[str]]
    #: One device per site: Bach Mai, Cho Ray, Hoan Kiem, Hue, Da Nang (revoked), a bank (silent).
    devices: Sequence[str]
    #: A dead person whose card was used, and persons who hold cards and live.
    dead: str
    living: Sequence[str]
    #: Replays: `waiting` for its approval (tax), `cancelled`.
    plans: Mapping[str, str]
    #: What the registers meant (`deploy.demo.lines.INTENTS`) → some events; `same_vital` and the like are duplicates.
    by_intent: Mapping[str, Sequence[str]]
    #: Event type → some events that were published at once.
    by_type: Mapping[str, Sequence[str]]
    #: The person with the most events; persons whose address nobody may have; persons who let the bank have news.
    busiest: str
    protected: Sequence[str]
    consenting: Sequence[str]


@dataclass(frozen=True, slots=True)
class Scene:
    """The running hub, its command line, and what is in it."""

    #: For its home and settings; run commands with `command` and `json`.
    dancu: Dancu
    #: Where the web application answers, without a slash at the end.
    url: str
    facts: Facts

    @property
    def home(self) -> Path:
        """The hub's home folder."""
        return self.dancu.home

    @contextmanager
    def client(self, operator: str | None = "lan", **headers: str) -> Iterator[httpx2.Client]:
        """Ask over HTTP, with an operator's bearer token, or as nobody. Redirects are not followed."""
        if operator is not None:
            headers["Authorization"] = f"Bearer {self.facts.tokens[operator]}"
        with httpx2.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30) as client:
            yield client

    def command(self, *words: str) -> Answer:
        """Run `dancu` for the scene's home to its end."""
        return self.dancu(*words)

    def json(self, *words: str) -> Any:
        """Return what a command says with `--json`, which must work."""
        answer = self.command(*words, "--json")
        assert answer.code == 0, answer
        return answer.json

    @contextmanager
    def deliveries_db(self) -> Iterator[sa.Engine]:
        """Open the database of the deliveries beside the hub."""
        engine = open_database(sqlite_url(self.home / "deliveries.db"))
        try:
            yield engine
        finally:
            engine.dispose()

    def applied(self, agency: str) -> list[str]:
        """Return the events in an agency's own database, in its order."""
        return applied(self.home, agency)


@contextmanager
def open_scene(folder: Path) -> Iterator[Scene]:
    """Make everything in an empty folder, and serve it while the block runs. Takes about ten seconds."""
    home = folder / "home"
    make_country(home)
    settings = {
        "ELECTRICITY_SECRETS": f"whsec_{'A' * 32}",
        "DANCU_REPLAY_ALONE": str(ALONE),
    }
    dancu = Dancu(home, settings)
    facts = _build(dancu)
    with dancu.started("run", "--port", "0", "--registry-port", "0") as process:
        wait_for(process, lambda: url_of(dancu) is not None, 180)
        url = url_of(dancu)
        assert url is not None
        yield Scene(dancu, url, facts)


def _build(dancu: Dancu) -> Facts:
    command = [sys.executable, "-m", "tests.monitoring.console.building", str(dancu.home), str(EVENTS)]
    here, environment = Path(__file__).parents[3], _environment(dancu.settings)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=here, env=environment)
    return Facts(**orjson.loads(done.stdout))


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DANCU_")} | dict(settings)
