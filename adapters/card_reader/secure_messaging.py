"""Commands encrypted and answers proven (ICAO 9303-11, 9.8). What does not prove itself ends the session for good."""

from dataclasses import dataclass, field
from hmac import compare_digest

from adapters.card_reader.apdu import LONGEST_ANSWER, NOT_FOUND, OK, SHORT_ANSWER, SHORT_DATA, Answer, Command
from adapters.card_reader.cipher import Suite, padded, unpadded
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.tlv import Tlv, encode, parse

_SECURE = 0x0C  # in the class byte: secure messaging, header authenticated
_DATA_OF_ODD, _DATA, _EXPECTED, _MAC, _STATUS = 0x85, 0x87, 0x97, 0x8E, 0x99
_PADDED = b"\x01"


class Unprotected(Failed):
    """Bare status bytes for a protected command: the card has dropped the session, or somebody answered for it."""

    def __init__(self, status: int, *, extended: bool) -> None:
        """`extended`: whether the command was of extended length, which not every card takes that promises to."""
        super().__init__(Code.secure_messaging)
        self.refused = status != OK and status >> 8 not in (0x61, 0x62, 0x63)
        self.extended = extended


@dataclass(slots=True)
class SecureMessaging:
    """One session's keys; `counter` is the send sequence counter before the next command."""

    suite: Suite
    encryption: bytes = field(repr=False)
    authentication: bytes = field(repr=False)
    counter: int = 0
    broken: bool = False
    extended: bool = False  #: whether the last command was

    def protect(self, command: Command) -> Command:
        """The command as it goes over the wire. Raises `Failed(secure_messaging)` after an answer that failed."""
        if self.broken:
            raise Failed(Code.secure_messaging)
        number = self._next()
        cla = command.cla | _SECURE
        body = self._data(command, number) + _expected(command)
        header = padded(bytes([cla, *command.header[1:]]), self.suite.block)
        body += encode(_MAC, self._mac(number, header + body))
        self.extended = wide = command.extended or len(body) > SHORT_DATA
        return Command(cla, command.ins, command.p1, command.p2, body, LONGEST_ANSWER if wide else SHORT_ANSWER)

    def open(self, answer: Answer) -> Answer:
        """The answer inside. Raises `Failed(secure_messaging)` unless its MAC, order, status and padding are right.

        One bare answer is passed on: 6A82 and its like. Cards give it for a missing file; to lie with it gains no more
        than to cut the line, as nothing is believed because a file is missing.
        """
        if not answer.data and answer.status in NOT_FOUND:
            return answer
        try:
            return self._open(answer)
        except Failed:
            self.broken = True
            raise

    def _open(self, answer: Answer) -> Answer:
        if not answer.data:
            raise Unprotected(answer.status, extended=self.extended)
        number = self._next()
        try:
            objects = parse(answer.data)
        except Failed:
            raise Failed(Code.secure_messaging) from None
        secret: Tlv | None = None
        match objects:
            case [Tlv(tag), Tlv(0x99, status), Tlv(0x8E, mac)] if tag in (_DATA, _DATA_OF_ODD):
                secret = objects[0]
            case [Tlv(0x99, status), Tlv(0x8E, mac)]:
                pass
            case _:
                raise Failed(Code.secure_messaging)
        proven = answer.data[: len(answer.data) - len(objects[-1].encoded())]
        if not compare_digest(self._mac(number, proven), mac) or status != answer.status.to_bytes(2):
            raise Failed(Code.secure_messaging)
        return Answer(self._secret(secret, number) if secret else b"", answer.status)

    def _next(self) -> bytes:
        self.counter = (self.counter + 1) % (1 << 8 * self.suite.block)
        return self.counter.to_bytes(self.suite.block)

    def _mac(self, number: bytes, data: bytes) -> bytes:
        return self.suite.mac(self.authentication, padded(number + data, self.suite.block))

    def _data(self, command: Command, number: bytes) -> bytes:
        if not command.data:
            return b""
        start = self.suite.start(self.encryption, number)
        secret = self.suite.encrypt(self.encryption, start, padded(command.data, self.suite.block))
        return encode(_DATA_OF_ODD, secret) if command.ins & 1 else encode(_DATA, _PADDED + secret)

    def _secret(self, found: Tlv, number: bytes) -> bytes:
        secret = found.value
        if found.tag == _DATA:
            if secret[:1] != _PADDED:
                raise Failed(Code.secure_messaging)
            secret = secret[1:]
        if not secret or len(secret) % self.suite.block:
            raise Failed(Code.secure_messaging)
        data = unpadded(self.suite.decrypt(self.encryption, self.suite.start(self.encryption, number), secret))
        if data is None:
            raise Failed(Code.secure_messaging)
        return data


def _expected(command: Command) -> bytes:
    if not command.expected:
        return b""
    size, most = (2, LONGEST_ANSWER) if command.extended else (1, SHORT_ANSWER)
    return encode(_EXPECTED, (command.expected % most).to_bytes(size))
