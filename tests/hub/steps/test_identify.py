"""Who is who: numbers that change, are merged, come back, and are told apart again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.eventlog import Batch, Record
from hub.facts import NumberStands
from hub.headers import TICK, TICK_DUE, TICK_FLUSH, TYPE
from hub.steps.identify import Numbers, between_changes
from hub.topics import DUPLICATES, REFUSED
from tests.hub.making import CUC, DEATH, GRANT, HOA, LAN, MAI, MOVE, Event, a_hub, event, next_of

NUMBERS = ["a", "b", "c", "d", "e"]
CHANGES = st.lists(
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS), st.integers(0, 3), st.booleans()), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(changes=CHANGES)
def test_whatever_changes_everybody_has_one_valid_number(changes: list[tuple[str, str, int, bool]]) -> None:
    numbers, told = Numbers(), list[NumberStands]()
    for old, new, fact, undo in changes:
        if undo:
            told += numbers.restore(f"f{fact}", numbers.person(old))
        elif old != new:
            told += numbers.replace(old, new, f"f{fact}")
            assert numbers.person(old) == numbers.person(new)
        for number in NUMBERS:
            person = numbers.person(number)
            assert numbers.person(person) == person
            assert number in numbers.numbers_of(person)
            assert numbers.numbers_of(person)[0] == person
        everybody = [n for p in {numbers.person(n) for n in NUMBERS} for n in numbers.numbers_of(p)]
        assert sorted(everybody) == NUMBERS
    read_again = Numbers(told)
    assert [read_again.person(n) for n in NUMBERS] == [numbers.person(n) for n in NUMBERS]


def test_a_chain_of_changes_leads_to_the_last_number() -> None:
    numbers = Numbers()
    numbers.replace("a", "b", "1")
    numbers.replace("b", "c", "2")
    numbers.replace("d", "a", "3")
    assert [numbers.person(n) for n in "abcd"] == ["c"] * 4
    assert numbers.numbers_of("c") == ["c", "a", "b", "d"]


def test_a_number_changed_back_is_valid_again() -> None:
    numbers = Numbers()
    numbers.replace("a", "b", "1")
    numbers.replace("b", "a", "2")
    assert [numbers.person(n) for n in "ab"] == ["a", "a"]


def test_undoing_a_change_in_the_middle_parts_the_chain() -> None:
    numbers = Numbers()
    numbers.replace("a", "b", "1")
    numbers.replace("b", "c", "2")
    numbers.restore("1", "c")
    assert [numbers.person(n) for n in "abc"] == ["a", "c", "c"]


def test_a_batch_is_cut_before_each_change_and_behind_each_last_word() -> None:
    kinds = ["DeathRegistered", "PersonsMerged", "DeathRegistered", "PersonalNumberChanged", "PersonsMerged"]
    records = [Record(i, 0, "", b"", {TYPE: kind}) for i, kind in enumerate(kinds, start=4)]
    records.append(Record(9, 0, "", b"", {TICK: TICK_DUE}))
    records.append(Record(10, 0, "", b"", {TICK: TICK_FLUSH}))
    records.append(Record(11, 0, "", b"", {TYPE: "DeathRegistered"}))
    parts = list(between_changes(Batch("received", "pipeline", 3, records)))
    assert [(part.after, [r.position for r in part.records]) for part in parts] == [
        (3, [4]),
        (4, [5, 6]),
        (6, [7]),
        (7, [8, 9, 10]),
        (10, [11]),
    ]


def renamed(event_id: str, old: str, new: str, subject: str = "") -> Event:
    data = {"old_number": old, "new_number": new, "changed_on": "2025-08-05"}
    return event("PersonalNumberChanged", event_id, data, subject=subject or old)


def moved(event_id: str, subject: str, **more: object) -> Event:
    return event("ResidenceChanged", event_id, MOVE, subject=subject, **more)


def test_an_event_under_an_old_number_goes_out_under_the_new_one(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        hub.run(moved("m1", LAN), renamed("n1", LAN, MAI), moved("m2", LAN), moved("m2b", MAI, factid="m2"))
        assert [(e["event_id"], e["subject"], e["_key"], e["_"]["ce_subject"]) for e in hub.sent_to("tax")] == [
            ("m1", LAN, LAN, LAN),
            ("n1", LAN, MAI, LAN),
            ("m2", MAI, MAI, MAI),
        ]
        assert hub.set_aside(DUPLICATES) == [("m2b", "fact")]


def test_facts_consents_and_deaths_follow_the_person(tmp_path: Path) -> None:
    died = event("DeathRegistered", "d1", DEATH, subject=LAN)
    with a_hub(tmp_path) as hub:
        hub.run(died, event("ConsentGranted", "c1", GRANT, subject=LAN))
        hub.run(renamed("n1", LAN, MAI), event("PersonsMerged", "n2", _merging(MAI), subject=HOA))
        hub.run(event("DeathRegistered", "d2", DEATH, subject=MAI), moved("m1", HOA))
        hub.run(next_of(died, "d3", "CORRECTED", subject=HOA))
        assert hub.set_aside(DUPLICATES) == [("d2", "vital")]
        assert hub.ids("bank") == ["c1", "n1", "n2", "m1", "d3"]
        assert hub.ids("land") == ["d1", "n1", "n2", "d3"]


@pytest.mark.parametrize("subject", [LAN, MAI])
def test_an_annulled_change_goes_to_those_who_had_it_and_parts_the_persons(tmp_path: Path, subject: str) -> None:
    change = renamed("n1", LAN, MAI)
    with a_hub(tmp_path) as hub:
        hub.run(change, moved("m1", LAN), next_of(change, "n2", "ANNULLED", subject=subject))
        hub.flush()
        hub.run(moved("m2", LAN), moved("m3", MAI))
        assert hub.set_aside(REFUSED) == []
        assert [(e["event_id"], e["_key"]) for e in hub.sent_to("tax")] == [
            ("n1", MAI),
            ("m1", MAI),
            ("n2", MAI),
            ("m2", LAN),
            ("m3", MAI),
        ]


def test_an_annulled_merger_parts_the_records(tmp_path: Path) -> None:
    merger = event("PersonsMerged", "n1", _merging(MAI, HOA), subject=LAN)
    with a_hub(tmp_path) as hub:
        hub.run(merger, moved("m1", HOA), next_of(merger, "n2", "ANNULLED"))
        hub.flush()
        hub.run(moved("m2", HOA), moved("m3", CUC))
        assert [(e["event_id"], e["_key"]) for e in hub.sent_to("tax")][1:] == [
            ("m1", LAN),
            ("n2", LAN),
            ("m2", HOA),
            ("m3", CUC),
        ]


@pytest.mark.parametrize("again", ["n1", "n1-again"])
def test_a_change_that_is_sent_again_changes_nothing(tmp_path: Path, again: str) -> None:
    change = renamed("n1", LAN, MAI)
    with a_hub(tmp_path) as hub:
        hub.run(change, renamed("n2", MAI, LAN, subject=LAN), change | {"id": again}, moved("m1", MAI))
        assert [(e["event_id"], e["_key"]) for e in hub.sent_to("tax")][2:] == [("m1", LAN)]
        assert len(hub.topic(DUPLICATES)) == 1


def test_a_change_that_comes_after_its_annulment_changes_nothing(tmp_path: Path) -> None:
    change = renamed("n1", LAN, MAI)
    with a_hub(tmp_path) as hub:
        hub.run(next_of(change, "n2", "ANNULLED", previousid="never"))
        hub.flush()
        hub.run(change, moved("m1", LAN))
        assert hub.set_aside(REFUSED) == [("n1", "late")]
        assert [(e["event_id"], e["_key"]) for e in hub.sent_to("tax")] == [("m1", LAN)]


def test_a_death_annulled_under_the_new_number_stands_no_longer(tmp_path: Path) -> None:
    died = event("DeathRegistered", "d1", DEATH, subject=LAN)
    with a_hub(tmp_path) as hub:
        hub.run(died, renamed("n1", LAN, MAI), next_of(died, "d2", "ANNULLED", subject=MAI))
        hub.flush()
        hub.run(event("DeathRegistered", "d3", DEATH, subject=MAI))
        assert hub.ids("land") == ["d1", "n1", "d2", "d3"]


def test_of_two_merged_persons_who_both_had_died_one_death_may_be_annulled(tmp_path: Path) -> None:
    first = event("DeathRegistered", "d1", DEATH, subject=LAN)
    with a_hub(tmp_path) as hub:
        hub.run(first, event("DeathRegistered", "d2", DEATH, subject=MAI))
        hub.run(event("PersonsMerged", "n1", _merging(MAI), subject=LAN))
        hub.run(event("DeathRegistered", "d3", DEATH, subject=LAN), next_of(first, "d4", "ANNULLED"))
        hub.flush()
        hub.run(event("DeathRegistered", "d5", DEATH, subject=LAN))
        assert hub.set_aside(DUPLICATES) == [("d3", "vital"), ("d5", "vital")]
        assert hub.ids("land") == ["d1", "d2", "n1", "d4"]


def _merging(*numbers: str) -> dict[str, object]:
    return {"merged_numbers": list(numbers), "merged_on": "2025-08-05"}
