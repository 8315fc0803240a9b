"""Data group 1: the machine-readable zone once more, on the chip and signed (ICAO 9303-10, 4.7.1)."""

from __future__ import annotations

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.mrz import Mrz, mrz_of
from adapters.card_reader.tlv import one

_GROUP, _MRZ = 0x61, 0x5F1F


def dg1_of(group: bytes) -> Mrz:
    """Raises `Failed(malformed)`."""
    letters = one(one(group, _GROUP).value, _MRZ).value
    if not letters.isascii():
        raise Failed(Code.malformed)
    return mrz_of(letters.decode("ascii"))
