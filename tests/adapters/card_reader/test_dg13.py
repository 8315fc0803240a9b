"""Vietnam's own data group: by number, any field may be absent, and most of it is nobody's business."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from adapters.card_reader.dg13 import Dg13, dg13_of
from adapters.card_reader.failure import Code, Failed
from tests.adapters.card_reader.virtual.groups import SPARSE, dg13, fields_of, text, wrap
from tests.adapters.card_reader.virtual.personal import DUNG, HOA, MINH, Persona


def refused(group: bytes) -> bool:
    with pytest.raises(Failed) as failed:
        dg13_of(group)
    assert isinstance(failed.value.__context__, IndexError | None), "an error of a parser holds what it could not read"
    return failed.value.code is Code.malformed


@pytest.mark.parametrize("persona", [MINH, DUNG, HOA])
def test_the_number_and_the_dates_are_found_by_their_numbers(persona: Persona) -> None:
    expected = Dg13(persona.number, persona.birth, persona.issued, persona.expires)
    fields = fields_of(persona)
    assert dg13_of(dg13(fields)) == expected
    assert dg13_of(dg13(dict(reversed(fields.items())))) == expected


def test_a_sparse_card_of_2024_has_no_day_of_issue() -> None:
    fields = {number: value for number, value in fields_of(DUNG).items() if number in SPARSE}
    assert dg13_of(dg13(fields)) == Dg13(DUNG.number, DUNG.birth, None, DUNG.expires)


def test_any_field_may_be_absent_or_empty() -> None:
    fields = fields_of(MINH)
    for number in fields:
        dg13_of(dg13({other: value for other, value in fields.items() if other != number}))
        dg13_of(dg13({**fields, number: text("")}))
    assert dg13_of(dg13({})) == Dg13(None, None, None, None)


def test_what_a_reader_must_not_keep_is_not_kept() -> None:
    found = dg13_of(dg13(fields_of(MINH)))
    assert set(Dg13.__dataclass_fields__) == {"number", "birth", "issued", "expires"}
    assert repr(found) == "Dg13()"


def test_fields_that_are_not_used_are_not_even_decoded() -> None:
    sealed = {number: wrap(0x04, b"\xff\xfe sealed by the authority") for number in (2, 6, 7, 8, 9, 10, 13, 14, 15, 16)}
    assert dg13_of(dg13({**fields_of(MINH), **sealed})).number == MINH.number


def test_a_date_that_the_authority_sealed_for_itself_is_unknown() -> None:
    sealed = wrap(0x04, b"\xff\xfe sealed by the authority")
    found = dg13_of(dg13({**fields_of(MINH), 11: sealed, 12: wrap(0x0C, b"\xff\xfe")}))
    assert found == Dg13(MINH.number, MINH.birth, None, None)


@pytest.mark.parametrize(
    ("written", "day"),
    [("01/02/2021", date(2021, 2, 1)), ("01022021", date(2021, 2, 1)), ("2021-02-01", date(2021, 2, 1))],
)
def test_dates_are_read_in_the_ways_programs_know(written: str, day: date) -> None:
    assert dg13_of(dg13({1: text(MINH.number), 11: text(written)})).issued == day


@pytest.mark.parametrize("written", ["Không thời hạn", "1955", "31/02/2021", "32/01/2021"])
def test_a_date_that_is_none_is_no_date(written: str) -> None:
    assert dg13_of(dg13({12: text(written)})).expires is None


def test_another_structure_is_refused() -> None:
    good = dg13(fields_of(replace(MINH, spouse="")))
    entry = wrap(0x30, wrap(0x02, b"\x01"), text(MINH.number))
    head = wrap(0x02, b"\x01") + wrap(0x06, b"\x28")
    for broken in (
        b"",
        good[:-1],
        good + b"\x00",
        wrap(0x6D, b""),
        wrap(0x61, wrap(0x30, head, wrap(0x31, entry))),
        wrap(0x6D, wrap(0x30, head, wrap(0x31, entry, entry))),
        wrap(0x6D, wrap(0x30, head)),
        wrap(0x6D, wrap(0x30, head, wrap(0x31, wrap(0x30, text("x"))))),
        wrap(0x6D, wrap(0x30, wrap(0x31, entry), head)),
        dg13({1: text("00119270041")}),
        dg13({1: text("٠٠١١٩٢٧٠٠٤١٧")}),
        dg13({1: wrap(0x04, b"001192700417")}),
        dg13({1: wrap(0x0C, b"\xff\xfe")}),
    ):
        assert refused(broken)
