"""Each person's facts in order: late, joined, waiting, queued, and the same vital fact from two registers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import headers as h
from hub.topics import DUPLICATES, REFUSED
from tests.hub.making import DEATH, LAN, MAI, MOVE, SAIGON, Event, Hub, a_hub, event, next_of

MOVED = event("ResidenceChanged", "m1", MOVE)
CORRECTED = next_of(MOVED, "m2", "CORRECTED")
ANNULLED = next_of(MOVED, "m2", "ANNULLED")
ANEW = next_of(MOVED, "m3", "CREATED", factversion=3, data={**MOVE, "to_address": SAIGON})
DIED = event("DeathRegistered", "d1", DEATH)
HOSPITAL = event("DeathRegistered", "h1", DEATH, source="/registers/hospital/01")
OTHER = event("CardVerified", "x1")


@pytest.fixture(params=[1, 1000], ids=["one by one", "in one batch"])
def limit(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with a_hub(tmp_path) as hub:
        yield hub


def sent(hub: Hub, agency: str = "tax") -> list[tuple[str, str, str | None]]:
    return [(e["event_id"], e["change"], e["_"].get(h.UNMATCHED)) for e in hub.sent_to(agency)]


def published(hub: Hub) -> list[str]:
    return [event_id for event_id, _, _ in sent(hub)]


def test_an_older_version_is_refused_as_late(hub: Hub, limit: int) -> None:
    third = next_of(MOVED, "m3", "CORRECTED", factversion=3)
    hub.run(MOVED, third, CORRECTED, limit=limit)
    assert published(hub) == ["m1", "m3"]
    assert hub.set_aside(REFUSED) == [("m2", "late")]
    assert hub.topic(REFUSED)[0].value  # whole, so that it can be replayed


def test_a_correction_before_its_original_waits_and_queues_what_follows(hub: Hub, limit: int) -> None:
    hub.run(CORRECTED, DIED, event("ResidenceChanged", "y", MOVE, subject=MAI), limit=limit)
    assert published(hub) == ["y"]
    assert hub.waiting.count() == 2
    hub.run(MOVED, limit=limit)
    assert sent(hub)[1:] == [("m1", "CREATED", None), ("m2", "CORRECTED", None), ("d1", "CREATED", None)]


def test_a_chain_of_corrections_in_reverse_comes_out_in_order(hub: Hub, limit: int) -> None:
    third = next_of(CORRECTED, "m3", "CORRECTED")
    hub.run(third, CORRECTED, DIED, MOVED, limit=limit)
    assert published(hub) == ["m1", "m2", "m3", "d1"]


def test_a_correction_waits_only_so_long_and_then_goes_out_marked(hub: Hub, limit: int) -> None:
    hub.run(CORRECTED, DIED, limit=limit)
    hub.send(event("CardVerified", "x", subject=MAI), after=29_000)
    hub.run(limit=limit)
    assert published(hub) == []
    hub.send(event("CardVerified", "x2", subject=MAI), after=1_000)
    hub.run(limit=limit)
    assert sent(hub) == [("m2", "CORRECTED", "true"), ("d1", "CREATED", None)]
    hub.run(MOVED, limit=limit)
    assert hub.set_aside(REFUSED) == [("m1", "late")]


def test_an_original_that_comes_too_late_is_too_late_in_the_same_batch_too(hub: Hub) -> None:
    hub.send(CORRECTED)
    hub.send(MOVED, after=30_001)
    hub.run()
    assert sent(hub) == [("m2", "CORRECTED", "true")]


def test_a_correction_by_a_duplicates_id_finds_its_original(hub: Hub, limit: int) -> None:
    again = MOVED | {"id": "m1-again"}
    hub.run(MOVED, CORRECTED | {"previousid": "m1-again"}, again, limit=limit)
    assert sent(hub) == [("m1", "CREATED", None), ("m2", "CORRECTED", None)]


def test_a_correction_of_another_fact_is_refused(hub: Hub, limit: int) -> None:
    hub.run(MOVED, DIED, CORRECTED | {"previousid": "d1"}, limit=limit)
    assert hub.set_aside(REFUSED) == [("m2", "previous_of_another_fact")]


def test_an_annulment_and_the_act_anew_become_one_correction(hub: Hub, limit: int) -> None:
    hub.run(MOVED, ANNULLED, ANEW, limit=limit)
    assert sent(hub) == [("m1", "CREATED", None), ("m3", "CORRECTED", None)]
    joined = hub.sent_to("tax")[1]
    assert (joined["previous_event_id"], joined["_"][h.PREVIOUS_ID], joined["_"][h.CHANGE]) == ("m1", "m1", "CORRECTED")
    assert joined["to_address"]["province_code"] == "79"
    assert hub.waiting.count() == 0


def test_they_are_joined_too_when_something_came_between(hub: Hub, limit: int) -> None:
    hub.run(MOVED, ANNULLED, DIED, ANEW, limit=limit)
    assert sent(hub) == [("m1", "CREATED", None), ("m3", "CORRECTED", None), ("d1", "CREATED", None)]


def test_they_are_joined_when_both_waited_for_the_original(hub: Hub, limit: int) -> None:
    hub.run(ANNULLED, ANEW, MOVED, limit=limit)
    assert sent(hub) == [("m1", "CREATED", None), ("m3", "CORRECTED", None)]


def test_they_are_not_joined_after_the_window(hub: Hub) -> None:
    hub.send(MOVED, ANNULLED)
    hub.send(ANEW, after=5_000)
    hub.run()
    assert sent(hub) == [("m1", "CREATED", None), ("m2", "ANNULLED", None), ("m3", "CREATED", None)]


def test_an_annulment_without_a_new_act_goes_out_after_the_window(hub: Hub) -> None:
    hub.run(MOVED, ANNULLED)
    assert published(hub) == ["m1"]
    hub.clock.now += 5_000
    hub.waiting.tick(hub.clock.now)
    hub.run()
    assert published(hub) == ["m1", "m2"]


def test_a_second_report_of_a_death_is_a_duplicate(hub: Hub, limit: int) -> None:
    hub.run(DIED, HOSPITAL, event("DeathRegistered", "other", DEATH, subject=MAI), limit=limit)
    assert published(hub) == ["d1", "other"]
    assert hub.set_aside(DUPLICATES) == [("h1", "vital")]
    assert hub.topic(DUPLICATES)[0].headers[h.DETAIL] == "d1"


def test_the_second_report_stands_when_the_first_is_annulled(hub: Hub, limit: int) -> None:
    hub.run(DIED, HOSPITAL, next_of(DIED, "d2", "ANNULLED"), limit=limit)
    hub.flush()
    hub.run(event("DeathRegistered", "third", DEATH), limit=limit)
    assert published(hub) == ["d1", "d2", "h1"]
    assert hub.set_aside(DUPLICATES) == [("h1", "vital"), ("third", "vital")]


def test_the_newest_version_of_the_second_report_stands(hub: Hub, limit: int) -> None:
    better = next_of(HOSPITAL, "h2", "CORRECTED", data={"died_on": "2025-08-03"})
    hub.run(DIED, HOSPITAL, better, next_of(DIED, "d2", "ANNULLED"), limit=limit)
    hub.flush()
    assert published(hub) == ["d1", "d2", "h2"]
    assert hub.tallies()["duplicate", "vital"] == 2


def test_a_second_report_that_is_annulled_itself_never_stands(hub: Hub, limit: int) -> None:
    hub.run(DIED, HOSPITAL, next_of(HOSPITAL, "h2", "ANNULLED"), next_of(DIED, "d2", "ANNULLED"), limit=limit)
    hub.flush()
    assert published(hub) == ["d1", "d2"]
    assert hub.set_aside(DUPLICATES) == [("h1", "vital"), ("h2", "vital")]


def test_a_report_made_anew_as_a_second_one_and_annulled_tells_nobody(hub: Hub) -> None:
    annulled = next_of(DIED, "d2", "ANNULLED")
    hub.run(DIED, annulled)
    hub.flush()
    anew = next_of(annulled, "d3", "CREATED", data=DEATH)
    hub.run(HOSPITAL, anew, next_of(anew, "d4", "ANNULLED"))
    hub.flush()
    hub.run(next_of(HOSPITAL, "h2", "ANNULLED"))
    hub.flush()
    assert published(hub) == ["d1", "d2", "h1", "h2"]


def test_a_marriage_of_another_day_is_another_marriage(hub: Hub, limit: int) -> None:
    days = {"w1": "2025-01-01", "w2": "2025-01-02", "w3": "2025-01-01"}
    for name, day in days.items():
        hub.run(event("MarriageRegistered", name, {"married_on": day, "spouse_number": MAI}), limit=limit)
    assert published(hub) == ["w1", "w2"]
    assert hub.set_aside(DUPLICATES) == [("w3", "vital")]


def test_a_version_of_an_event_that_was_refused_is_met(hub: Hub, limit: int) -> None:
    wrong = CORRECTED | {"previousid": "d1"}
    hub.run(MOVED, DIED, wrong, wrong | {"id": "m2-again", "previousid": "m1"}, limit=limit)
    assert hub.set_aside(DUPLICATES) == [("m2-again", "fact")]


@pytest.mark.parametrize("again", [OTHER, OTHER | {"id": "x2"}], ids=["event_id", "fact"])
def test_the_same_event_or_act_again_is_a_duplicate(hub: Hub, limit: int, again: Event) -> None:
    hub.run(OTHER, again, OTHER | {"id": "x3", "subject": MAI}, limit=limit)
    assert hub.ids("insurance") == ["x1", "x3"]
    kind = "event_id" if again is OTHER else "fact"
    assert hub.set_aside(DUPLICATES) == [(again["id"], kind)]
    assert (hub.topic(DUPLICATES)[0].key, hub.topic(DUPLICATES)[0].headers[h.DETAIL]) == (LAN, "x1")
