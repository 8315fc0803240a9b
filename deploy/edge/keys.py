"""What the operator gives to open a card with: an option, or a line of a scanner or keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from adapters.card_reader.key import Key, WrongKey, key_of_can, key_of_mrz, key_of_number
from adapters.card_reader.qr import qr_of

#: Letters of a machine-readable zone by the length of its first line (ICAO 9303-5, -6, -4).
_WHOLE = {30: 90, 36: 72, 44: 88}
#: By the name of the option.
_KINDS: dict[str, Callable[[str], Key]] = {"number": key_of_number, "can": key_of_can, "mrz": key_of_mrz}


def key_of_option(kind: str, value: str, lines: Iterator[str]) -> Key:
    """Return the key that an option says; for `-` the next of `lines` does. Raises `WrongKey`."""
    if value == "-":
        first = _first(lines)
        value = _whole_zone(first, lines) if kind == "mrz" else first
    return _KINDS[kind](value)


def key_of_lines(lines: Iterator[str]) -> Key:
    """Return the key that is on the next line: 6 digits are a CAN, 12 a number; else a QR code or an MRZ.

    An MRZ may take three lines. Raises `WrongKey`, or `Failed` (qr_malformed).
    """
    first = _first(lines)
    if re.fullmatch(r"[0-9]{6}", first):
        return key_of_can(first)
    if re.fullmatch(r"[0-9]{12}", first):
        return key_of_number(first)
    if "|" in first:
        return key_of_number(qr_of(first).number)
    return key_of_mrz(_whole_zone(first, lines))


def _first(lines: Iterator[str]) -> str:
    for line in lines:
        if text := line.strip():
            return text
    raise WrongKey("chưa có mã nào / nothing was given")


def _whole_zone(first: str, lines: Iterator[str]) -> str:
    """Scanners send a zone at once or line by line; it is whole when it has all its letters."""
    zone = first
    whole = _WHOLE.get(len(first), 0)
    for line in lines if len(zone) < whole else ():
        zone += line.strip()
        if len(zone) >= whole or not line.strip():
            break
    return zone
