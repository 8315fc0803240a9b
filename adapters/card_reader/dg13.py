"""Data group 13: what Vietnam adds to the standard's fields. Only the number and the dates are taken from it.

Nothing official about its layout is public: it is known from several programs that read real cards of 2021. The
fields stand in any order, each with its number; a card of 2024 leaves many out (Circular 16/2024/TT-BCA, article 6).
Name, ethnicity, religion, origin, residence, marks, parents, spouse and the old number are passed over undecoded.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.tlv import Tlv, one, parse

_GROUP = 0x6D
_SEQUENCE = 0x30
#: UTF8String, NumericString, PrintableString, IA5String.
_TEXTS = {0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x16: "ascii"}
_NUMBER, _BIRTH, _ISSUED, _EXPIRES = 1, 3, 11, 12
_NUMBER_DIGITS = 12
#: DD/MM/YYYY is what programs show; the others cost nothing.
_DATES = ("%d/%m/%Y", "%d%m%Y", "%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Dg13:
    """None: the card hasn't the field, sealed it, or its text isn't a date ("Không thời hạn": without end)."""

    number: str | None = field(repr=False)
    birth: date | None = field(repr=False)
    issued: date | None = field(repr=False)
    expires: date | None = field(repr=False)


def dg13_of(group: bytes) -> Dg13:
    """Raises `Failed(malformed)`: another structure, a field that stands twice, or a number that isn't 12 digits."""
    fields: dict[int, Tlv] = {}
    for entry in _entries(one(one(group, _GROUP).value, _SEQUENCE).parts()):
        match parse(entry.value):
            case [Tlv(tag=0x02, value=place), Tlv() as value] if len(place) == 1 and place[0] not in fields:
                fields[place[0]] = value
            case _:
                raise Failed(Code.malformed)
    number = _text(fields, _NUMBER)
    whole = number is not None and len(number) == _NUMBER_DIGITS and number.isascii() and number.isdigit()
    if _NUMBER in fields and fields[_NUMBER].value and not whole:
        raise Failed(Code.malformed)
    return Dg13(number, _date(fields, _BIRTH), _date(fields, _ISSUED), _date(fields, _EXPIRES))


def _entries(parts: list[Tlv]) -> list[Tlv]:
    """Return the fields behind the version and the object identifier."""
    match parts:
        case [Tlv(tag=0x02), Tlv(tag=0x06), Tlv(tag=0x31) | Tlv(tag=0x30) as fields]:
            return fields.parts()
    raise Failed(Code.malformed)


def _text(fields: dict[int, Tlv], number: int) -> str | None:
    """Return a field's text; None if it is absent, empty, or no text: the issuer may seal a field for itself."""
    found = fields.get(number, Tlv(0, b""))
    with suppress(KeyError, UnicodeDecodeError):
        return found.value.decode(_TEXTS[found.tag]).strip() or None
    return None


def _date(fields: dict[int, Tlv], number: int) -> date | None:
    text = _text(fields, number)
    for form in _DATES if text else ():
        with suppress(ValueError):
            return datetime.strptime(text or "", form).date()  # noqa: DTZ007 - a calendar day has no zone
    return None
