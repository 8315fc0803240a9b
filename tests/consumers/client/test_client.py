"""The agencies' client: every event at least once and in order, through whatever goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consumers.client import (
    CursorTooOld,
    Event,
    Feed,
    FeedError,
    FileCursor,
    Gap,
    MemoryCursor,
    Place,
    Unreachable,
)
from tests.consumers.client.hub import TOKEN, LittleHub, a_little_hub, item

CLIENT = Path(__file__).parents[3] / "consumers" / "client.py"


@pytest.fixture
def hub() -> Iterator[LittleHub]:
    """A hub whose feed has five events."""
    with a_little_hub() as hub:
        yield hub


def feed(hub: LittleHub, cursors: Any = None, **settings: Any) -> Feed:
    """Return a feed that is read to its end, and whose pauses are noted instead of slept."""
    settings = {"follow": False, "page": 2, "pause": lambda _: None, **settings}
    return Feed(hub.url, cursors or MemoryCursor(), TOKEN, **settings)


def test_every_event_comes_once_and_in_order(hub: LittleHub) -> None:
    events = list(feed(hub))
    assert [event.id for event in events] == ["e1", "e2", "e3", "e4", "e5"]
    assert events[0] == Event(
        id="e1",
        type="DeathRegistered",
        subject="001190111111",
        time="2025-08-04T00:00:00.000Z",
        registered_at="2025-08-06T02:30:00.000Z",
        change="CREATED",
        previous_id=None,
        fact_id="f1",
        fact_version=1,
        legal_basis="statute: a law",
        purpose="tax-administration",
        sequence=1,
        cursor="c1",
        data={"died_on": "2025-08-04"},
        raw=item(1),
    )
    assert {asked["token"] for asked in hub.asked} == {f"Bearer {TOKEN}"}
    assert [asked.get("lastEventId") for asked in hub.asked] == [None, "c2", "c4", "c5"]


def test_it_goes_on_where_it_was_and_what_was_not_done_comes_again(hub: LittleHub, tmp_path: Path) -> None:
    cursors = FileCursor(tmp_path / "tax.cursor")
    for event in feed(hub, cursors):
        if event.id == "e3":
            break  # it was not done with this one
    assert cursors.load() == Place("c2", 2)
    assert [event.id for event in feed(hub, cursors)] == ["e3", "e4", "e5"]
    assert list(feed(hub, cursors)) == []
    hub.events = 6
    assert [event.id for event in feed(hub, cursors)] == ["e6"]


def test_an_error_in_the_loop_keeps_the_place_before_the_event_that_failed(hub: LittleHub, tmp_path: Path) -> None:
    cursors = FileCursor(tmp_path / "tax.cursor")

    def work() -> None:
        for event in feed(hub, cursors, save_every=1):
            if event.id == "e4":
                raise RuntimeError("the database is full")

    with pytest.raises(RuntimeError):
        work()
    assert cursors.load() == Place("c3", 3)


def test_the_place_is_written_down_as_often_as_wanted(hub: LittleHub) -> None:
    class Noting(MemoryCursor):
        saved: list[int] = []  # noqa: RUF012 - of this one class

        def save(self, place: Place) -> None:
            """Note it."""
            self.saved.append(place.sequence)
            super().save(place)

    hub.events = 7
    list(feed(hub, Noting(), page=5, save_every=2))
    assert Noting.saved == [2, 4, 5, 7]


@pytest.mark.parametrize(
    "trouble", ["drop", "close", "html", (500, {}, {}), (503, {"Retry-After": "7"}, {}), (429, {}, {}), (502, {}, "x")]
)
def test_what_passes_is_tried_again_and_nothing_is_lost_or_doubled(trouble: Any) -> None:
    pauses: list[float] = []
    with a_little_hub(troubles=[trouble, trouble]) as hub:
        found = [event.id for event in feed(hub, pause=pauses.append)]
    assert found == ["e1", "e2", "e3", "e4", "e5"]
    assert all(0 < pause <= 7 for pause in pauses)
    if trouble == (503, {"Retry-After": "7"}, {}):
        assert pauses == [7, 7]


def test_pauses_grow_but_not_without_end_and_what_the_hub_asks_for_is_bounded_too() -> None:
    pauses: list[float] = []
    many: list[Any] = [(503, {}, {})] * 12 + [(503, {"Retry-After": "99999999"}, {}), (503, {"Retry-After": "-5"}, {})]
    with a_little_hub(troubles=many) as hub:
        assert len(list(feed(hub, pause=pauses.append))) == 5
    assert pauses[0] <= 0.5
    assert 30 <= pauses[11] <= 60
    assert pauses[12] == 300
    assert pauses[13] > 0


def test_a_line_that_the_hub_has_closed_meanwhile_is_no_trouble(hub: LittleHub) -> None:
    pauses: list[float] = []
    found = []
    for event in feed(hub, pause=pauses.append):
        found.append(event.id)
        if event.id == "e2":
            hub.troubles.append("drop")
    assert found == ["e1", "e2", "e3", "e4", "e5"]
    assert pauses == []


def test_a_gap_ends_it_before_the_event_behind_the_gap() -> None:
    found: list[str] = []
    with a_little_hub(missing={4}) as hub, pytest.raises(Gap, match="after event 3 of the feed comes 5"):
        found.extend(event.id for event in feed(hub, page=3))
    assert found == ["e1", "e2", "e3"]


def test_a_gap_is_seen_after_a_restart_too(hub: LittleHub, tmp_path: Path) -> None:
    cursors = FileCursor(tmp_path / "tax.cursor")
    cursors.save(Place("c2", 1))
    with pytest.raises(Gap):
        list(feed(hub, cursors))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_does_not_pass_ends_it_with_the_words_of_the_hub(status: int) -> None:
    problem = {"type": "/problems/x", "title": "X", "status": status, "detail": "Do this."}
    with a_little_hub(troubles=[(status, {}, problem)]) as hub, pytest.raises(FeedError, match="Do this") as told:
        list(feed(hub))
    assert (told.value.status, told.value.type) == (status, "/problems/x")
    assert isinstance(told.value, CursorTooOld) == (status == 410)


def test_whoever_is_impatient_is_told_why_there_is_no_answer() -> None:
    with a_little_hub(troubles=[(503, {}, {})] * 3) as hub, pytest.raises(Unreachable, match="HTTP 503"):
        list(feed(hub, patience=0))


def test_the_token_is_shown_nowhere(hub: LittleHub, caplog: pytest.LogCaptureFixture) -> None:
    hub.troubles = ["drop", (503, {}, {})]
    whole = feed(hub)
    list(whole)
    assert TOKEN not in repr(whole) + caplog.text
    assert caplog.text


@pytest.mark.parametrize("token", ["", "two words", "line\n", "mã"])
def test_what_is_no_token_is_said_at_once(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Feed("http://127.0.0.1:1/feeds/tax", MemoryCursor(), token)


def test_a_cursor_file_is_the_old_one_or_the_new_one_however_its_writer_dies(tmp_path: Path) -> None:
    file = tmp_path / "tax.cursor"
    program = textwrap.dedent(f"""
        import itertools, sys
        sys.path.insert(0, {str(CLIENT.parent)!r})
        from client import FileCursor, Place
        for number in itertools.count(1):
            FileCursor({str(file)!r}).save(Place("c" * (number % 50 + 1), number))
    """)
    last = 0
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-I", "-c", program]) as writer:
            while not file.exists() or time.time() - file.stat().st_mtime > 0.2:
                time.sleep(0.01)
            time.sleep(0.05)
            writer.send_signal(signal.SIGKILL)
        place = FileCursor(file).load()
        assert place is not None
        assert len(place.cursor) == place.sequence % 50 + 1
        last = place.sequence
    assert last


def test_it_needs_nothing_but_python() -> None:
    program = f"""
import sys
sys.path.insert(0, {str(CLIENT.parents[1])!r})
import consumers.client
heavy = {{"hub", "schemas", "deploy", "sqlalchemy", "fastavro", "faust", "orjson", "fastapi", "confluent_kafka"}}
print(sorted(heavy & {{name.partition(".")[0] for name in sys.modules}}))
print(sorted(n for n in {{m.partition(".")[0] for m in sys.modules}} - sys.stdlib_module_names if "." not in n))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    heavy, foreign = done.stdout.splitlines()
    assert heavy == "[]"
    assert set(eval(foreign)) <= {"consumers", "__main__"}  # noqa: S307 - our own words
