"""What opens a chip: the six-digit card access number (CAN), or three fields of the machine-readable zone (MRZ)."""

import hashlib
import re
from dataclasses import dataclass, field
from itertools import cycle

from adapters.card_reader.failure import Code, Failed

_TD1_LINE = 30
_TD2_LINE = 36
_TD3_LINE = 44
_INFORMATION = 24


class WrongKey(Failed):
    """What was given can't be the key of any card: `access_denied`, before a card's attempt is wasted on it.

    `reason` says for the screen what is wrong, without repeating anything of it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(Code.access_denied)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Can:
    """A card access number. `number`: the personal number that it came from, for the cross-check; None if not known."""

    digits: str = field(repr=False)
    number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MrzInformation:
    """Number, birth, expiry as in the MRZ (YYMMDD), without check digits. `number`: the 12 digits, if there."""

    document: str = field(repr=False)
    birth: str = field(repr=False)
    expiry: str = field(repr=False)
    number: str | None = field(default=None, repr=False)

    def text(self) -> str:
        """The MRZ information of ICAO 9303-11, 4.3.2: each field followed by its check digit."""
        fields = (self.document.ljust(9, "<"), self.birth, self.expiry)
        return "".join(part + check_digit(part) for part in fields)

    def digest(self) -> bytes:
        """What BAC and PACE make their keys of: the SHA-1 of it (9303-11, 4.3.2 and 4.4.4.1)."""
        return hashlib.sha1(self.text().encode()).digest()  # noqa: S324 (the standard's choice; it hides nothing)


Key = Can | MrzInformation


def check_digit(text: str) -> str:
    """The check digit of a field of the MRZ (ICAO 9303-3, 4.9). `text` holds A-Z, 0-9 and < only."""
    values = (0 if letter == "<" else int(letter, 36) for letter in text)
    return str(sum(value * weight for value, weight in zip(values, cycle((7, 3, 1)), strict=False)) % 10)


def key_of_number(number: str) -> Can:
    """The key of a citizen card from its 12-digit personal number: the CAN is its last six. Raises `WrongKey`."""
    digits = number.strip()
    if not re.fullmatch(r"[0-9]{12}", digits):
        raise WrongKey("số định danh có 12 chữ số / a personal number has 12 digits")
    return Can(digits[-6:], digits)


def key_of_can(can: str) -> Can:
    """Raises `WrongKey`."""
    digits = can.strip()
    if not re.fullmatch(r"[0-9]{6}", digits):
        raise WrongKey("mã CAN có 6 chữ số / a card access number has 6 digits")
    return Can(digits)


def key_of_mrz(mrz: str | list[str]) -> MrzInformation:
    """The key from scanned or typed MRZ lines, with or without line breaks between them.

    Takes TD1 (three lines of 30; the third is not needed), TD2, TD3, and the bare MRZ information of 24 characters.
    Raises `WrongKey` if it is none of them or a check digit does not fit.
    """
    text = mrz if isinstance(mrz, str) else "".join(mrz)
    letters = re.sub(r"\\[nrt]|[\s,;/|]", "", text).upper()
    if not re.fullmatch(r"[A-Z0-9<]+", letters):
        raise WrongKey("MRZ chỉ có chữ A–Z, số và < / an MRZ has only the letters A to Z, digits and <")
    if len(letters) in (3 * _TD1_LINE, 2 * _TD1_LINE):
        return _of_td1(letters)
    if len(letters) in (2 * _TD2_LINE, 2 * _TD3_LINE):
        second = letters[len(letters) // 2 :]
        return _checked(second[:9], second[9], second[13:20], second[21:28])
    if len(letters) == _INFORMATION:
        return _checked(letters[:9], letters[9], letters[10:17], letters[17:])
    raise WrongKey("MRZ của thẻ có ba dòng 30 ký tự / a card's MRZ has three lines of 30 letters")


def _of_td1(letters: str) -> MrzInformation:
    first, second = letters[:_TD1_LINE], letters[_TD1_LINE : 2 * _TD1_LINE]
    document, digit, rest = first[5:14], first[14], first[15:]
    if digit == "<" and (more := rest.split("<")[0]):  # a long document number goes on behind (ICAO 9303-5, 4.2.4)
        return _checked(document + more[:-1], more[-1], second[:7], second[8:15])
    number = re.match(r"[0-9]{12}(?=<|$)", rest)
    return _checked(document, digit, second[:7], second[8:15], number and number[0])


def _checked(document: str, digit: str, birth: str, expiry: str, number: str | None = None) -> MrzInformation:
    """`birth` and `expiry` still with their check digits."""
    for part, given, called in (
        (document, digit, "số thẻ / number"),
        (birth[:6], birth[6], "ngày sinh / birth"),
        (expiry[:6], expiry[6], "hạn dùng / expiry"),
    ):
        if given != check_digit(part) and not (given == "<" and check_digit(part) == "0"):
            raise WrongKey(f"sai số kiểm tra, đọc nhầm ký tự / wrong check digit, a letter was misread: {called}")
    return MrzInformation(document.rstrip("<"), birth[:6], expiry[:6], number)
