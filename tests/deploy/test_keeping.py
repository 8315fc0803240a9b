"""What keeps cases beside a run: it goes on by itself, and nothing that happens to it stops the hub."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from deploy.bootstrap import Hub, open_hub
from deploy.keeping import catch_up, keeper_of, keeping
from deploy.settings import load_settings
from hub.intake.desk import Sent
from hub.pipeline import process_batch
from hub.procedures.store import Cases
from hub.procedures.writing import Change, turn, write
from hub.registers import Registers
from hub.topics import PIPELINE, RECEIVED
from tests.deploy.sample import death


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Open a hub in which nothing has happened."""
    with open_hub(load_settings(home=tmp_path / "home")) as hub:
        yield hub


def take(hub: Hub, *numbers: int, decide: bool = True) -> None:
    """Let some people die."""
    pieces = [Sent(str(number), orjson.dumps(death(number))) for number in numbers]
    assert hub.desk().take(f"test {numbers}", pieces).accepted == len(numbers)
    while decide and (batch := hub.log.read(RECEIVED, PIPELINE, 100)).records:
        process_batch(hub.log, Registers(hub.registers_db), hub.rules, batch)


def wait_for_case(hub: Hub, event_id: str) -> None:
    """Wait until a case is there."""
    until = time.monotonic() + 60
    while Cases(hub.deliveries_db).case(event_id) is None:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_cases_are_kept_while_the_hub_runs(hub: Hub) -> None:
    take(hub, 1)
    with keeping(hub):
        wait_for_case(hub, "death-1")
        take(hub, 2)
        wait_for_case(hub, "death-2")


def test_a_run_until_idle_brings_them_up_to_date_when_all_is_decided(hub: Hub) -> None:
    take(hub, 1)
    with keeping(hub, until_idle=True):
        take(hub, 2)
        assert Cases(hub.deliveries_db).counts() == {}
    assert Cases(hub.deliveries_db).counts() == {("death", "open"): 2}


def test_a_run_that_was_told_to_stop_leaves_them_to_the_next(hub: Hub) -> None:
    take(hub, 1)
    with keeping(hub, until_idle=True):
        take(hub, 2, decide=False)
    assert Cases(hub.deliveries_db).counts() == {}


def test_the_end_of_a_run_tries_again_when_another_keeper_was_quicker(hub: Hub) -> None:
    take(hub, 1)
    keeper, met = keeper_of(hub), list[str]()

    def write_before(_connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        if not met and "procedure_cases" in statement:
            met.append(statement)
            write(hub.deliveries_db, turn(hub.deliveries_db), "other rules", Change(looked=[("received", 9, 1)]))

    sa.event.listen(hub.deliveries_db, "before_cursor_execute", write_before)
    catch_up(keeper)
    sa.event.remove(hub.deliveries_db, "before_cursor_execute", write_before)
    assert met
    assert Cases(hub.deliveries_db).counts() == {("death", "open"): 1}


def test_what_goes_wrong_with_it_is_logged_and_the_hub_goes_on(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    with hub.deliveries_db.begin() as connection:
        connection.execute(sa.text("ALTER TABLE procedure_steps RENAME TO gone"))
    take(hub, 1)
    with keeping(hub):
        until = time.monotonic() + 60
        while not caplog.messages:
            assert time.monotonic() < until
            time.sleep(0.02)
    assert "linked procedures can't be followed" in caplog.text
    assert "001090000001" not in caplog.text
