"""The stream: repeatable, complete, and about people who could exist."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.demo.generator import generate
from deploy.demo.lines import INTENTS, SourceLine
from deploy.demo.places import INHABITANTS
from deploy.demo.reference import expected
from deploy.demo.world import REGISTERED_LATE
from schemas.reference.numbers import disagreement, read_number
from schemas.reference.units import VN34, provinces, ward
from tests.deploy.demo.conftest import NOW

_ACCEPTED = {intent for intent, verdict in INTENTS.items() if verdict != "refused:invalid"}


def _events(lines: list[SourceLine], *intents: str) -> list[dict[str, Any]]:
    wanted = intents or _ACCEPTED
    return [orjson.loads(line.raw) for line in lines if line.intent in wanted]


def _days_between(earlier: str, later: str) -> int:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).days


def test_the_same_seed_tells_the_same_stream(stream: list[SourceLine]) -> None:
    assert list(generate(10_000, 7, NOW)) == stream


def test_another_seed_tells_another_stream() -> None:
    assert list(generate(50, 1, NOW)) != list(generate(50, 2, NOW))


@settings(max_examples=25, deadline=None)
@given(events=st.integers(0, 700), seed=st.integers(0, 2**32))
def test_a_stream_has_exactly_the_length_asked_for_and_means_what_it_says(events: int, seed: int) -> None:
    lines = list(generate(events, seed, NOW))
    assert len(lines) == events
    verdicts = expected(lines, (), NOW.date()).verdicts
    assert [(line.intent, INTENTS[line.intent]) for line in lines] == [
        (line.intent, verdict) for line, verdict in zip(lines, verdicts, strict=True)
    ]


def test_every_intent_and_every_type_occurs(stream: list[SourceLine]) -> None:
    assert {line.intent for line in stream} == INTENTS.keys()
    assert len({event["type"] for event in _events(stream)}) == 14


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_reference_model_agrees_with_every_intent(seed: int) -> None:
    lines = list(generate(10_000, seed, NOW))
    verdicts = expected(lines, (), NOW.date()).verdicts
    wrong = [(x.intent, v) for x, v in zip(lines, verdicts, strict=True) if INTENTS[x.intent] != v]
    assert wrong == []


def test_numbers_obey_the_rule_and_match_sex_and_birth(stream: list[SourceLine]) -> None:
    met = 0
    for event in _events(stream):
        number, data = read_number(event["subject"]), event.get("data", {})
        for name in ("mother_number", "father_number", "spouse_number", "new_number"):
            if name in data:
                read_number(data[name])
        if event["type"] in ("BirthRegistered", "DeathRegistered") and data:
            met += 1
            assert disagreement(number, sex=data["sex"]) is None
            assert number.birth_year == int(data["born_on"][:4])
        if "mother_number" in data:
            assert read_number(data["mother_number"]).sex == "FEMALE"
    assert met > 500


def test_no_number_is_given_to_two_newborns(stream: list[SourceLine]) -> None:
    born = [event["subject"] for event in _events(stream, "fresh") if event["type"] == "BirthRegistered"]
    assert len(born) == len(set(born))


def test_nobody_dies_before_birth_or_lives_on_after_a_death_that_stands(stream: list[SourceLine]) -> None:
    dead: dict[str, str] = {}
    for event in _events(stream, "fresh", "original", "annulled", "joined_create", "old_number"):
        person, kind = event["subject"], event["type"]
        if kind == "DeathRegistered" and event["change"] == "ANNULLED":
            dead.pop(person, None)
        elif kind == "DeathRegistered":
            assert event["data"]["born_on"] <= event["data"]["died_on"]
            dead[person] = event["factid"]
        elif event["change"] == "CREATED":
            assert person not in dead
    assert len(dead) > 300


def test_spouses_were_alive_and_are_told_of_one_act(stream: list[SourceLine]) -> None:
    acts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in _events(stream, "fresh"):
        if event["type"] == "MarriageRegistered":
            acts[event["factid"]].append(event)
    assert len(acts) > 100
    for pair in acts.values():
        assert len(pair) == 2
        assert {e["subject"] for e in pair} == {e["data"]["spouse_number"] for e in pair}


def test_addresses_name_wards_of_today_in_their_provinces(stream: list[SourceLine]) -> None:
    met = 0
    for event in _events(stream, "fresh"):
        for value in event.get("data", {}).values():
            if isinstance(value, dict) and value.get("code_system") == "VN34":
                found, met = ward(value["ward_code"], VN34), met + 1
                assert found is not None
                assert found.province_code == value["province_code"]
    assert met > 1_000
    assert INHABITANTS.keys() == {province.code for province in provinces(VN34)}


def test_registration_times_rise_within_ninety_days_and_nothing_is_registered_before_it_happens(
    stream: list[SourceLine],
) -> None:
    events = _events(stream, "fresh", "corrected", "annulled", "ceased")
    held_back = {e["id"] for e in _events(stream, "corrected")}
    times = [event["registeredat"] for event in events if event["id"] not in held_back]
    assert times == sorted(times)
    assert min(times) >= (NOW - timedelta(days=91)).isoformat()
    assert max(times) < (NOW + timedelta(hours=7)).isoformat()  # Vietnamese wall time, compared as text
    for event in events:
        assert event["time"] <= event["registeredat"]


def test_some_events_are_registered_late(stream: list[SourceLine]) -> None:
    told = _events(stream, "fresh")
    late = [event for event in told if _days_between(event["time"], event["registeredat"]) > 30]
    assert 0.03 < len(late) / len(told) < REGISTERED_LATE


def test_names_are_composed_but_for_the_old_system(stream: list[SourceLine]) -> None:
    decomposed = 0
    for line in stream:
        if line.intent == "nfd":
            decomposed += 1
            assert not unicodedata.is_normalized("NFC", line.raw.decode())
        elif INTENTS[line.intent] == "published":
            assert unicodedata.is_normalized("NFC", line.raw.decode())
    assert decomposed > 10


def test_family_names_are_as_frequent_as_in_life(stream: list[SourceLine]) -> None:
    names = Counter(e["data"]["name"]["family"] for e in _events(stream, "fresh") if "name" in e.get("data", {}))
    assert 0.30 < names["Nguyễn"] / names.total() < 0.46
    assert names.most_common(3)[0][0] == "Nguyễn"


def test_an_annulment_and_its_new_version_have_nothing_of_the_person_between(stream: list[SourceLine]) -> None:
    open_for: dict[str, str] = {}
    for event, line in ((orjson.loads(x.raw), x) for x in stream if x.intent in _ACCEPTED):
        person = event["subject"]
        if person in open_for:
            assert line.intent == "joined_create"
            assert event["factid"] == open_for.pop(person)
        if line.intent == "joined_annul":
            open_for[person] = event["factid"]
    assert open_for == {}


def test_an_original_follows_its_correction_within_fifty_lines(stream: list[SourceLine]) -> None:
    waits: dict[str, int] = {}
    gaps = []
    for position, line in enumerate(stream):
        if line.intent == "waits":
            waits[orjson.loads(line.raw)["previousid"]] = position
        elif line.intent == "original":
            gaps.append(position - waits.pop(orjson.loads(line.raw)["id"]))
    assert waits == {}
    assert gaps
    assert max(gaps) <= 50


def test_a_bulk_run_names_itself(stream: list[SourceLine]) -> None:
    runs = {event["bulkid"] for event in _events(stream, "bulk")}
    assert len(runs) == 1
    assert all("bulkid" not in event for event in _events(stream, "corrected"))
