"""A process killed at any moment leaves each event applied once or not at all, with all of its effects."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from adapters.agencies import open_agency
from hub.database import open_database, sqlite_url
from tests.adapters.agencies.deliver_loop import story
from tests.adapters.agencies.story import held

ROOT = Path(__file__).parents[3]
KILLS = 4


def deliver_and_kill(url: str, agency: str, seconds: float) -> bool:
    """Run the delivering process and kill it so long after it began; return whether it was killed."""
    command = [sys.executable, "-m", "tests.adapters.agencies.deliver_loop", url, agency]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        process.kill()
    return process.returncode != 0


@pytest.mark.parametrize("agency", ["welfare"])
def test_kills_neither_lose_nor_double_anything(agency: str, database_url: str, tmp_path: Path) -> None:
    random = Random(5)
    events = story(agency)
    killed = [deliver_and_kill(database_url, agency, random.uniform(0.02, 0.3)) for _ in range(KILLS)]
    assert any(killed)

    with closing(open_agency(agency, database_url)) as system:
        assert not system.deliver(events).rejected
    reference_url = sqlite_url(tmp_path / "reference.db")
    with closing(open_agency(agency, reference_url)) as reference:
        assert not reference.deliver(events).rejected

    survivor, never_killed = open_database(database_url), open_database(reference_url)
    with survivor.connect() as connection:
        rows = connection.execute(sa.text("SELECT sequence FROM applied_events ORDER BY applied_order")).scalars()
        assert list(rows) == [event.sequence for event in events]
    assert counted(survivor) == counted(never_killed)
    survivor.dispose()
    never_killed.dispose()


def counted(engine: sa.Engine) -> dict[str, list[list[str]]]:
    """Return the rows of every table; the databases write truth and order columns differently."""
    same = {"True": "1", "False": "0"}
    return {
        table: sorted(sorted(same.get(value, value) for value in row) for row in rows)
        for table, rows in held(engine).items()
    }
