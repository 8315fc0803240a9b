"""Whatever happens, in whatever order: an agency has a person's events in order, each once, without gaps."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consumers.loop import deliver_once
from hub.deliveries import FactKind, Request, Summary
from hub.destination import Event, Receipt, Unavailable
from hub.eventlog import Batch, Outputs
from hub.eventlog.sqlite import SqliteLog
from replay.redeliver import make_due
from replay.selection import Selection
from tests.consumers.agency import AGENCY, Agency, build, message

PERSONS = st.sampled_from("ABC")


class Killed(BaseException):
    """Stands for the end of the process."""


class DyingLog:
    """A log whose reader dies instead of committing."""

    def __init__(self, log: SqliteLog) -> None:
        self._log = log

    def append(self, outputs: Outputs) -> None:
        self._log.append(outputs)

    def read(self, topic: str, group: str, limit: int) -> Batch:
        return self._log.read(topic, group, limit)

    def commit(self, batch: Batch, outputs: Outputs) -> None:
        raise Killed(batch, outputs)


class DyingAgency:
    """Its caller dies after it has applied everything."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency

    def deliver(self, events: Sequence[Event]) -> Receipt:
        self._agency.deliver(events)
        raise Killed(len(events))


class HandingOut(RuleBasedStateMachine):
    """Persons A, B, C with events, who may get a new number (a → A2 → A3 …), and everything that goes wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.scene = build(Path(self.folder.name))
        self.scene.change(same_person=self.same_person)
        self.published: list[str] = []
        self.generation = dict.fromkeys("ABC", 1)
        self.ticks = 0

    def teardown(self) -> None:
        try:
            self.everything_arrives_in_the_end()
        finally:
            self.scene.close()
            self.folder.cleanup()

    def same_person(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        return {key: [f"{key[0]}{n}" for n in range(1, self.generation[key[0]] + 1)] for key in keys}

    @rule(who=st.lists(PERSONS, min_size=1, max_size=6))
    def events_are_published(self, who: list[str]) -> None:
        new = [f"{person}-{len(self.published) + n:04}" for n, person in enumerate(who)]
        self.published += new
        self.scene.publish(*(message(name, f"{name[0]}{self.generation[name[0]]}") for name in new))

    @rule(person=PERSONS)
    def a_person_gets_a_new_number(self, person: str) -> None:
        self.generation[person] += 1

    @precondition(lambda self: self.published)
    @rule(data=st.data(), kind=st.sampled_from(["dislikes", "falls_over"]))
    def the_agency_stumbles_over(self, data: st.DataObject, kind: str) -> None:
        getattr(self.scene.agency, kind).add(data.draw(st.sampled_from(self.published)))

    @rule(kind=st.sampled_from(["dislikes", "falls_over"]))
    def the_agency_is_mended(self, kind: str) -> None:
        getattr(self.scene.agency, kind).clear()

    @rule(down=st.booleans())
    def the_agency_goes_down_or_comes_back(self, down: bool) -> None:
        self.scene.agency.down = down

    @rule(limit=st.integers(1, 8), outages=st.sampled_from([0, 4, 5, 9]))
    def the_loop_turns(self, limit: int, outages: int) -> None:
        self._turn({"limit": limit}, outages)

    @rule(limit=st.integers(1, 8), dying=st.sampled_from(["log", "destination"]))
    def the_loop_is_killed(self, limit: int, dying: str) -> None:
        deaths = {"log": DyingLog(self.scene.log), "destination": DyingAgency(self.scene.agency)}
        self._turn({"limit": limit, dying: deaths[dying]}, 0)

    @rule(limit=st.integers(1, 8))
    def a_second_loop_is_quicker(self, limit: int) -> None:
        machine = self

        class Late(DyingLog):
            def read(self, topic: str, group: str, limit: int) -> Batch:
                batch = super().read(topic, group, limit)
                machine._turn({"limit": limit + 1}, 0)
                return batch

            commit = self.scene.log.commit

        self._turn({"limit": limit, "log": Late(self.scene.log)}, 0)

    @rule(data=st.data())
    def an_operator_replays(self, data: st.DataObject) -> None:
        parked = [entry.event_id for entry in self.scene.browser.parked(AGENCY)]
        chosen = data.draw(st.lists(st.sampled_from(parked)) if parked else st.just([]))
        make_due(self.scene.store, Selection(AGENCY, event_ids=chosen), self._request())

    def _request(self) -> Request:
        return Request("lan", "mended", self.scene.clock.now)

    def _turn(self, changes: Mapping[str, Any], outages: int) -> None:
        self.scene.clock.seconds += 100
        with suppress(Unavailable, Killed):
            deliver_once(replace(self.scene.feed, **changes), outages)

    @invariant()
    def what_has_arrived_of_a_person_is_in_order_and_without_gaps(self) -> None:
        arrived = self.scene.agency.ids
        for person in "ABC":
            mine = [name for name in arrived if name[0] == person]
            assert mine == [name for name in self.published if name[0] == person][: len(mine)]

    @invariant()
    def the_counts_agree_with_the_agency(self) -> None:
        """Delivered = committed - held; only what a killed loop could not note is with the agency beyond that."""
        committed, _ = self.scene.log.extent(self.scene.feed.topic, "deliver")
        assert committed - self.scene.browser.summary(AGENCY).held <= len(self.scene.agency.ids)

    def everything_arrives_in_the_end(self) -> None:
        agency = self.scene.agency
        agency.down = False
        agency.dislikes.clear()
        agency.falls_over.clear()
        for _ in range(2 * len(self.published) + 2):
            self._turn({}, 0)
            make_due(self.scene.store, Selection(AGENCY), self._request())
        assert sorted(agency.ids) == sorted(self.published)
        summary = self.scene.browser.summary(AGENCY)
        assert summary == Summary(replayed=summary.replayed)
        for event_id in self.published:
            story = self.scene.browser.story(event_id)
            assert [fact.kind for fact in story].count(FactKind.DELIVERED) == 1


HandingOut.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestHandingOut = HandingOut.TestCase
