"""A chip that holds the session's keys and lies: what it says is protected, and all the same not believed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.card_reader.apdu import Command
from adapters.card_reader.chip import Chip
from adapters.card_reader.failure import Code
from tests.adapters.card_reader.chips import CAN, MRZ, card, refusal, with_files
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.groups import dg2
from tests.adapters.card_reader.virtual.in_process import InProcess
from tests.adapters.card_reader.virtual.personal import Personalised

EXPECTED = {
    None,
    Code.access_denied,
    Code.malformed,
    Code.secure_messaging,
    Code.not_a_citizen_card,
    Code.too_many_attempts,
}
MOST_COMMANDS = 5_000
STATUSES = [
    0x9000,
    0x6282,
    0x6300,
    0x63C0,
    0x6700,
    0x6982,
    0x6983,
    0x6986,
    0x6A82,
    0x6A86,
    0x6B00,
    0x6C01,
    0x6100,
    0x6F00,
]
statuses = st.sampled_from(STATUSES) | st.integers(0, 0xFFFF)
lies = st.tuples(st.binary(max_size=300) | st.none(), statuses | st.none())


class Liar(VirtualCard):
    """From the command `at` on, or only for it, it says something else. None: the truth."""

    def __init__(self, card: Personalised, at: int, lie: tuple[bytes | None, int | None], behaviour: Behaviour) -> None:
        self.at, self.lie, self.always = at, lie, bool(at % 2)
        super().__init__(card, behaviour)

    def done(self, command: Command) -> tuple[bytes, int]:
        assert self.commands < MOST_COMMANDS
        data, status = super().done(command)
        if self.commands == self.at or (self.always and self.commands > self.at):
            other, instead = self.lie
            return data if other is None else other, status if instead is None else instead
        return data, status


@settings(max_examples=150, deadline=None)
@given(st.integers(4, 30), lies, st.booleans())
def test_a_lying_chip_ends_with_a_code(at: int, lie: tuple[bytes | None, int | None], extended: bool) -> None:
    one = card(active="ec")
    reader = Chip(InProcess(Liar(one, at, lie, Behaviour(pace=False, extended=extended))))

    def everything() -> None:
        reader.open(MRZ)
        reader.read_sod()
        reader.authenticate_actively(reader.read(15) or one.groups[15])
        reader.authenticate_chip(reader.read(14) or one.groups[14])
        for group in (13, 1):
            reader.read(group)

    assert refusal(everything) in EXPECTED


def test_a_few_bytes_at_a_time_are_not_read_for_ever() -> None:
    line = InProcess(VirtualCard(with_files(card(), {0x0102: dg2(20_000)}), Behaviour(buffer=6)))
    reader = Chip(line)
    reader.open(CAN)
    assert refusal(reader.read, 2) is Code.malformed
    assert len(line.commands) < MOST_COMMANDS


class Endless:
    """A card that goes on for ever: with more to fetch, files without an end, or a byte at a time."""

    extended = True

    def __init__(self, answer: str) -> None:
        self.answer, self.count = bytes.fromhex(answer), 0

    def transmit(self, _command: bytes) -> bytes:
        self.count += 1
        assert self.count < MOST_COMMANDS
        return self.answer


def test_an_endless_card_comes_to_an_end() -> None:
    for answer in ("6100", "006110", "6C05", "009000", "318300FFFF009000", "31829000", "3183000F6161029000", "9000"):
        for key in (CAN, MRZ):
            assert refusal(Chip(Endless(answer)).open, key) in EXPECTED
