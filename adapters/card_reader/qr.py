"""The QR code printed on the card, of 2021 and of 2024. It is not signed: anybody can print one, it proves nothing.

`number|old number|name|birth|sex|address|issued`, dates DDMMYYYY, UTF-8; the card of 2024 has more fields behind.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from adapters.card_reader.failure import Code, Failed

#: What a QR code can hold at most (version 40-L, bytes).
_LARGEST = 2953
_FIELDS = 7
_NUMBER = re.compile(r"[0-9]{12}")
_OLD_NUMBER = re.compile(r"[0-9]{0,12}")
#: Some scanners put the kind of symbol in front (ISO/IEC 15424), and all end the line as they were told.
_SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
_EDGES = "".join(map(chr, range(0x21))) + "\x7f\ufeff"


@dataclass(frozen=True, slots=True)
class Qr:
    """What the code says. None of it is in a text made of the object; name, sex and address are not kept."""

    #: There is no signature, whatever it says.
    signed: ClassVar[bool] = False

    number: str = field(repr=False)
    #: The number of an earlier identity card; None if the field is empty.
    old_number: str | None = field(repr=False)
    birth: date | None = field(repr=False)
    issued: date | None = field(repr=False)
    #: 2021 or 2024: the year of the layout, told by the number of fields.
    layout: int
    #: The fields of the 2024 layout behind the known ones, as they are: what they mean was not published.
    extra: tuple[str, ...] = field(repr=False)


def qr_of(scanned: str | bytes) -> Qr:
    """Read the line of a scanner (serial or as a keyboard) or the content of a file.

    Raises `Failed(qr_malformed)`: not UTF-8, too long, more than one line, fewer than 7 fields, a number that isn't 12
    digits, an old one that isn't digits, or a birth or issue that isn't a date. An issue date may be empty, and a
    birth may be a year alone.
    """
    text = None if len(scanned) > _LARGEST else scanned
    if isinstance(text, bytes):
        text = _decoded(text)
    if text is None:
        raise Failed(Code.qr_malformed)
    line = unicodedata.normalize("NFC", _SYMBOLOGY.sub("", text.strip(_EDGES)))
    fields = [part.strip() for part in line.split("|")]
    if len(line.splitlines()) != 1 or len(fields) < _FIELDS:
        raise Failed(Code.qr_malformed)
    number, old, _name, birth, _sex, _address, issued, *extra = fields
    if not _NUMBER.fullmatch(number) or not _OLD_NUMBER.fullmatch(old):
        raise Failed(Code.qr_malformed)
    return Qr(number, old or None, _day(birth), _day(issued), 2024 if extra else 2021, tuple(extra))


def _decoded(scanned: bytes) -> str | None:
    with suppress(UnicodeDecodeError):
        return scanned.decode("utf-8")
    return None


def _day(text: str) -> date | None:
    """Return the day; None if it is empty or only its year is known (written alone, or with 00 as day and month)."""
    if re.fullmatch(r"|(0000)?[0-9]{4}", text):
        return None
    if re.fullmatch(r"[0-9]{8}", text):
        with suppress(ValueError):
            return datetime.strptime(text, "%d%m%Y").date()  # noqa: DTZ007 - a calendar day has no zone
    raise Failed(Code.qr_malformed)
