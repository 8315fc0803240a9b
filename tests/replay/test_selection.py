"""A selection means exactly what a naive filter over all rows would choose; what it does not know is an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.deliveries import Held, State, rows
from hub.deliveries.tables import held, metadata
from hub.eventlog import Record
from replay.estimate import pages
from replay.filters import selection_of
from replay.selection import BadSelection, Selection, condition, failed, with_every_number

NOW = 1_000_000
_NUMBERS = ("079204000001", "079204000002", "079204000003")


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Engine]:
    """A database in memory; the tests take everything out again."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "agency": st.sampled_from(["land", "tax"]),
            "type": st.sampled_from(["BirthRegistered", "DeathRegistered"]),
            "state": st.sampled_from(list(State)),
            "key": st.sampled_from(_NUMBERS),
            "error_class": st.sampled_from([None, "constraint", "http_500"]),
            "held_at": st.integers(0, 5),
            "attempts": st.integers(0, 4),
            "due_at": st.sampled_from([None, NOW - 1, NOW, NOW + 1]),
        }
    ),
    max_size=25,
)
SELECTIONS = st.builds(
    Selection,
    agency=st.none() | st.sampled_from(["land", "tax"]),
    event_ids=st.none() | st.lists(st.integers(1, 25).map(lambda n: f"e{n}"), min_size=1, max_size=5),
    persons=st.none() | st.lists(st.sampled_from(_NUMBERS), min_size=1, max_size=3),
    error_class=st.none() | st.sampled_from(["constraint", "http_500", "other"]),
    type=st.none() | st.sampled_from(["BirthRegistered", "DeathRegistered"]),
    since=st.none() | st.integers(0, 5),
    until=st.none() | st.integers(1, 6),
    attempts_min=st.none() | st.integers(0, 4),
    attempts_max=st.none() | st.integers(0, 4),
)


def _chosen(one: Held, asked: Selection) -> bool:
    """Read the filters off one by one, as a person would."""
    at_rest = one.state is State.PARKED or (
        one.state is State.DUE and one.attempts > 0 and one.due_at is not None and one.due_at > NOW
    )
    return (
        at_rest
        and (asked.agency is None or one.agency == asked.agency)
        and (asked.event_ids is None or one.event_id in asked.event_ids)
        and (asked.persons is None or one.record.key in asked.persons)
        and (asked.error_class is None or one.error_class == asked.error_class)
        and (asked.type is None or one.type == asked.type)
        and (asked.since is None or one.held_at >= asked.since)
        and (asked.until is None or one.held_at < asked.until)
        and (asked.attempts_min is None or one.attempts >= asked.attempts_min)
        and (asked.attempts_max is None or one.attempts <= asked.attempts_max)
    )


@settings(max_examples=150, deadline=None)
@given(ROWS, SELECTIONS)
def test_a_plan_selects_what_a_naive_filter_over_all_rows_selects(
    engine: sa.Engine, found: list[dict[str, object]], selection: Selection
) -> None:
    try:
        selection = (selection if selection.narrows else replace(selection, everything=True)).checked()
    except BadSelection:
        return
    with engine.begin() as connection:
        connection.execute(sa.delete(held))
        for place, row in enumerate(found, start=1):
            record = Record(place, 1, str(row["key"]), b"x", {"ce_id": f"e{place}", "ce_type": str(row["type"])})
            state = State(str(row["state"]))
            whole = rows.held_row(str(row["agency"]), record, state, 0) | row
            connection.execute(sa.insert(held), whole)
        every = [rows.held_of(row) for row in connection.execute(sa.select(held))]
    meant = {(one.agency, one.record.position) for page in pages(engine, selection, NOW) for one in page}
    assert meant == {(one.agency, one.record.position) for one in every if _chosen(one, selection)}
    with engine.connect() as connection:
        chosen = sa.and_(failed(NOW), condition(selection))
        count = connection.execute(sa.select(sa.func.count()).select_from(held).where(chosen)).scalar_one()
    assert count == len(meant)


@given(SELECTIONS)
def test_a_selection_is_the_same_after_its_way_through_json(selection: Selection) -> None:
    try:
        selection.checked()
    except BadSelection:
        return
    again = selection_of(selection.as_json())
    persons = None if selection.persons is None else list(dict.fromkeys(selection.persons))
    ids = None if selection.event_ids is None else list(dict.fromkeys(selection.event_ids))
    assert again == replace(selection, persons=persons, event_ids=ids)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "nothing is selected"),
        ({"quarantined": True}, "nothing is selected"),
        ({"all": False}, "nothing is selected"),
        ({"all": True, "agency": "tax"}, "does not go together"),
        ({"agnecy": "tax"}, "unknown filter"),
        ({"agency": "tax", "error-class": "x"}, "unknown filter"),
        ({"agency": ""}, "agency"),
        ({"agency": ["tax"]}, "agency"),
        ({"type": "a\0b"}, "type"),
        ({"event_ids": []}, "event_ids"),
        ({"event_ids": ["a", 1]}, "event_ids"),
        ({"event_ids": ["a"] * 10_001}, "at most"),
        ({"persons": ["12"]}, "12 digits"),
        ({"persons": ["07920400000x"]}, "12 digits"),
        ({"since": "2026-11-22T08:00:00"}, "offset"),
        ({"since": 5}, "offset"),
        ({"since": "2026-11-22T08:00:00Z", "until": "2026-11-22T08:00:00Z"}, "not before until"),
        ({"attempts": {"min": 3, "max": 2}}, "attempts"),
        ({"attempts": {"least": 3}}, "attempts"),
        ({"attempts": {"min": True}}, "attempts"),
        ({"attempts": {"min": -1}}, "attempts"),
        ({"attempts": ".."}, "attempts"),
        ({"attempts": "many"}, "attempts"),
        ({"since": "2026-02-30"}, "since"),
        ({"all": 1}, "all"),
        ([], "JSON object"),
        (None, "JSON object"),
    ],
)
def test_what_can_not_be_meant_is_refused_in_words_without_its_content(content: object, words: str) -> None:
    with pytest.raises(BadSelection, match=words) as refusal:
        selection_of(content)
    assert "07920400000x" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "least", "most"), [("3", 3, 3), ("3..", 3, None), ("..3", None, 3), ("1..5", 1, 5), ("0", 0, 0)]
)
def test_attempts_are_said_as_on_the_command_line_too(text: str, least: int | None, most: int | None) -> None:
    found = selection_of({"attempts": text})
    assert (found.attempts_min, found.attempts_max) == (least, most)
    assert selection_of(found.as_json()) == found


def test_a_date_alone_is_its_midnight_in_vietnam() -> None:
    assert selection_of({"since": "2026-11-22"}) == selection_of({"since": "2026-11-21T17:00:00Z"})


def test_times_are_the_same_moment_in_every_zone() -> None:
    here = selection_of({"since": "2026-11-22T07:00:00+07:00"})
    there = selection_of({"since": "2026-11-22T00:00:00Z"})
    assert here == there


def test_a_person_has_every_number_that_is_known_and_the_one_that_was_asked_for() -> None:
    known = {_NUMBERS[0]: (_NUMBERS[1],)}
    found = with_every_number(Selection(persons=[_NUMBERS[0]]), lambda _: known)
    assert found.persons == sorted(_NUMBERS[:2])
    assert with_every_number(Selection(agency="tax"), lambda _: {}) == Selection(agency="tax")
