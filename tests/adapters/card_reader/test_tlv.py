"""Data objects: what is written can be read, and what is not one is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.tlv import Tlv, encode, first, header, one, parse
from tests.adapters.card_reader.chips import refusal

TAGS = st.sampled_from([0x04, 0x30, 0x61, 0x7C, 0x7F49, 0x5F1F, 0x87])


@given(st.lists(st.builds(Tlv, TAGS, st.binary(max_size=300))))
def test_what_is_written_can_be_read(objects: list[Tlv]) -> None:
    assert parse(b"".join(part.encoded() for part in objects)) == objects


@pytest.mark.parametrize("size", [0, 127, 128, 255, 256, 65535, 65536])
def test_a_length_is_as_short_as_possible(size: int) -> None:
    encoded = encode(0x61, bytes(size))
    assert header(encoded).length == size
    assert len(encoded) == size + (2 if size < 128 else 3 if size < 256 else 4 if size < 65536 else 5)


@pytest.mark.parametrize("data", ["61", "6180", "618400000001", "6105AABB", "5F", "1F8181", "5F1F", "6182"])
def test_what_is_cut_short_or_endless_is_refused(data: str) -> None:
    assert refusal(parse, bytes.fromhex(data)) is Code.malformed


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert refusal(parse, data) in {None, Code.malformed}


def test_one_object_means_one() -> None:
    assert one(b"\x30\x00", 0x30) == Tlv(0x30, b"")
    for data in (b"\x30\x00\x30\x00", b"\x31\x00", b""):
        with pytest.raises(Failed):
            one(data, 0x30)


def test_an_object_that_is_not_there_is_not_made_up() -> None:
    with pytest.raises(Failed):
        first(parse(b"\x80\x01\x05"), 0x82)
