"""The machine-readable zone of a Vietnamese citizen card: TD1, three lines of 30 (ICAO 9303-5; 9303-3, 4.9)."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.key import check_digit

_LINES = re.compile(
    # the third line is the name without diacritics: nothing is compared with it, so nothing of it is kept
    r"ID(?P<issuer>[A-Z<]{3})(?P<document>[A-Z0-9<]{9})(?P<document_check>[0-9])"
    r"(?P<number>[0-9]{12})<<(?P<number_check>[0-9<])"
    r"(?P<birth>[0-9<]{6})(?P<birth_check>[0-9])[MFX<](?P<expiry>[0-9<]{6})(?P<expiry_check>[0-9<])"
    r"[A-Z<]{3}[A-Z0-9<]{11}(?P<all_check>[0-9])"
    r"[A-Z0-9<]{30}"
)
_UNKNOWN = "<<<<<<"


@dataclass(frozen=True, slots=True)
class Mrz:
    """What is used of it, and nothing more. None of it is in a text made of the object."""

    #: The personal number, 12 digits: on these cards it stands in the optional data of the first line.
    number: str = field(repr=False)
    #: Nine characters; on these cards the last nine digits of the number.
    document_number: str = field(repr=False)
    #: YYMMDD as written: a day or month that is not known is `<<`.
    birth: str = field(repr=False)
    #: The last valid day; None for a card without end. Its century is this one.
    expires: date | None = field(repr=False)


def mrz_of(text: str) -> Mrz:
    """Read the three lines, with or without breaks between them.

    Raises `Failed(malformed)` if it is another document's MRZ, another country's, or one of the check digits (document
    number, personal number, birth, expiry, all together) is wrong.
    """
    lines = "".join(text.split())
    found = _LINES.fullmatch(lines)
    if found is None or found["issuer"] != "VNM":
        raise Failed(Code.malformed)
    all_together = lines[5:30] + lines[30:37] + lines[38:45] + lines[48:59]
    checks = [(found[name], found[f"{name}_check"]) for name in ("document", "number", "birth", "expiry")]
    for value, digit in [*checks, (all_together, found["all_check"])]:
        # a field may leave its digit out only where ICAO 9303 does not ask for one: in the optional data
        left_out = digit == "<" and (value == found["number"] or value == _UNKNOWN)
        if not left_out and digit != check_digit(value):
            raise Failed(Code.malformed)
    return Mrz(found["number"], found["document"].rstrip("<"), found["birth"], _last_day(found["expiry"]))


def _last_day(expiry: str) -> date | None:
    if expiry == _UNKNOWN:
        return None
    with suppress(ValueError):
        return date(2000 + int(expiry[:2]), int(expiry[2:4]), int(expiry[4:]))
    raise Failed(Code.malformed)
