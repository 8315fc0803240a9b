"""The files of a virtual card, as ICAO 9303-10 and the public descriptions of Vietnam's cards have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.adapters.card_reader.virtual.personal import ActiveKey, ChipKey, Persona

#: EF.CardAccess as several public programs know it from cards of 2021: terminal authentication, chip authentication
#: by ECDH with AES-128, and PACE by ECDH-GM with AES-128 on brainpoolP256r1 (parameter 13).
CARD_ACCESS = bytes.fromhex(
    "3134300D060804007F0007020202020101300F060A04007F000702020302020201013012060A04007F0007020204020202010202010D"
)

#: Outer tag of each data group, by its number.
GROUP_TAGS = {1: 0x61, 2: 0x75, 13: 0x6D, 14: 0x6E, 15: 0x6F}


def wrap(tag: int, *parts: bytes) -> bytes:
    """One TLV in DER; `tag` of one or two bytes, e.g. 0x61 or 0x5F1F."""
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 0x80 else bytes([0x80 | (n := (size.bit_length() + 7) // 8)]) + size.to_bytes(n)
    return tag.to_bytes(1 if tag < 0x100 else 2) + length + body


def dg1(lines: Iterable[str]) -> bytes:
    return wrap(0x61, wrap(0x5F1F, "".join(lines).encode("ascii")))


def dg2(size: int = 9_000) -> bytes:
    """A face of `size` bytes that begins and ends like a JPEG, in the biometric wrapping of ICAO 9303-10."""
    face = b"\xff\xd8\xff\xe0" + bytes(place * 7 % 251 for place in range(size - 6)) + b"\xff\xd9"
    header = wrap(0xA1, wrap(0x80, b"\x01\x01"), wrap(0x81, b"\x02"), wrap(0x87, b"\x01\x01"), wrap(0x88, b"\x00\x08"))
    return wrap(0x75, wrap(0x7F61, wrap(0x02, b"\x01"), wrap(0x7F60, header, wrap(0x5F2E, face))))


def text(value: str) -> bytes:
    """PrintableString where that is possible, otherwise UTF8String: cards have both."""
    return (
        wrap(0x13, value.encode())
        if value.isascii() and value.replace(" ", "").isalnum()
        else wrap(0x0C, value.encode())
    )


def day_text(day: date | None) -> bytes:
    return text(f"{day:%d/%m/%Y}" if day else "Không thời hạn")


def fields_of(persona: Persona) -> dict[int, bytes]:
    """All the fields of DG13 of a card of 2021, by number."""
    fields = {
        1: persona.number,
        2: persona.name,
        4: persona.sex,
        5: "Việt Nam",
        6: persona.ethnicity,
        7: persona.religion,
    }
    fields |= {8: persona.origin, 9: persona.address, 10: persona.marks, 15: persona.old_number, 16: "0123456789ABCDEF"}
    values = {number: text(value) for number, value in fields.items() if value}
    days = {3: persona.birth, 11: persona.issued, 12: persona.expires}
    values |= {number: day_text(day) for number, day in days.items()}
    values[13] = wrap(0x30, *(text(parent) for parent in persona.parents))
    values[14] = wrap(0x30, text(persona.spouse))
    return values


#: What a card of 2024 still has in readable form (Circular 16/2024/TT-BCA, article 6(3)).
SPARSE = (1, 2, 3, 4, 5, 8, 12)


def dg13(fields: Mapping[int, bytes]) -> bytes:
    """`fields` in the order given: a reader has to go by the number, not by the place."""
    entries = (wrap(0x30, wrap(0x02, bytes([number])), value) for number, value in fields.items())
    head = wrap(0x02, b"\x01") + wrap(0x06, bytes.fromhex("28D316010008"))
    return wrap(0x6D, wrap(0x30, head, wrap(0x31, *entries)))


def public_key_info(key: ChipKey | ActiveKey) -> bytes:
    """SubjectPublicKeyInfo in DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def dg14(chip: ChipKey | None, active: ActiveKey | None) -> bytes:
    """SecurityInfos: the chip's key with ECDH and AES-128, and how an EC key of DG15 signs (BSI TR-03110-3, A.1)."""
    infos = []
    if chip is not None:
        infos.append(wrap(0x30, wrap(0x06, bytes.fromhex("04007F000702020102")), public_key_info(chip)))
        infos.append(wrap(0x30, wrap(0x06, bytes.fromhex("04007F00070202030202")), wrap(0x02, b"\x01")))
    if isinstance(active, ec.EllipticCurvePrivateKey):
        plain_sha256 = wrap(0x06, bytes.fromhex("04007F00070101040103"))
        infos.append(wrap(0x30, wrap(0x06, bytes.fromhex("678108010105")), wrap(0x02, b"\x01"), plain_sha256))
    return wrap(0x6E, wrap(0x31, *sorted(infos)))


def dg15(active: ActiveKey) -> bytes:
    return wrap(0x6F, public_key_info(active))


def com(groups: Iterable[int]) -> bytes:
    """Which data groups there are, LDS 1.7, Unicode 4.0.0."""
    tags = bytes(GROUP_TAGS[number] for number in groups)
    return wrap(0x60, wrap(0x5F01, b"0107"), wrap(0x5F36, b"040000"), wrap(0x5C, tags))
