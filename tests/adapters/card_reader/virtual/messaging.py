"""The card's side of secure messaging, and of the form of commands (ICAO 9303-11, 9.8; ISO 7816-4, 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.card_reader.apdu import Command
from adapters.card_reader.cipher import Suite


class Refused(Exception):
    """The card answers with this status and no data."""

    def __init__(self, status: int) -> None:
        super().__init__(hex(status))
        self.status = status


def command_of(raw: bytes) -> Command:
    """The command in these bytes, short or extended. Raises `Refused(6700)`."""
    if len(raw) < 4:
        raise Refused(0x6700)
    head, body = raw[:4], raw[4:]
    if not body:
        return _with(head, b"", 0)
    if len(body) == 1:
        return _with(head, b"", body[0] or 256)
    if body[0]:
        return _of(head, body[1 : 1 + body[0]], body[1 + body[0] :], body[0], 1)
    if len(body) == 3:
        return _with(head, b"", int.from_bytes(body[1:]) or 65536)
    count = int.from_bytes(body[1:3])
    return _of(head, body[3 : 3 + count], body[3 + count :], count, 2)


def _of(head: bytes, data: bytes, rest: bytes, count: int, size: int) -> Command:
    if len(data) != count or len(rest) not in (0, size):
        raise Refused(0x6700)
    return _with(head, data, int.from_bytes(rest) or 256**size if rest else 0)


def _with(head: bytes, data: bytes, expected: int) -> Command:
    return Command(head[0], head[1], head[2], head[3], data, expected)


def is_extended(raw: bytes) -> bool:
    return len(raw) > 6 and raw[4] == 0


def do(tag: int, value: bytes) -> bytes:
    """One data object with a tag of one byte."""
    size = len(value)
    length = bytes([size]) if size < 0x80 else bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + value


def objects(data: bytes) -> list[tuple[int, bytes]]:
    """The data objects with tags of one byte. Raises `Refused(6988)`."""
    found, at = [], 0
    while at < len(data):
        try:
            tag, size, at = data[at], data[at + 1], at + 2
            if size >= 0x80:
                count = size & 0x7F
                size, at = int.from_bytes(data[at : at + count]), at + count
        except IndexError:
            raise Refused(0x6988) from None
        found.append((tag, data[at : at + size]))
        at += size
    return found


@dataclass(slots=True)
class CardMessaging:
    """One session's keys on the card."""

    suite: Suite
    encryption: bytes
    authentication: bytes
    counter: int = 0

    def opened(self, command: Command) -> Command:
        """The command inside. Raises `Refused` (6987: an object is missing, 6988: one is wrong)."""
        counter = self._step()
        found = dict(objects(command.data))
        if 0x8E not in found:
            raise Refused(0x6987)
        proven = b"".join(do(tag, value) for tag, value in objects(command.data) if tag != 0x8E)
        if self._mac(counter, self._pad(command.header) + proven) != found[0x8E]:
            raise Refused(0x6988)
        expected = found.get(0x97)
        longest = 256 ** len(expected) if expected else 0
        data = self._data(found, counter)
        wanted = (int.from_bytes(expected) or longest) if expected else 0
        return Command(command.cla & 0xF3, command.ins, command.p1, command.p2, data, wanted)

    def sealed(self, data: bytes, status: int, *, odd: bool) -> bytes:
        """The protected answer, with its status bytes."""
        counter, body = self._step(), b""
        if data:
            secret = self.suite.encrypt(self.encryption, self.suite.start(self.encryption, counter), self._pad(data))
            body = do(0x85, secret) if odd else do(0x87, b"\x01" + secret)
        body += do(0x99, status.to_bytes(2))
        return body + do(0x8E, self._mac(counter, body)) + status.to_bytes(2)

    def _data(self, found: dict[int, bytes], counter: bytes) -> bytes:
        secret = found[0x87][1:] if 0x87 in found else found.get(0x85, b"")
        if not secret:
            return b""
        start = self.suite.start(self.encryption, counter)
        return self.suite.decrypt(self.encryption, start, secret).rstrip(b"\x00")[:-1]

    def _step(self) -> bytes:
        self.counter = (self.counter + 1) % 256**self.suite.block
        return self.counter.to_bytes(self.suite.block)

    def _pad(self, data: bytes) -> bytes:
        return data + b"\x80" + bytes(-(len(data) + 1) % self.suite.block)

    def _mac(self, counter: bytes, data: bytes) -> bytes:
        return self.suite.mac(self.authentication, self._pad(counter + data))
