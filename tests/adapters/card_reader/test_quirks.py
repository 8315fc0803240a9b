"""What real cards do differently, and cards that are only tolerably right."""

from __future__ import annotations

import pytest

from adapters.card_reader.chip import Chip
from adapters.card_reader.failure import Code
from adapters.card_reader.tlv import encode
from tests.adapters.card_reader.chips import CAN, MRZ, card, channel, chip, refusal, with_files
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.groups import dg2
from tests.adapters.card_reader.virtual.personal import COM_FILE

QUIRKS = {
    "no_master_file": Behaviour(master_file=False),
    "general_select_only": Behaviour(general_select_only=True),
    "exact_length": Behaviour(exact_length=True),
    "warns_of_end": Behaviour(warns_of_end=True),
    "bare_errors": Behaviour(bare_errors=True),
    "short_answers_only": Behaviour(longest=256),
    "small_buffer": Behaviour(buffer=100),
    "needs_parameter": Behaviour(needs_parameter=True),
    "refuses_parameter": Behaviour(refuses_parameter=True),
    "false_promise_of_extended_length": Behaviour(extended=False, extended_promise=True),
    "no_promise_of_extended_length": Behaviour(extended=True, extended_promise=False),
}


@pytest.mark.parametrize("pace", [True, False])
@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("name", QUIRKS)
def test_a_card_with_quirks_is_read_like_any_other(name: str, extended: bool, pace: bool) -> None:
    quirk = QUIRKS[name]
    behaviour = Behaviour(
        **{field: getattr(quirk, field) for field in quirk.__slots__}
        | {"pace": pace, "extended": extended and quirk.extended}
    )
    one = card()
    read = chip(one, behaviour)
    read.open(MRZ)
    assert read.read(3) is None
    assert read.read(2) == one.groups[2]
    assert read.authenticate_chip(one.groups[14])
    assert read.read(13) == one.groups[13]
    assert read.read(15) is None


@pytest.mark.parametrize(
    "name", ["short_answers_only", "false_promise_of_extended_length", "no_promise_of_extended_length"]
)
def test_a_long_signature_is_fetched_from_a_card_with_short_answers(name: str) -> None:
    one = card(active="rsa")
    read = chip(one, QUIRKS[name])
    read.open(CAN)
    assert read.read_sod() == one.sod
    assert read.authenticate_actively(one.groups[15]) is True


def test_card_access_is_read_before_the_application_is_selected() -> None:
    """Afterwards it is refused (6982), and the card would be taken for one without PACE."""
    line = channel(card())
    Chip(line).open(CAN)
    assert line.commands[0] == bytes.fromhex("00A4020C02011C")
    assert b"\xa0\x00\x00\x02\x47\x10\x01" not in b"".join(line.commands[:5])


def test_a_card_that_was_left_in_its_application_is_taken_back_to_the_master_file() -> None:
    line = channel(card())
    line.transmit(bytes.fromhex("00A4040C07A0000002471001"))
    assert Chip(line).open(CAN) == "pace"


@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("size", [32_700, 32_768, 33_100, 70_000])
def test_a_photo_beyond_the_reach_of_read_binary_is_read(size: int, extended: bool) -> None:
    one = with_files(card(), {0x0102: dg2(size)})
    read = chip(one, Behaviour(extended=extended))
    read.open(CAN)
    assert read.read(2) == one.groups[2]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 127, 128, 218, 219, 220, 255, 256, 257, 1999, 2000, 2001])
@pytest.mark.parametrize("extended", [True, False])
def test_a_file_of_any_size_is_read(size: int, extended: bool) -> None:
    content = encode(0x60, bytes(place % 251 for place in range(size)))
    read = chip(with_files(card(), {COM_FILE: content}), Behaviour(extended=extended))
    read.open(CAN)
    assert read.read(0x1E) == content


def test_what_stands_behind_the_object_in_a_file_is_left_there() -> None:
    one = card()
    read = chip(with_files(one, {0x010D: one.groups[13] + bytes(300)}))
    read.open(CAN)
    assert read.read(13) == one.groups[13]


@pytest.mark.parametrize(
    "content", [b"", b"\x61", b"\x61\x05abc", b"\x61\x84\x00\x00\x00\x01a", b"\x61\x83\xff\xff\xffabc", b"\x61\x80ab"]
)
def test_a_file_that_is_no_whole_object_is_malformed(content: bytes) -> None:
    read = chip(with_files(card(), {0x0101: content}))
    read.open(CAN)
    assert refusal(read.read, 1) is Code.malformed


@pytest.mark.parametrize("access", [b"", b"\x31", b"\x30\x00", b"\x31\x02\x30\x00", b"\x31\x80\x00\x00"])
def test_a_card_access_that_is_none_is_malformed(access: bytes) -> None:
    assert refusal(chip(with_files(card(), {0x011C: access})).open, MRZ) is Code.malformed
