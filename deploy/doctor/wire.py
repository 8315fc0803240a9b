"""The two questions that Kafka answers before anyone has logged in: are you Kafka, and how does one log in?"""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

#: Every number here is of Kafka's protocol; both requests are in their oldest versions, which all brokers know.
_API_VERSIONS, _SASL_HANDSHAKE = (18, 0), (17, 1)
_HELLO = 1
#: Bytes. An answer to these questions is much shorter.
_LONGEST = 65_536
_UNSUPPORTED_MECHANISM, _NO_SASL_HERE = 33, 34


class NotKafka(Exception):
    """What listens there does not answer as Kafka does. Holds the first bytes of its answer, if any."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(repr(answer))
        self.answer = answer

    @property
    def is_tls(self) -> bool:
        """Whether the answer is an alert of TLS."""
        return self.answer[:2] == b"\x15\x03"


class Login(NamedTuple):
    """What a listener says about logging in with a mechanism."""

    #: False: this listener asks for no SASL.
    wanted: bool
    #: Whether it knows the mechanism that was named.
    known: bool
    mechanisms: tuple[str, ...]


def ask_whether_kafka(connection: socket.socket) -> None:
    """Raises `NotKafka`, or OSError (ssl.SSLError among them) when the connection breaks."""
    _ask(connection, _API_VERSIONS, b"")


def ask_login(connection: socket.socket, mechanism: str) -> Login:
    """Ask for a mechanism's log-in, and go no further. Raises `NotKafka` or OSError."""
    answer = _ask(connection, _SASL_HANDSHAKE, _text(mechanism))
    try:
        code, count = struct.unpack_from(">hi", answer)
        names, place = [], 6
        for _ in range(min(count, 50)):
            (length,) = struct.unpack_from(">h", answer, place)
            names.append(answer[place + 2 : place + 2 + length].decode())
            place += 2 + length
    except (struct.error, UnicodeDecodeError) as error:
        raise NotKafka(answer[:8]) from error
    return Login(code != _NO_SASL_HERE, code != _UNSUPPORTED_MECHANISM, tuple(names))


def _ask(connection: socket.socket, request: tuple[int, int], body: bytes) -> bytes:
    """Send a request and return the body of its response."""
    message = struct.pack(">hhi", *request, _HELLO) + _text("dancu-doctor") + body
    connection.sendall(struct.pack(">i", len(message)) + message)
    head = _receive(connection, 8, b"")
    size, number = struct.unpack(">ii", head)
    if number != _HELLO or not 4 <= size <= _LONGEST:
        raise NotKafka(head)
    return _receive(connection, size - 4, head)


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value.encode())) + value.encode()


def _receive(connection: socket.socket, count: int, before: bytes) -> bytes:
    content = b""
    while len(content) < count:
        part = connection.recv(count - len(content))
        if not part:
            raise NotKafka(before + content)
        content += part
    return content
