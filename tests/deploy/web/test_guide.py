"""The guide for agencies does what it says: its blocks are run against a real `dancu run`."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import orjson

from tests.commands import Dancu, terminate, wait_for
from tests.deploy.sample import death, lines
from tests.deploy.web.address import url_of

GUIDE = Path(__file__).parents[3] / "docs" / "receive-feed.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    """Return the guide's blocks of a language."""
    return [content for found, content in _BLOCK.findall(GUIDE.read_text("utf-8")) if found == language]


def stored(database: Path) -> list[tuple[str, str]]:
    """Return what the guide's consumer has stored."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(database)) as connection:
        try:
            return connection.execute("SELECT id, died_on FROM events ORDER BY rowid").fetchall()
        except sqlite3.OperationalError:  # not made yet
            return []


def test_from_nothing_to_a_running_consumer(dancu: Dancu, tmp_path: Path) -> None:
    dancu.ingest("-", stdin=lines(*map(death, range(3))))
    [console] = blocks("console")
    command = console.splitlines()[0].removeprefix("$ dancu ").split()
    look, fetch, start = blocks("bash")
    [program] = blocks("python")
    with dancu.started("run", "--port", "0", "--registry-port", "0") as hub:
        wait_for(hub, lambda: url_of(dancu) is not None)
        token = dancu(*command).out.strip()
        address = f"{url_of(dancu)}/feeds/tax"
        look = re.sub("=http.*", f"={address}", re.sub("=dancu_.*", f"={token}", look))
        place = tmp_path / "agency"
        place.mkdir()
        wait_for(hub, lambda: len(shown(look, place)) == 2)
        shell(f"export FEED_URL={address}\n{fetch}", place)
        (place / "consumer.py").write_text(program)
        env = {**os.environ, "FEED_URL": address, "FEED_TOKEN": token}
        words = [sys.executable if word == "python3" else word for word in start.split()]
        for count in (3, 5):  # killed, and started again
            with subprocess.Popen(words, cwd=place, env=env) as consumer:
                wait_for(hub, lambda wanted=count: len(stored(place / "events.db")) == wanted)  # type: ignore[misc]
                consumer.kill()
            dancu.ingest("-", stdin=lines(death(count), death(count + 1)))
        assert stored(place / "events.db") == [(f"death-{n}", "2025-10-02") for n in range(5)]
        assert terminate(hub) == 0


def shown(script: str, place: Path) -> list[object]:
    """Return the JSON array that a script prints."""
    found = orjson.loads(shell(script, place))
    assert isinstance(found, list)
    return found


def shell(script: str, place: Path) -> str:
    """Run a script as a developer would."""
    return subprocess.run(["sh", "-euc", script], cwd=place, capture_output=True, text=True, check=True).stdout
