"""A snapshot and the feed behind it: together the same as having been there from the start."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consumers.snapshot import pages, take_moment
from hub.agreements import Population
from hub.eventlog import Batch, Outputs, PositionMoved
from hub.outcome import Outcome
from hub.patience import Patience
from hub.registers import Registers
from hub.registers.past import Past
from hub.topics import RECEIVED
from tests.consumers.snapshot.world import World, feed, holdings, join, messages, stores_of, taken, without
from tests.hub.making import GRANT, LAN, MAI, MOVE, SAIGON, WITHDRAWAL, Hub, a_hub, event, limited, next_of

#: Their rights rest on statutes and on nobody's consent, so that what they may know does not depend on the moment.
STATUTORY = ("tax", "land", "welfare", "insurance")
_RENAMED = {"old_number": LAN, "new_number": MAI, "changed_on": "2025-08-06"}
_STRICT = {"level": "STRICT", "valid_from": "2025-08-06"}


@pytest.mark.parametrize("seed", range(8))
def test_a_snapshot_and_the_feed_behind_it_leave_no_gap_and_no_double(tmp_path: Path, seed: int) -> None:
    rng, agency = random.Random(seed), STATUTORY[seed % len(STATUTORY)]
    with a_hub(tmp_path / "hub", agreements=without(agency)) as hub, a_hub(tmp_path / "twin") as twin:
        world = World(hub, twin, list(messages(400, seed)), rng)
        world.work(rng.randint(3, 20))
        join(hub)
        world.work(rng.randint(0, 3))
        moment = take_moment(stores_of(hub), agency)
        snapshot = taken(hub, moment, rng.randint(5, 90), world.working())
        world.finish()
        told = [*snapshot, *feed(hub, agency, moment.cursor)]

        ids = [event.event_id for event in told]
        assert len(ids) == len(set(ids))
        assert snapshot
        assert holdings(hub, told) == holdings(twin, feed(twin, agency))


class BusyLog:
    """A log to which the pipeline commits a batch just when somebody asks how far it is."""

    def __init__(self, hub: Hub, piece: int) -> None:
        self._hub, self._piece = hub, piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hub.log, name)

    def extents(self, topic: str, group: str) -> Sequence[tuple[int, int]]:
        if topic == RECEIVED:
            self._hub.process(self._piece)
        return self._hub.log.extents(topic, group)


@pytest.mark.parametrize("piece", [3, 20, 70])
def test_what_is_decided_while_the_moment_is_chosen_comes_by_one_of_the_two(tmp_path: Path, piece: int) -> None:
    with a_hub(tmp_path / "hub") as hub:
        hub.log.append(Outputs({RECEIVED: messages(200, 5)}))
        hub.process(60)
        moment = take_moment(replace(stores_of(hub), log=BusyLog(hub, piece)), "tax")
        snapshot = taken(hub, moment)
        hub.run()
        hub.flush()
        told = [*snapshot, *feed(hub, "tax", moment.cursor)]
        assert len(told) == len({event.event_id for event in told})
        assert holdings(hub, told) == holdings(hub, feed(hub, "tax"))


def test_an_annulment_that_is_being_decided_meanwhile_follows_the_snapshot(tmp_path: Path) -> None:
    move = event("ResidenceChanged", "move", MOVE)
    with a_hub(tmp_path / "hub", agreements=without("tax"), patience=Patience(0, 0)) as hub:
        hub.run(move)
        join(hub)
        given: list[str] = []

        class Meanwhile(Registers):
            def remember(self, batch: Batch, outcome: Outcome, past: Past) -> None:
                if not given:
                    given.extend(one.event_id for one in taken(hub, take_moment(stores_of(hub), "tax")))
                super().remember(batch, outcome, past)

        hub.send(next_of(move, "annulled", "ANNULLED"))
        hub.registers = Meanwhile(hub.engine)
        with pytest.raises(PositionMoved, match="snapshot"):
            hub.process()
        assert given == ["move"]
        hub.run()
        assert hub.ids("tax") == ["annulled"]


def test_a_rise_of_protection_follows_the_snapshot(tmp_path: Path) -> None:
    with a_hub(tmp_path / "hub", agreements=without("bank")) as hub:
        hub.run(event("ConsentGranted", "consent", GRANT), event("ResidenceChanged", "move", MOVE))
        join(hub)
        assert {one.event_id for one in taken(hub, take_moment(stores_of(hub), "bank"))} == {"consent", "move"}
        hub.run(event("AddressProtectionChanged", "protected", _STRICT))
        assert hub.ids("bank") == ["protected"]


def test_only_what_consent_allows_today_is_handed_out(tmp_path: Path) -> None:
    given, withdrawn = event("ConsentGranted", "consent", GRANT), event("ConsentWithdrawn", "no", WITHDRAWAL)
    with a_hub(tmp_path / "hub", agreements=without("bank")) as hub:
        hub.run(event("ResidenceChanged", "lan", MOVE), event("ResidenceChanged", "mai", MOVE, subject=MAI), given)
        join(hub)
        moment = take_moment(stores_of(hub), "bank")
        first = list(pages(stores_of(hub), moment, lambda: hub.clock.now))
        assert [one.event_id for page in first for one in page.events] == ["lan", "consent"]
        assert first[0].events[0].legal_basis == "consent: consent"
        assert dict(first[0].withheld) == {"no_consent": 1}
        hub.run(withdrawn)
        told = taken(hub, take_moment(stores_of(hub), "bank"))
        assert [one.event_id for one in told] == ["consent", "no"]


def test_an_address_under_protection_is_hidden_as_it_is_today(tmp_path: Path) -> None:
    with a_hub(tmp_path / "hub", agreements=without("insurance")) as hub:
        hub.run(event("ResidenceChanged", "move", MOVE))
        hub.run(event("AddressProtectionChanged", "protected", _STRICT))
        join(hub)
        told = {one.event_id: one for one in taken(hub, take_moment(stores_of(hub), "insurance"))}
        assert "to_address" not in told["move"].data
        assert told["move"].source == "urn:dancu:hidden"


def test_a_person_goes_out_under_the_number_of_today(tmp_path: Path) -> None:
    changed = event("PersonalNumberChanged", "changed", _RENAMED, subject=MAI)
    with a_hub(tmp_path / "hub", agreements=without("tax")) as hub:
        hub.run(event("ResidenceChanged", "move", MOVE), changed)
        join(hub)
        told = taken(hub, take_moment(stores_of(hub), "tax"))
        assert [(one.event_id, one.subject) for one in told] == [("move", MAI), ("changed", MAI)]


def test_a_limited_agency_is_told_of_its_province_only(tmp_path: Path) -> None:
    there = limited("tax", Population(provinces=frozenset({"79"})))
    to_saigon = MOVE | {"to_address": SAIGON}
    with a_hub(tmp_path / "hub", agreements=without("tax")) as hub:
        hub.run(event("ResidenceChanged", "hanoi", MOVE), event("ResidenceChanged", "sg", to_saigon, subject=MAI))
        hub.rules = replace(hub.rules, agreements=there)
        assert [one.event_id for one in taken(hub, take_moment(stores_of(hub), "tax"))] == ["sg"]


def test_what_was_ended_or_annulled_is_not_handed_out(tmp_path: Path) -> None:
    kept, ended, gone = (event("ResidenceChanged", name, MOVE) for name in ("kept", "ended", "gone"))
    newer = next_of(kept, "newer", "CORRECTED")
    sent = [kept, ended, gone, newer, next_of(ended, "end", "CEASED"), next_of(gone, "never", "ANNULLED")]
    with a_hub(tmp_path / "hub", agreements=without("tax"), patience=Patience(0, 0)) as hub:
        hub.run(*sent)
        join(hub)
        told = taken(hub, take_moment(stores_of(hub), "tax"))
        assert [(one.event_id, one.change, one.unmatched) for one in told] == [("newer", "CORRECTED", False)]
