"""A feed seen from outside: CloudEvents with cursors."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.cloudevents import ForeignCursor, cloudevent, cursor_of, feed_item, position_of
from hub.destination import Event

EVENT = Event(
    event_id="e1",
    type="DeathRegistered",
    source="/registers/civil-status/01",
    subject="001041000001",
    occurred_at="2025-08-04T00:00:00.000Z",
    registered_at="2025-08-06T02:30:00.000Z",
    change="CREATED",
    previous_event_id=None,
    fact_id="D-1",
    fact_version=1,
    bulk_id=None,
    sequence=42,
    legal_basis="statute: Law on Tax Administration",
    purpose="tax-administration",
    data={"died_on": "2025-08-04"},
)
positions = st.integers(min_value=0, max_value=2**63 - 1)
agencies = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)


def test_an_event_has_every_attribute_of_the_contract() -> None:
    assert feed_item("tax", EVENT) == {
        "specversion": "1.0",
        "id": "e1",
        "type": "DeathRegistered",
        "source": "/registers/civil-status/01",
        "subject": "001041000001",
        "time": "2025-08-04T00:00:00.000Z",
        "datacontenttype": "application/json",
        "change": "CREATED",
        "factid": "D-1",
        "factversion": 1,
        "registeredat": "2025-08-06T02:30:00.000Z",
        "data": {"died_on": "2025-08-04"},
        "legalbasis": "statute: Law on Tax Administration",
        "purpose": "tax-administration",
        "sequence": "00000000000000000042",
        "cursor": cursor_of("tax", 42),
    }


def test_attributes_that_do_not_hold_are_left_out_and_others_are_there() -> None:
    event = replace(EVENT, change="ANNULLED", previous_event_id="e0", bulk_id="run-1", unmatched=True, data={})
    found = cloudevent(event)
    assert (found["previousid"], found["bulkid"], found["unmatched"], found["data"]) == ("e0", "run-1", True, {})
    assert "cursor" not in found


def test_attribute_names_are_those_that_cloudevents_allows() -> None:
    event = replace(EVENT, previous_event_id="e0", bulk_id="run-1", unmatched=True)
    assert all(name.isalnum() and name == name.lower() and len(name) <= 20 for name in feed_item("tax", event))


@given(positions, positions)
def test_sequences_sort_as_text_like_as_numbers(one: int, other: int) -> None:
    texts = [cloudevent(replace(EVENT, sequence=n))["sequence"] for n in (one, other)]
    assert (texts[0] < texts[1]) == (one < other)


@settings(max_examples=50)
@given(agencies, positions)
def test_a_cursor_leads_back_to_its_position(agency: str, position: int) -> None:
    cursor = cursor_of(agency, position)
    assert position_of(agency, cursor) == position
    assert position_of(agency, json.dumps(cursor)) == position
    assert position_of(agency, f" {cursor}\n") == position
    assert not cursor.startswith("-")


@given(agencies, agencies, positions)
def test_a_cursor_of_another_feed_is_refused(mine: str, other: str, position: int) -> None:
    if mine != other:
        with pytest.raises(ForeignCursor, match="is of the feed of"):
            position_of(mine, cursor_of(other, position))


@settings(max_examples=50)
@given(st.data(), positions)
def test_a_cursor_with_one_wrong_character_is_refused(data: st.DataObject, position: int) -> None:
    cursor = cursor_of("tax", position)
    place = data.draw(st.integers(0, len(cursor) - 1))
    wrong = data.draw(st.sampled_from("abcXYZ019-_+/=\u0110 ").filter(lambda c: c != cursor[place]))
    damaged = cursor[:place] + wrong + cursor[place + 1 :]
    if damaged.strip().strip('"') != cursor:
        with pytest.raises(ForeignCursor):
            position_of("tax", damaged)


@pytest.mark.parametrize("text", ["", '"', "42", "AAAA", "không phải", "\x00", cursor_of("tax", 1)[:-1]])
def test_what_is_no_cursor_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(ForeignCursor, match="the cursor is damaged"):
        position_of("tax", text)
