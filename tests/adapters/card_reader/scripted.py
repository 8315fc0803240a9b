"""A chip that follows a script: each command must come exactly as written, and gets the answer written for it."""

from __future__ import annotations


class Scripted:
    """A `Channel`; `lines` are pairs of command and answer, in hexadecimal."""

    def __init__(self, *lines: tuple[str, str], extended: bool = False) -> None:
        self.lines, self.extended = list(lines), extended

    def transmit(self, command: bytes) -> bytes:
        expected, answer = self.lines.pop(0)
        assert command.hex().upper() == expected.replace(" ", "").upper()
        return bytes.fromhex(answer)
