"""The receiver that the guide shows to an agency's developer works as it stands there."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from adapters.ways.webhook.system import open_system
from hub.destination import Receipt, Unavailable
from tests.adapters.ways.webhook.sample import NAME, SECRET, events, ids, land, place, secret

GUIDE = (Path(__file__).parents[4] / "docs" / "receive-webhook.md").read_text("utf-8")
LANGUAGE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[str]:
    """Run the receiver of the guide; return its URL."""
    [program] = LANGUAGE.findall(GUIDE)
    file = tmp_path / "receiver.py"
    file.write_text(program)
    environment = {**os.environ, "PORT": "0", "WEBHOOK_SECRET": SECRET, "WEBHOOK_DATABASE": str(tmp_path / "events.db")}
    with subprocess.Popen([sys.executable, str(file)], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def kept(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "events.db")) as database:
        rows = database.execute("SELECT id, event FROM events ORDER BY sequence").fetchall()
    return [(name, orjson.loads(event)["legalbasis"]) for name, event in rows]


def test_the_receiver_of_the_guide_keeps_every_event_once(shown: str, tmp_path: Path) -> None:
    sent = events(40)
    system = open_system(land(shown), place())
    assert system.deliver(sent) == Receipt([])
    assert system.deliver(sent) == Receipt([])
    system.close()
    assert kept(tmp_path) == [(one.event_id, one.legal_basis) for one in sent]


def test_the_receiver_of_the_guide_believes_old_and_new_secrets_and_no_others(shown: str, tmp_path: Path) -> None:
    sent = events(2)
    stranger = open_system(land(shown), place(environment={NAME: secret("x")}))
    with pytest.raises(Unavailable, match="answered 401"):
        stranger.deliver(sent[:1])
    stranger.close()
    both = open_system(land(shown), place(environment={NAME: f"{secret('x')} {SECRET}"}))
    assert both.deliver(sent[1:]) == Receipt([])
    both.close()
    assert [name for name, _ in kept(tmp_path)] == ids(sent[1:])
