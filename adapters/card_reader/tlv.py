"""Tags, lengths and values (BER-TLV, ISO 7816-4, 5.2.2): what files and answers of a card are made of."""

from collections.abc import Iterable
from typing import NamedTuple

from adapters.card_reader.failure import Code, Failed

_MOST_LENGTH_BYTES = 3  # 16 MiB, far more than any card holds


class Tlv(NamedTuple):
    """One data object; `tag` with all its bytes, such as 0x7F49."""

    tag: int
    value: bytes

    def parts(self) -> list["Tlv"]:
        """The data objects inside this one. Raises `Failed(malformed)`."""
        return parse(self.value)

    def encoded(self) -> bytes:
        return encode(self.tag, self.value)


class Header(NamedTuple):
    """Tag and length at the beginning of a data object; `size` is what the header itself takes."""

    tag: int
    length: int
    size: int


def header(data: bytes, at: int = 0) -> Header:
    """Raises `Failed(malformed)`: cut short, an indefinite length, or a tag or length longer than any card's."""
    try:
        tag, size = data[at], 1
        if tag & 0x1F == 0x1F:
            tag, size = tag << 8 | data[at + 1], 2
            if tag & 0x80:
                raise Failed(Code.malformed)
        length = data[at + size]
    except IndexError:
        raise Failed(Code.malformed) from None
    size += 1
    if length < 0x80:
        return Header(tag, length, size)
    count = length & 0x7F
    digits = data[at + size : at + size + count]
    if not 0 < count <= _MOST_LENGTH_BYTES or len(digits) < count:
        raise Failed(Code.malformed)
    return Header(tag, int.from_bytes(digits), size + count)


def parse(data: bytes) -> list[Tlv]:
    """All data objects of `data`, one after the other. Raises `Failed(malformed)` unless they fill it exactly."""
    found, at = [], 0
    while at < len(data):
        tag, length, size = header(data, at)
        end = at + size + length
        if end > len(data):
            raise Failed(Code.malformed)
        found.append(Tlv(tag, data[at + size : end]))
        at = end
    return found


def one(data: bytes, tag: int) -> Tlv:
    """The data object that `data` is. Raises `Failed(malformed)` if it is another, or more than one."""
    match parse(data):
        case [Tlv(found) as only] if found == tag:
            return only
    raise Failed(Code.malformed)


def first(parts: Iterable[Tlv], tag: int) -> bytes:
    """The value of the first with this tag. Raises `Failed(malformed)` if there is none."""
    for part in parts:
        if part.tag == tag:
            return part.value
    raise Failed(Code.malformed)


def encode(tag: int, value: bytes) -> bytes:
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8)) + length_of(value) + value


def length_of(value: bytes) -> bytes:
    """The length field of `value`, as short as possible (DER)."""
    count = len(value)
    if count < 0x80:
        return bytes([count])
    digits = count.to_bytes((count.bit_length() + 7) // 8)
    return bytes([0x80 | len(digits)]) + digits
