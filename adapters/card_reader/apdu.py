"""Commands and answers (ISO 7816-4, 5.2), short and extended; answers that come in parts are put together here."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from adapters.card_reader.channel import Channel
from adapters.card_reader.failure import Code, Failed

OK = 0x9000
NOT_FOUND = frozenset({0x6A82, 0x6A83, 0x6A88})
BLOCKED = 0x6983
SHORT_DATA = 255
SHORT_ANSWER = 256
LONGEST_ANSWER = 65536
_GET_RESPONSE = 0xC0
_MORE, _WRONG_LENGTH = 0x61, 0x6C
_MOST_PARTS = LONGEST_ANSWER // SHORT_ANSWER + 1


@dataclass(frozen=True, slots=True)
class Command:
    """`expected`: the most bytes of data that the answer may have, 0 to 65536; 0 if it has none."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int = 0

    @property
    def header(self) -> bytes:
        return bytes([self.cla, self.ins, self.p1, self.p2])

    @property
    def extended(self) -> bool:
        """Whether it needs extended length."""
        return len(self.data) > SHORT_DATA or self.expected > SHORT_ANSWER

    def encoded(self) -> bytes:
        """As sent: the shortest form that carries it."""
        if self.extended:
            sent = b"\x00" + len(self.data).to_bytes(2) + self.data if self.data else b""
            start = b"" if self.data or not self.expected else b"\x00"
            return self.header + sent + (start + (self.expected & 0xFFFF).to_bytes(2) if self.expected else b"")
        sent = bytes([len(self.data)]) + self.data if self.data else b""
        return self.header + sent + (bytes([self.expected & 0xFF]) if self.expected else b"")


class Answer(NamedTuple):
    """`status`: SW1 SW2, such as 0x9000."""

    data: bytes
    status: int


def exchange(channel: Channel, command: Command) -> Answer:
    """Sends a command and fetches the whole answer: 61xx is asked on, 6Cxx is asked once more with that length.

    Raises `Failed`: what the channel raises; malformed for an answer that is none, or that does not come to an end.
    """
    answer = _ask(channel, command.encoded())
    if answer.status >> 8 == _WRONG_LENGTH and not answer.data and command.expected:
        again = replace(command, expected=(answer.status & 0xFF) or SHORT_ANSWER)
        answer = _ask(channel, again.encoded())
    data, parts = answer.data, 1
    while answer.status >> 8 == _MORE:
        if parts > _MOST_PARTS:
            raise Failed(Code.malformed)
        answer = _ask(channel, bytes([0, _GET_RESPONSE, 0, 0, answer.status & 0xFF]))
        data, parts = data + answer.data, parts + 1
    return Answer(data, answer.status)


def _ask(channel: Channel, command: bytes) -> Answer:
    answer = channel.transmit(command)
    if len(answer) < 2:
        raise Failed(Code.malformed)
    return Answer(answer[:-2], int.from_bytes(answer[-2:]))
