"""Made-up citizens, and the cards that were made for them: what stands on a card, and the keys in its chip."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cryptography.hazmat.primitives.asymmetric import ec, rsa

CARD_ACCESS_FILE, COM_FILE, SOD_FILE = 0x011C, 0x011E, 0x011D

#: File of each data group, by its number (ICAO 9303-10, table 38).
GROUP_FILES = {number: 0x0100 + number for number in range(1, 17)}
#: A new private key is in `issuing.py`; here they are only named.
ChipKey = ec.EllipticCurvePrivateKey
ActiveKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Persona:
    """A made-up citizen, with the things that a reader must never keep."""

    number: str
    name: str
    birth: date
    sex: str
    issued: date
    expires: date | None
    old_number: str = ""
    address: str = "Số 5 Ngõ Gạch Vỡ, Phường Thử Nghiệm, Hà Nội"
    ethnicity: str = "Kinh"
    religion: str = "Phật giáo"
    origin: str = "Xã Không Có Thật, Hà Nội"
    marks: str = "Nốt ruồi C:1cm trên sau cánh mũi trái"
    parents: tuple[str, str] = ("Nguyễn Văn Bố Thử", "Trần Thị Mẹ Thử")
    spouse: str = "Lê Văn Chồng Thử"


MINH = Persona(
    "001192700417", "Nguyễn Thị Minh Ánh", date(1992, 5, 17), "Nữ", date(2021, 6, 1), date(2032, 5, 17), "012700417"
)
DUNG = Persona("079085300928", "Đỗ Quang Dũng", date(1985, 11, 2), "Nam", date(2024, 8, 20), date(2045, 11, 2))
#: A citizen above sixty: the card has no end.
HOA = Persona("046155800233", "Phạm Thị Hòa", date(1955, 1, 9), "Nữ", date(2022, 2, 28), None, "190800233")


@dataclass(frozen=True, slots=True)
class Personalised:
    """One card ready for use: what stands in its files, and the keys in its chip that nobody can read.

    `files` maps a file identifier (0x011C CardAccess, 0x011E COM, 0x011D SOD, 0x0101 DG1 …) to the file's bytes.
    `chip_private_key` belongs to the key in DG14, `active_private_key` to the one in DG15; None: the card has none.
    """

    persona: Persona
    files: Mapping[int, bytes] = field(repr=False)
    chip_private_key: ChipKey | None = field(default=None, repr=False)
    active_private_key: ActiveKey | None = field(default=None, repr=False)

    @property
    def number(self) -> str:
        """The 12 digits."""
        return self.persona.number

    @property
    def can(self) -> str:
        """The six digits of PACE."""
        return self.persona.number[-6:]

    @property
    def document_number(self) -> str:
        """The nine characters of the MRZ, without the check digit."""
        return self.persona.number[-9:]

    @property
    def birth(self) -> str:
        """YYMMDD, without the check digit."""
        return yymmdd(self.persona.birth)

    @property
    def expiry(self) -> str:
        """YYMMDD, without the check digit."""
        return yymmdd(self.persona.expires)

    @property
    def mrz(self) -> tuple[str, str, str]:
        """The three lines on the back of the card."""
        return mrz_lines(self.persona)

    @property
    def groups(self) -> dict[int, bytes]:
        """The data groups by their number, as a reader that read all of them has them."""
        return {number: self.files[file] for number, file in GROUP_FILES.items() if file in self.files}

    @property
    def sod(self) -> bytes:
        return self.files[SOD_FILE]


def check_digit(text: str) -> str:
    """ICAO 9303-3, 4.9: weights 7, 3, 1; A is 10, Z is 35, the filler is 0."""
    values = (0 if letter == "<" else int(letter, 36) for letter in text)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def yymmdd(day: date | None) -> str:
    return f"{day:%y%m%d}" if day else "991231"


def mrz_name(name: str) -> str:
    """Surname first, without diacritics, as the third line has it."""
    plain = unicodedata.normalize("NFD", name.upper().replace("Đ", "D"))
    surname, *given = "".join(letter for letter in plain if not unicodedata.combining(letter)).split()
    return f"{surname}<<{'<'.join(given)}".ljust(30, "<")[:30]


def mrz_lines(persona: Persona) -> tuple[str, str, str]:
    """TD1 as Vietnam fills it: the last nine digits are the document's number, all twelve the optional data."""
    short, birth, expiry = persona.number[-9:], yymmdd(persona.birth), yymmdd(persona.expires)
    first = f"IDVNM{short}{check_digit(short)}{persona.number}<<{check_digit(persona.number)}"
    sex = "M" if persona.sex == "Nam" else "F"
    second = f"{birth}{check_digit(birth)}{sex}{expiry}{check_digit(expiry)}VNM<<<<<<<<<<<"
    return first, second + check_digit(first[5:] + second[:7] + second[8:15] + second[18:29]), mrz_name(persona.name)
