"""The virtual card: a chip in software that answers APDUs as ICAO 9303-10 and 9303-11 want it. For tests only."""

from __future__ import annotations

import time

from adapters.card_reader.apdu import Command
from tests.adapters.card_reader.slot import PulledOut
from tests.adapters.card_reader.virtual.behaviour import GENUINE, Behaviour
from tests.adapters.card_reader.virtual.instructions import Powered
from tests.adapters.card_reader.virtual.messaging import Refused, command_of, is_extended
from tests.adapters.card_reader.virtual.personal import Personalised
from tests.adapters.card_reader.virtual.tampering import tampered

#: Both protocols; the historical bytes promise extended length.
ATR = bytes.fromhex("3B8A80018031F873F741E082900075")
_SHORT_ATR = bytes.fromhex("3B8A80018031F873F741A082900035")  # the same without that promise
_GET_RESPONSE = 0xC0


class VirtualCard:
    """`answer` takes raw APDUs. `seen` counts all commands since it was made, `commands` those since power on."""

    def __init__(self, card: Personalised, behaviour: Behaviour = GENUINE) -> None:
        self.card, self.behaviour, self.seen = card, behaviour, 0
        self.reset()

    @property
    def atr(self) -> bytes:
        return ATR if self.behaviour.promises_extended else _SHORT_ATR

    def reset(self) -> None:
        """Power off and on, or a reset: everything is forgotten."""
        self._chip = Powered(self.card, self.behaviour)
        self.commands = self.protected = 0
        self._rest, self._before = b"", b"\x90\x00"

    def answer(self, raw: bytes) -> bytes:
        """Data and status. Raises `PulledOut` at the moment at which the behaviour pulls the card out."""
        self.seen += 1
        self.commands += 1
        if self.behaviour.seconds:
            time.sleep(self.behaviour.seconds)
        if self.behaviour.pulled_at is not None and self.commands >= self.behaviour.pulled_at:
            raise PulledOut
        return self._in_parts(raw, self._answer(raw))

    def _in_parts(self, raw: bytes, answer: bytes) -> bytes:
        """What does not fit a short answer is kept for GET RESPONSE."""
        if is_extended(raw) or len(answer) <= 258:
            return answer
        self._rest = answer[256:]
        return answer[:256] + bytes([0x61, min(len(self._rest) - 2, 0x100) & 0xFF])

    def _answer(self, raw: bytes) -> bytes:
        if raw[1:2] == bytes([_GET_RESPONSE]) and self._rest:
            rest, self._rest = self._rest, b""
            return rest
        if is_extended(raw) and not self.behaviour.extended:
            self._chip.messaging = None
            return b"\x67\x00"
        try:
            command = command_of(raw)
            return self._protected(command) if command.cla & 0x0C else self._open(command)
        except Refused as refused:
            return refused.status.to_bytes(2)

    def done(self, command: Command) -> tuple[bytes, int]:
        """What the chip says to a command, before it is protected: the place for a chip that lies."""
        return self._chip.done(command)

    def _open(self, command: Command) -> bytes:
        self._chip.messaging = None  # whoever leaves the session has left it
        data, status = self.done(command)
        self._chip.take_over()
        return data + status.to_bytes(2)

    def _protected(self, command: Command) -> bytes:
        messaging = self._chip.messaging
        if messaging is None:
            raise Refused(0x6988)
        try:
            inner = messaging.opened(command)
        except Refused:
            self._chip.messaging = None
            raise
        data, status = self.done(inner)
        if self.behaviour.bare_errors and status not in (0x9000, 0x6282):
            return status.to_bytes(2)
        answer = messaging.sealed(data, status, odd=bool(inner.ins & 1))
        self._chip.take_over()
        return self._maybe_tampered(answer)

    def _maybe_tampered(self, answer: bytes) -> bytes:
        self.protected += 1
        if self.behaviour.tamper and self.protected >= self.behaviour.tamper_from:
            return tampered(self.behaviour.tamper, answer, self._before)
        self._before = answer
        return answer
