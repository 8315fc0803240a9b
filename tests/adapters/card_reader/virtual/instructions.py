"""The commands of the virtual card: what a chip does with each, open or protected (ICAO 9303-10, 3; 9303-11)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from adapters.card_reader.apdu import Command
from tests.adapters.card_reader.virtual.access import PaceRun, bac_answer, pace_run
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.messaging import CardMessaging, Refused, objects
from tests.adapters.card_reader.virtual.personal import CARD_ACCESS_FILE, Personalised
from tests.adapters.card_reader.virtual.proofs import active_signature, chip_keys

_APPLICATION = bytes.fromhex("A0000002471001")
_CHIP_AUTHENTICATION = bytes.fromhex("04007F000702020302")
_FAR_TAG = 0x54


class Powered:
    """A chip from power on to power off. `messaging`: the session's keys; `waiting`: those from the next command on."""

    def __init__(self, card: Personalised, behaviour: Behaviour) -> None:
        self.card, self.behaviour = card, behaviour
        self.messaging: CardMessaging | None = None
        self.waiting: CardMessaging | None = None
        self.application = False
        self.file: int | None = None
        self.challenge = b""
        self.pace: PaceRun | None = None
        self.chip_suite: int | None = None
        self._instructions: dict[int, Callable[[Command], bytes]] = {
            0x22: self._security_environment, 0x82: self._external_authenticate, 0x84: self._challenge,
            0x86: self._general_authenticate, 0x88: self._internal_authenticate, 0xA4: self._select,
            0xB0: self._read, 0xB1: self._read,
        }  # fmt: skip

    def done(self, command: Command) -> tuple[bytes, int]:
        """Data and status of a command without its protection."""
        try:
            instruction = self._instructions.get(command.ins)
            if instruction is None:
                raise Refused(0x6D00)
            if command.expected > self.behaviour.longest:
                raise Refused(0x6700)
            data = instruction(command)
        except Refused as refused:
            return b"", refused.status
        short = command.ins in (0xB0, 0xB1) and self.behaviour.warns_of_end and len(data) < command.expected
        return data, 0x6282 if short else 0x9000

    def take_over(self) -> None:
        """New keys count from the command after the one that agreed on them."""
        if self.waiting:
            self.messaging, self.waiting = self.waiting, None

    def _select(self, command: Command) -> bytes:
        self.file = None
        if command.p1 == 0x04:
            if command.data != _APPLICATION:
                raise Refused(0x6A82)
            self.application = True
        elif command.data in (b"\x3f\x00", b"") and command.p1 == 0:
            if not self.behaviour.master_file:
                raise Refused(0x6D00)
            self.application = False
        else:
            self._select_file(command)
        return b""

    def _select_file(self, command: Command) -> None:
        if command.p1 != (0x00 if self.behaviour.general_select_only else 0x02):
            raise Refused(0x6A86)
        file = int.from_bytes(command.data)
        if file == CARD_ACCESS_FILE:
            if self.application:
                raise Refused(0x6982)
            if not self.behaviour.pace:
                raise Refused(0x6A82)
        elif not self.application or file not in self.card.files:
            raise Refused(0x6A82)
        elif self.messaging is None:
            raise Refused(0x6982)
        self.file = file

    def _read(self, command: Command) -> bytes:
        if self.file is None:
            raise Refused(0x6986)
        if self.file != CARD_ACCESS_FILE and self.messaging is None:
            raise Refused(0x6982)
        content = self.card.files[self.file]
        offset = command.p1 << 8 | command.p2
        if command.ins == 0xB1:
            offset = int.from_bytes(dict(objects(command.data)).get(_FAR_TAG, b""))
        elif offset >= 0x8000:
            raise Refused(0x6A86)
        if offset >= len(content):
            raise Refused(0x6B00)
        return self._slice(command, content[offset:])

    def _slice(self, command: Command, rest: bytes) -> bytes:
        wrapping = (
            0 if command.ins == 0xB0 else 2 if command.expected <= 0x81 else 3 if command.expected <= 0x102 else 4
        )
        wanted = min(command.expected - wrapping, self.behaviour.buffer)
        if self.behaviour.exact_length and wanted > len(rest):
            raise Refused(0x6C00 | len(rest) & 0xFF)
        data = rest[:wanted]
        if not wrapping:
            return data
        length = len(data).to_bytes(wrapping - 2) if wrapping > 2 else b""
        return b"\x53" + (bytes([0x7E + wrapping]) + length if wrapping > 2 else bytes([len(data)])) + data

    def _challenge(self, _command: Command) -> bytes:
        self.challenge = secrets.token_bytes(8)
        return self.challenge

    def _external_authenticate(self, command: Command) -> bytes:
        if not self.behaviour.bac or not self.application or not self.challenge:
            raise Refused(0x6985)
        challenge, self.challenge = self.challenge, b""
        answer, self.waiting = bac_answer(self.card, challenge, command.data, self.behaviour.wrong_bac)
        return answer

    def _security_environment(self, command: Command) -> bytes:
        told = dict(objects(command.data))
        match command.p1, command.p2:
            case 0xC1, 0xA4:
                self.pace = pace_run(self.card, self.behaviour, command.data)
            case 0x41, 0xA6 if self.messaging and not self.behaviour.no_set_kat:
                self.waiting = chip_keys(self.card, 1, told.get(0x91, b""))
            case 0x41, 0xA4 if self.messaging and told.get(0x80, b"")[:-1] == _CHIP_AUTHENTICATION:
                self.chip_suite = told[0x80][-1]
            case _:
                raise Refused(0x6A80)
        return b""

    def _general_authenticate(self, command: Command) -> bytes:
        if self.chip_suite and self.messaging:
            parts = dict(objects(dict(objects(command.data)).get(0x7C, b"")))
            self.waiting = chip_keys(self.card, self.chip_suite, parts.get(0x80, b""))
            self.chip_suite = None
            return b"\x7c\x00"
        run = self.pace
        if run is None:
            raise Refused(0x6985)
        try:
            answer = run.answer(command)
        except Refused:
            self.pace = None
            raise
        self.waiting = run.messaging
        return answer

    def _internal_authenticate(self, command: Command) -> bytes:
        if self.messaging is None:
            raise Refused(0x6982)
        return active_signature(self.card, self.behaviour, command.data)
