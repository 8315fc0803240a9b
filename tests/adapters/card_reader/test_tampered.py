"""Somebody sits between card and reader: every alteration of the protected exchange ends it."""

from __future__ import annotations

import pytest

from adapters.card_reader.apdu import OK, Answer, Command
from adapters.card_reader.chip import Chip
from adapters.card_reader.cipher import SUITES
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.key import Key
from adapters.card_reader.secure_messaging import SecureMessaging
from tests.adapters.card_reader.chips import CAN, MRZ, card, channel, chip, refusal
from tests.adapters.card_reader.virtual.behaviour import Behaviour, Tamper
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.in_process import InProcess
from tests.adapters.card_reader.virtual.messaging import CardMessaging, command_of

#: Key, PACE, extended length, and which protected answer is tampered with; after PACE the first is not of a file.
WAYS = [(MRZ, False, extended, at) for extended in (True, False) for at in (1, 2, 3, 6)] + [
    (CAN, True, True, at) for at in (2, 4)
]


@pytest.mark.parametrize(("key", "pace", "extended", "at"), WAYS)
@pytest.mark.parametrize("tamper", Tamper)
def test_a_tampered_answer_ends_the_session(tamper: Tamper, key: Key, pace: bool, extended: bool, at: int) -> None:
    one = card()
    behaviour = Behaviour(pace=pace, tamper=tamper, tamper_from=at, extended=extended)
    line = channel(one, behaviour)
    read = Chip(line)
    read.open(key)

    def everything() -> None:
        for group in (1, 13, 14):
            assert read.read(group) == one.groups[group]

    assert refusal(everything) is Code.secure_messaging
    sent = len(line.commands)
    assert refusal(read.read, 1) is Code.secure_messaging
    assert len(line.commands) == sent  # nothing more is sent under keys that may be known


@pytest.mark.parametrize("tamper", Tamper)
def test_tampering_right_after_pace_ends_the_session(tamper: Tamper) -> None:
    assert refusal(chip(card(), Behaviour(tamper=tamper)).open, CAN) in {
        Code.secure_messaging,
        Code.not_a_citizen_card,
    }


@pytest.mark.parametrize("tamper", Tamper)
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_chip_whose_proof_is_tampered_with_has_not_proven_itself(step: int, tamper: Tamper) -> None:
    """The answers to the two commands of chip authentication, then the first under its keys."""
    one = card()
    line = channel(one)
    read = Chip(line)
    read.open(CAN)
    line.card.behaviour = Behaviour(tamper=tamper, tamper_from=1 + step)  # the first was to the selection
    found: list[bool | None] = []
    assert refusal(lambda: found.append(read.authenticate_chip(one.groups[14]))) in {None, Code.secure_messaging}
    assert found in ([], [False])


@pytest.mark.parametrize("suite", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "command",
    [
        Command(0, 0xA4, 2, 0x0C, b"\x01\x1e"),
        Command(0, 0xB0, 0, 0, b"", 2000),
        Command(0, 0xB1, 0, 0, b"\x54\x02\x80\x00", 223),
    ],
)
def test_any_bit_flipped_in_an_answer_is_noticed(command: Command, suite: int) -> None:
    secret = bytes(range(64))
    keys = SUITES[suite].derive(secret, 1), SUITES[suite].derive(secret, 2)
    card_side = CardMessaging(SUITES[suite], *keys, 41)
    assert card_side.opened(command_of(SecureMessaging(SUITES[suite], *keys, 41).protect(command).encoded())) == command
    answer = card_side.sealed(b"\x53\x03abc", OK, odd=bool(command.ins & 1))
    for place in range(8 * len(answer)):
        altered = bytearray(answer)
        altered[place // 8] ^= 1 << place % 8
        reader_side = SecureMessaging(SUITES[suite], *keys, 42)
        assert (
            refusal(reader_side.open, Answer(bytes(altered[:-2]), int.from_bytes(altered[-2:])))
            is Code.secure_messaging
        )
        assert reader_side.broken
    right = SecureMessaging(SUITES[suite], *keys, 42).open(Answer(answer[:-2], OK))
    assert right == Answer(b"\x53\x03abc", OK)


def test_an_answer_is_not_taken_twice() -> None:
    suite = SUITES[2]
    keys = suite.derive(b"shared", 1), suite.derive(b"shared", 2)
    answer = CardMessaging(suite, *keys, 0).sealed(b"abc", OK, odd=False)
    reader_side = SecureMessaging(suite, *keys, 0)
    assert reader_side.open(Answer(answer[:-2], OK)).data == b"abc"
    with pytest.raises(Failed):
        reader_side.open(Answer(answer[:-2], OK))


class Hiding(InProcess):
    """Says for the card that a file is not there."""

    hides = False

    def transmit(self, command: bytes) -> bytes:
        return b"\x6a\x82" if self.hides else super().transmit(command)


def test_what_is_hidden_is_absent_and_proves_nothing() -> None:
    one = card(active="ec")
    line = Hiding(VirtualCard(one))
    read = Chip(line)
    read.open(CAN)
    line.hides = True
    assert read.read_sod() is None
    assert read.read(14) is None
    assert read.authenticate_actively(one.groups[15]) is False
    assert read.authenticate_chip(one.groups[14]) is False
