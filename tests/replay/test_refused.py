"""Refused events go to the pipeline again after a fix: whole, once, and no duplicates of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

import hub.audit.tables
import hub.contacts.tables
import hub.replays.tables
from hub import headers as h
from hub.database import open_database, reading, sqlite_url
from hub.deliveries.tables import metadata
from hub.eventlog import Log, Outputs
from hub.eventlog.connection import KafkaConnection
from hub.intake.admit import Admission
from hub.intake.desk import Desk as IntakeDesk
from hub.intake.desk import Sent, Taken, Unread
from hub.registers.tables import events
from hub.registers.today import Today
from hub.replays import Kind, Move, Replay, Replays, ReplayState
from hub.topics import DUPLICATES, RECEIVED, REFUSED
from replay.desk import Desk, Limits, NothingMatches
from replay.refused import RefusedEvents
from replay.runner import Runner
from replay.selection import BadSelection, Selection
from replay.taking_in import Door
from replay.verdict import Judge
from tests.hub.making import ADMISSION, CATALOGUE, LAN, MAI, MOVE, NOW, SHIPPED, Event, Hub, a_hub, event, next_of
from tests.hub.on_kafka_and_postgres import make_tables, make_topics, shared_hub

__all__ = ["hub"]
MOVED = event("ResidenceChanged", "m1", MOVE)
WRONG = next_of(MOVED, "m2", "CORRECTED", subject=MAI)
MERGED = event("PersonsMerged", "n1", {"merged_numbers": [MAI], "merged_on": "2025-08-05"}, subject=LAN)


@dataclass
class Office:
    """A hub with a pipeline, and an office for its refused events."""

    hub: Hub
    engine: sa.Engine
    #: Let things be killed: called before and after each write to the log.
    killing: Callable[[str], None] = lambda _: None

    @property
    def refused(self) -> RefusedEvents:
        return RefusedEvents(self.log, self.hub.engine, Today(self.hub.engine).numbers_of)

    @property
    def log(self) -> Log:
        return _Killing(self.hub.log, self.killing)  # type: ignore[return-value]

    @property
    def desk(self) -> Desk:
        numbers_of = Today(self.hub.engine).numbers_of
        judge = Judge(self.engine, self.hub.engine, numbers_of, lambda *_: {})
        return Desk(Replays(self.engine), judge, self.refused, numbers_of, list(SHIPPED.by_agency), lambda: NOW)

    def take(self, producer: str, pieces: Sequence[Sent], mark: Callable[[Taken], str]) -> Taken:
        return IntakeDesk(self.log, self.hub.engine, ADMISSION, lambda: NOW).take(producer, pieces, mark)

    def started(self, selection: Selection, limits: Limits | None = None) -> str:
        planned = self.desk.plan(Kind.REFUSED, selection, "lan", "mended", limits or Limits())
        self.desk.approve(planned.id, "lan", "looked")
        return self.desk.move(planned.id, Move.STARTED, "lan", None).id

    def turn(self, name: str = "one") -> bool:
        door = Door(self.refused, self.take)
        runner = Runner(Replays(self.engine), self.desk.judge, door, lambda: NOW, name)
        moved = runner.turn()
        runner.close()
        return moved

    def finish(self, replay_id: str) -> Replay:
        for _ in range(100):
            self.turn()
            found = Replays(self.engine).find(replay_id)
            if found.state is not ReplayState.RUNNING:
                return found
        raise AssertionError("it does not end")

    def told(self, replay_id: str) -> dict[str, int]:
        counts = Replays(self.engine).find(replay_id).counts
        return {f"{state}:{why}" if why else str(state): count for (state, why), count in counts.items()}

    def fates(self) -> dict[str, str]:
        with reading(self.hub.engine) as connection:
            return dict(connection.execute(sa.select(events.c.event_id, events.c.fate)).all())


class Killed(Exception):
    """What a killed process would be."""


@dataclass
class _Killing:
    """A log whose user may be killed right before or after it has written."""

    log: Log
    killing: Callable[[str], None]

    def append(self, outputs: Outputs) -> None:
        self.killing("before")
        self.log.append(outputs)
        self.killing("after")

    def __getattr__(self, name: str) -> object:
        return getattr(self.log, name)


@contextmanager
def _on(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Hub]:
    if kind == "embedded":
        with a_hub(folder) as found:
            yield found
        return
    url: str = request.getfixturevalue("postgres_url")
    connection: KafkaConnection = request.getfixturevalue("kafka")
    make_tables(url)
    make_topics(connection, SHIPPED.by_agency, 3)
    with shared_hub(connection, url) as found:
        yield found


@pytest.fixture(params=["embedded", "kafka"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """The same on both logs."""
    with _on(request.param, request, tmp_path / "home") as found:
        embedded = request.param == "embedded"
        engine = open_database(sqlite_url(tmp_path / "deliveries.db")) if embedded else found.engine
        metadata.create_all(engine)
        yield Office(found, engine)
        engine.dispose()


def _refuse_by_pipeline(office: Office) -> None:
    """Let a correction be refused, because it refers to another person's event; then mend that."""
    office.hub.run(MOVED, WRONG)
    office.hub.flush()
    assert ("m2", "previous_of_another_fact") in office.hub.set_aside(REFUSED)
    office.hub.run(MERGED)


def test_an_event_that_the_pipeline_refused_goes_out_after_the_fix(office: Office) -> None:
    _refuse_by_pipeline(office)
    replay_id = office.started(Selection(error_class="previous_of_another_fact"))
    assert office.finish(replay_id).state is ReplayState.DONE
    assert office.told(replay_id) == {"delivered": 1}
    office.hub.run()
    office.hub.flush()
    assert office.fates()["m2"] == "published"
    assert office.hub.ids("tax").count("m2") == 1
    assert office.hub.set_aside(DUPLICATES) == []


def test_it_comes_as_it_was_and_nothing_of_the_replay_leaves_the_hub(office: Office) -> None:
    _refuse_by_pipeline(office)
    (first,) = [r for r in office.hub.topic(RECEIVED) if r.headers.get(h.ID) == "m2"]
    replay_id = office.started(Selection(event_ids=["m2"]))
    office.finish(replay_id)
    (_, again) = [r for r in office.hub.topic(RECEIVED) if r.headers.get(h.ID) == "m2"]
    internal = {h.PARTITION, h.AFTER}
    assert (again.key, again.value) == (first.key, first.value)
    assert {name: text for name, text in again.headers.items() if name not in internal} == {
        **{name: text for name, text in first.headers.items() if name not in internal},
        h.REPLAY: replay_id,
    }
    office.hub.run()
    office.hub.flush()
    assert all(not name.startswith("dancu_") for one in office.hub.sent_to("tax") for name in one["_"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_the_write_it_is_taken_in_exactly_once(office: Office, when: str) -> None:
    _refuse_by_pipeline(office)
    replay_id = office.started(Selection(everything=True))
    dies = [True]

    def killing(moment: str) -> None:
        if moment == when and dies.pop() if dies else False:
            raise Killed

    office.killing = killing
    with suppress(Killed):
        office.turn("killed")
    assert dies == []
    assert office.told(replay_id) == {"selected": 1}
    with office.engine.begin() as connection:
        connection.execute(sa.update(hub.replays.tables.replays).values(lease_until=0))
    office.finish(replay_id)
    assert len([r for r in office.hub.topic(RECEIVED) if r.headers.get(h.ID) == "m2"]) == 2
    office.hub.run()
    office.hub.flush()
    assert office.hub.ids("tax").count("m2") == 1


def _refuse_by_intake(office: Office, *sent: Event) -> None:
    """Let an older program that knows no marriages refuse events."""
    types = {name: kind for name, kind in CATALOGUE.types.items() if name != "MarriageRegistered"}
    older = Admission(replace(CATALOGUE, types=types))
    desk = IntakeDesk(office.hub.log, office.hub.engine, older, lambda: NOW)
    taken = desk.take("file", [Sent(str(n), orjson.dumps(one)) for n, one in enumerate(sent)])
    assert taken.refused == len(sent)


def test_an_event_that_intake_refused_is_taken_in_after_the_fix(office: Office) -> None:
    married = event("MarriageRegistered", "w1")
    _refuse_by_intake(office, married)
    replay_id = office.started(Selection(error_class="unknown_type"))
    office.finish(replay_id)
    office.hub.run()
    assert office.told(replay_id) == {"delivered": 1}
    assert office.fates() == {"w1": "published"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_in_between_intake_takes_it_exactly_once(office: Office, when: str) -> None:
    _refuse_by_intake(office, event("MarriageRegistered", "w1"), event("MarriageRegistered", "w2", subject=MAI))
    replay_id = office.started(Selection(everything=True))
    dies = [True]

    def killing(moment: str) -> None:
        if moment == when and dies.pop() if dies else False:
            raise Killed

    office.killing = killing
    with suppress(Killed):
        office.turn("killed")
    office.killing = lambda _: None
    with office.engine.begin() as connection:
        connection.execute(sa.update(hub.replays.tables.replays).values(lease_until=0))
    office.finish(replay_id)
    office.hub.run()
    assert sorted(str(r.headers[h.ID]) for r in office.hub.topic(RECEIVED)) == ["w1", "w2"]
    assert office.hub.set_aside(DUPLICATES) == []


def test_what_intake_refuses_again_is_told(office: Office) -> None:
    office.take("file", [Sent("1", b"{")], lambda _: "1")
    replay_id = office.started(Selection(error_class="not_json"))
    office.finish(replay_id)
    assert office.told(replay_id) == {"failed:not_json": 1}


def test_what_its_sender_had_no_right_to_say_never_comes_in_so(office: Office) -> None:
    stolen = Unread(orjson.dumps(event("DeathRegistered", "d1")), "forbidden_source", "not yours")
    office.take("http", [Sent("1", stolen)], lambda _: "1")
    replay_id = office.started(Selection(everything=True))
    assert Replays(office.engine).find(replay_id).plan.estimate["skipped"] == {"forbidden_source": 1}
    office.finish(replay_id)
    assert office.told(replay_id) == {"skipped:forbidden_source": 1}
    assert office.hub.topic(RECEIVED) == []


def test_what_the_source_has_sent_again_meanwhile_is_skipped(office: Office) -> None:
    married = event("MarriageRegistered", "w1")
    _refuse_by_intake(office, married)
    office.hub.run(married)
    replay_id = office.started(Selection(everything=True))
    office.finish(replay_id)
    assert office.told(replay_id) == {"skipped:sent_again": 1}


def test_several_of_both_sorts_come_in_their_order_and_a_cap_holds(office: Office) -> None:
    _refuse_by_intake(office, *(event("MarriageRegistered", f"w{n}") for n in range(3)))
    _refuse_by_pipeline(office)
    _refuse_by_intake(office, event("MarriageRegistered", "w3"))
    replay_id = office.started(Selection(everything=True), Limits(cap=4))
    office.finish(replay_id)
    came = [
        str(r.headers[h.ID])
        for r in office.hub.topic(RECEIVED)
        if h.REPLAY in r.headers or "w" in r.headers.get(h.ID, "")
    ]
    assert sorted(came) == ["m2", "w0", "w1", "w2"]
    assert office.told(replay_id) == {"delivered": 4, "left:cap": 1}


def test_refused_events_have_no_agency_and_a_filter_without_a_match_plans_nothing(office: Office) -> None:
    _refuse_by_intake(office, event("MarriageRegistered", "w1"))
    with pytest.raises(BadSelection, match="refused events have none"):
        office.started(Selection(agency="tax"))
    for selection in (Selection(type="BirthRegistered"), Selection(until=NOW - 10**10), Selection(event_ids=["x"])):
        with pytest.raises(NothingMatches):
            office.started(selection)
