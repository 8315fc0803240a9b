"""Dates and timestamps between JSON and Avro."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogue import load_catalogue
from schemas.conversion import ImpossibleValue, days, iso_date, millis, rfc3339, to_avro, to_json
from schemas.example import example

CATALOGUE = load_catalogue()


@given(st.dates())
def test_every_date_comes_back(day: date) -> None:
    assert iso_date(days(day.isoformat())) == day.isoformat()
    assert days(day.isoformat()) == (day - date(1970, 1, 1)).days


@given(st.integers(millis("0001-01-01T00:00:00Z"), millis("9999-12-31T23:59:59.999Z")))
def test_every_millisecond_comes_back(moment: int) -> None:
    assert millis(rfc3339(moment)) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T07:00:00+07:00", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2025-07-01T09:30:00.1234567+07:00", 1_751_337_000_123),
        ("1970-01-01T00:00:00-00:00", 0),
    ],
)
def test_a_timestamp_is_read_in_utc_and_cut_to_the_millisecond(text: str, moment: int) -> None:
    assert millis(text) == moment


@pytest.mark.parametrize(
    "text", ["2025-02-30T00:00:00Z", "0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-07:00", "2025-07-01 09:30:00Z"]
)
def test_an_impossible_timestamp_is_no_timestamp(text: str) -> None:
    with pytest.raises(ValueError, match=r"calendar|years|offset"):
        millis(text)


@pytest.mark.parametrize("text", ["2025-02-30", "1900-02-29", "2025-W01-1", "20250701", "2025-7-1", "0000-01-01"])
def test_an_impossible_date_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"calendar|such as"):
        days(text)


def test_an_impossible_date_is_named_by_its_path_and_not_repeated() -> None:
    data = example("BirthRegistered", CATALOGUE)["data"]
    data["residence"] = {**data["residence"], "valid_from": "2025-02-30"}
    with pytest.raises(ImpossibleValue) as refused:
        to_avro(data, CATALOGUE.types["BirthRegistered"])
    assert refused.value.path == "residence.valid_from"
    assert str(refused.value) == "residence.valid_from: is not in the calendar"


def test_a_whole_number_with_a_point_is_an_int_and_a_fraction_is_refused() -> None:
    kind = CATALOGUE.types["IdentityAccountActivated"]
    level = to_avro({"level": 2.0}, kind)["level"]
    assert isinstance(level, int)
    with pytest.raises(ImpossibleValue, match="level"):
        to_avro({"level": 1.5}, kind)


def test_no_data_is_an_empty_payload() -> None:
    assert to_avro(None, CATALOGUE.types["DeathRegistered"]) == {}
    assert to_avro({}, CATALOGUE.types["DeathRegistered"]) == {}


def test_the_senders_data_is_left_as_it_was() -> None:
    data = example("ResidenceChanged", CATALOGUE)["data"]
    before = repr(data)
    to_avro(data, CATALOGUE.types["ResidenceChanged"])
    assert repr(data) == before


@settings(max_examples=50)
@given(st.sampled_from(sorted(CATALOGUE.views)))
def test_a_view_gives_its_own_fields_only(key: tuple[str, str]) -> None:
    view, kind = CATALOGUE.views[key], CATALOGUE.types[key[1]]
    record = to_avro(example(kind.name, CATALOGUE)["data"], kind) | {"event_id": "e1", "subject": "001190012345"}
    assert set(to_json(record, view)) <= set(view.fields)
