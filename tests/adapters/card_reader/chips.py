"""Chips for the tests of the protocol: one call makes a card, its channel and the product's `Chip`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from adapters.card_reader.chip import Chip
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.key import Can, MrzInformation, key_of_mrz, key_of_number
from adapters.card_reader.tlv import encode
from tests.adapters.card_reader.virtual.behaviour import GENUINE, Behaviour
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.in_process import InProcess
from tests.adapters.card_reader.virtual.personal import CARD_ACCESS_FILE, MINH, Personalised, mrz_lines
from tests.adapters.card_reader.virtual.variants import Variant, personalise

CAN: Can = key_of_number(MINH.number)
MRZ: MrzInformation = key_of_mrz(list(mrz_lines(MINH)))
WRONG_CAN = Can("000000")
WRONG_MRZ = MrzInformation(MRZ.document, MRZ.birth, "320518")


@cache
def card(variant: Variant = Variant.genuine, active: str | None = None) -> Personalised:
    return personalise(variant, active=active)


def with_files(one: Personalised, files: Mapping[int, bytes]) -> Personalised:
    return replace(one, files={**one.files, **files})


def with_access(one: Personalised, *infos: bytes) -> Personalised:
    """The same card with these SecurityInfos in EF.CardAccess."""
    return with_files(one, {CARD_ACCESS_FILE: encode(0x31, b"".join(infos))})


def info(oid: str, *numbers: int) -> bytes:
    """SecurityInfo: an identifier (its value, in hexadecimal) and numbers."""
    body = b"".join(encode(0x02, number.to_bytes(1 + number.bit_length() // 8)) for number in numbers)
    return encode(0x30, encode(0x06, bytes.fromhex(oid)) + body)


def channel(one: Personalised, behaviour: Behaviour = GENUINE) -> InProcess:
    return InProcess(VirtualCard(one, behaviour))


def chip(one: Personalised, behaviour: Behaviour = GENUINE) -> Chip:
    return Chip(channel(one, behaviour))


def refusal(ask: Callable[..., object], *arguments: object) -> Code | None:
    """The code with which it fails, or None. The failure's text is that code and nothing else."""
    try:
        ask(*arguments)
    except Failed as failed:
        code, text = failed.code, str(failed)
    else:
        return None
    assert text == code.value
    return code
