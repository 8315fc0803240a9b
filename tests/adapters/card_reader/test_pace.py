"""PACE on every standard curve with every cipher, from SecurityInfos in any order."""

from __future__ import annotations

import pytest

from adapters.card_reader import pace
from adapters.card_reader.domain_parameters import KNOWN
from adapters.card_reader.failure import Code
from adapters.card_reader.key import Key
from adapters.card_reader.security_infos import PaceInfo, security_infos
from adapters.card_reader.tlv import encode
from tests.adapters.card_reader.chips import CAN, MRZ, WRONG_CAN, card, chip, info, refusal, with_access
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.groups import CARD_ACCESS

GM = "04007F000702020402"
IM, CAM, DH_GM = "04007F00070202040402", "04007F00070202040602", "04007F00070202040102"
TERMINAL = info("04007F000702020202"[:16] + "02", 1)


@pytest.mark.parametrize("curve", KNOWN)
def test_every_standard_curve_opens_a_chip(curve: int) -> None:
    one = with_access(card(), info(GM + "02", 2, curve))
    read = chip(one, Behaviour(curve=curve))
    assert read.open(CAN) == "pace"
    assert read.read(1) == one.groups[1]
    assert refusal(chip(one, Behaviour(curve=curve)).open, WRONG_CAN) is Code.access_denied


@pytest.mark.parametrize("suite", [1, 2, 3, 4])
@pytest.mark.parametrize("key", [CAN, MRZ])
def test_every_cipher_opens_a_chip(key: Key, suite: int) -> None:
    one = with_access(card(), info(f"{GM}0{suite}", 2, 13))
    read = chip(one)
    assert read.open(key) == "pace"
    assert read.read(13) == one.groups[13]
    assert read.authenticate_chip(one.groups[14])


def test_the_published_card_access_offers_aes_128_on_brainpool() -> None:
    infos = security_infos(CARD_ACCESS)
    assert infos.pace == (PaceInfo(bytes.fromhex(GM + "02"), 2, 13),)
    assert [offer.suite for offer in infos.chip] == [2]


def test_the_strongest_that_is_known_is_taken_wherever_it_stands() -> None:
    infos = [
        info(IM, 2, 13),
        info(GM + "04", 2, 13),
        info(CAM, 2, 13),
        info(GM + "01", 2, 13),
        info(DH_GM, 2, 2),
        TERMINAL,
    ]
    for order in (infos, infos[::-1]):
        one = with_access(card(), *order)
        best = pace.best(security_infos(one.files[0x011C]))
        assert best == PaceInfo(bytes.fromhex(GM + "04"), 4, 13)
        assert chip(one, Behaviour(needs_parameter=True)).open(CAN) == "pace"


@pytest.mark.parametrize(
    "infos",
    [
        [TERMINAL],
        [info(IM, 2, 13)],
        [info(GM + "02", 1, 13)],
        [info(GM + "02", 2, 99)],
        [info(GM + "02", 2)],
        [info(GM + "09", 2, 13)],
    ],
)
def test_a_chip_whose_pace_is_not_known_is_opened_with_bac(infos: list[bytes]) -> None:
    one = with_access(card(), *infos)
    assert chip(one).open(MRZ) == "bac"
    assert refusal(chip(one).open, CAN) is Code.access_denied


def test_a_chip_that_takes_an_mrz_only_for_bac_is_opened_with_bac() -> None:
    can_only = Behaviour(passwords=(2,))
    assert chip(card(), can_only).open(MRZ) == "bac"
    assert chip(card(), can_only).open(CAN) == "pace"
    assert refusal(chip(card(), Behaviour(passwords=(1,))).open, CAN) is Code.access_denied


def test_a_chip_that_does_not_do_what_it_offers_is_refused() -> None:
    one = with_access(card(), info(GM + "02", 2, 12))
    assert refusal(chip(one).open, CAN) in {Code.access_denied, Code.malformed}


def test_infos_that_are_cut_short_are_malformed() -> None:
    for broken in (encode(0x30, b""), encode(0x30, encode(0x06, bytes.fromhex(GM + "02"))), encode(0x02, b"\x01")):
        assert refusal(security_infos, encode(0x31, broken)) is Code.malformed
