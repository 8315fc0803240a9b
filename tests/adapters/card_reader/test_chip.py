"""A chip is opened, read and asked for its proofs, whatever kind of card it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.card_reader.chip import Chip
from adapters.card_reader.failure import Code
from adapters.card_reader.key import Key
from tests.adapters.card_reader.chips import CAN, MRZ, WRONG_CAN, WRONG_MRZ, card, channel, chip, refusal
from tests.adapters.card_reader.virtual.behaviour import BAC_ONLY, GENUINE, PACE_ONLY, Behaviour
from tests.adapters.card_reader.virtual.variants import Variant

GROUPS = (1, 2, 13, 14, 15)


@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize(
    ("key", "behaviour", "way"), [(CAN, GENUINE, "pace"), (MRZ, GENUINE, "pace"), (MRZ, BAC_ONLY, "bac")]
)
@pytest.mark.parametrize("active", ["rsa", "ec"])
def test_a_genuine_chip_is_read_and_proves_itself_both_ways(
    active: str, key: Key, behaviour: Behaviour, way: str, extended: bool
) -> None:
    one = card(active=active)
    read = chip(one, replace(behaviour, extended=extended))
    assert read.open(key) == way
    assert read.read_sod() == one.sod
    assert {group: read.read(group) for group in GROUPS} == one.groups
    assert read.authenticate_actively(one.groups[15]) is True
    assert read.authenticate_chip(one.groups[14]) is True
    assert read.read(13) == one.groups[13]
    assert read.authenticate_actively(one.groups[15]) is True


def test_extended_length_takes_fewer_commands() -> None:
    counts = []
    for extended in (True, False):
        line = channel(card(), Behaviour(extended=extended))
        reader = Chip(line)
        reader.open(CAN)
        reader.read(2)
        counts.append(len(line.commands))
    assert counts[0] + 30 < counts[1]


@pytest.mark.parametrize("behaviour", [GENUINE, BAC_ONLY, PACE_ONLY])
def test_a_file_that_is_not_there_is_none(behaviour: Behaviour) -> None:
    read = chip(card(), behaviour)
    read.open(MRZ)
    assert read.read(3) is None
    assert read.read(15) is None
    assert read.read(1) is not None


@pytest.mark.parametrize("status", [0x6300, 0x63C2, 0x63C0, 0x6982, 0x6985, 0x6988, 0x6A80])
@pytest.mark.parametrize(("key", "behaviour"), [(WRONG_CAN, GENUINE), (WRONG_MRZ, GENUINE), (WRONG_MRZ, BAC_ONLY)])
def test_a_wrong_key_is_denied_and_the_right_one_taken_afterwards(key: Key, behaviour: Behaviour, status: int) -> None:
    read = chip(card(), replace(behaviour, wrong_pace=status, wrong_bac=status))
    assert refusal(read.open, key) is Code.access_denied
    assert read.open(MRZ) == ("pace" if behaviour.pace else "bac")
    assert read.read(1) is not None


@pytest.mark.parametrize(("key", "behaviour"), [(WRONG_CAN, GENUINE), (WRONG_MRZ, BAC_ONLY)])
def test_a_blocked_key_is_told_apart(key: Key, behaviour: Behaviour) -> None:
    assert (
        refusal(lambda: chip(card(), replace(behaviour, wrong_pace=0x6983, wrong_bac=0x6983)).open(key))
        is Code.too_many_attempts
    )


def test_a_chip_with_bac_alone_takes_no_access_number() -> None:
    read = chip(card(), BAC_ONLY)
    assert refusal(read.open, CAN) is Code.access_denied
    assert read.open(MRZ) == "bac"


class Foreign:
    """A bank card, or anything else."""

    extended = False

    def __init__(self, status: str) -> None:
        self.status = bytes.fromhex(status)

    def transmit(self, _command: bytes) -> bytes:
        return self.status


@pytest.mark.parametrize("status", ["6A82", "6D00", "6E00", "6985", "6999", "6F00"])
@pytest.mark.parametrize("key", [CAN, MRZ])
def test_another_kind_of_card_is_no_citizen_card(key: Key, status: str) -> None:
    assert refusal(Chip(Foreign(status)).open, key) is Code.not_a_citizen_card


@pytest.mark.parametrize("behaviour", [GENUINE, BAC_ONLY])
def test_a_clone_fails_both_proofs(behaviour: Behaviour) -> None:
    for active in ("rsa", "ec"):
        clone = card(Variant.clone, active)
        read = chip(clone, behaviour)
        read.open(MRZ)
        assert read.authenticate_actively(clone.groups[15]) is False
        assert read.authenticate_chip(clone.groups[14]) is False


@pytest.mark.parametrize("pulled_at", range(1, 24, 2))
def test_a_card_pulled_out_at_any_moment_is_removed(pulled_at: int) -> None:
    one = card(active="ec")
    read = chip(one, Behaviour(pulled_at=pulled_at))

    def everything() -> None:
        read.open(CAN)
        read.authenticate_chip(one.groups[14])
        read.authenticate_actively(one.groups[15])
        for group in GROUPS * 2:
            read.read(group)

    assert refusal(everything) is Code.card_removed


def test_nothing_is_asked_of_a_chip_that_was_not_opened() -> None:
    one, line = card(active="ec"), channel(card())
    read = Chip(line)
    assert refusal(lambda: read.open(WRONG_CAN))
    before = len(line.commands)
    for ask in (
        lambda: read.read(1),
        lambda: read.authenticate_chip(one.groups[14]),
        lambda: read.authenticate_actively(b""),
    ):
        assert refusal(ask) is Code.access_denied
    assert len(line.commands) == before
