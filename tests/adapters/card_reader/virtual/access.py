"""The card's side of BAC and PACE (ICAO 9303-11, 4.3 and 4.4)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from adapters.card_reader.apdu import Command
from adapters.card_reader.cipher import SUITES, TRIPLE_DES
from adapters.card_reader.curve import Curve, Point
from adapters.card_reader.domain_parameters import KNOWN
from adapters.card_reader.ephemeral import Ephemeral
from adapters.card_reader.failure import Failed
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.messaging import CardMessaging, Refused, do, objects
from tests.adapters.card_reader.virtual.personal import Personalised, check_digit

_GENERIC_MAPPING = bytes.fromhex("04007F000702020402")


def mrz_information(card: Personalised) -> bytes:
    fields = (card.document_number.ljust(9, "<"), card.birth, card.expiry)
    return "".join(part + check_digit(part) for part in fields).encode()


def mrz_digest(card: Personalised) -> bytes:
    return hashlib.sha1(mrz_information(card)).digest()  # noqa: S324 (the standard's choice)


def bac_answer(card: Personalised, challenge: bytes, data: bytes, refused: int) -> tuple[bytes, CardMessaging]:
    """EXTERNAL AUTHENTICATE: the answer, and the session's keys. Raises `Refused`."""
    seed = mrz_digest(card)[:16]
    encryption, authentication = TRIPLE_DES.derive(seed, 1), TRIPLE_DES.derive(seed, 2)
    if len(data) != 40 or TRIPLE_DES.token(authentication, data[:32]) != data[32:]:
        raise Refused(refused)
    opened = TRIPLE_DES.decrypt(encryption, bytes(8), data[:32])
    theirs, echoed, their_secret = opened[:8], opened[8:16], opened[16:]
    if echoed != challenge:
        raise Refused(refused)
    secret = secrets.token_bytes(16)
    sealed = TRIPLE_DES.encrypt(encryption, bytes(8), challenge + theirs + secret)
    shared = bytes(one ^ other for one, other in zip(secret, their_secret, strict=True))
    counter = int.from_bytes(challenge[4:] + theirs[4:])
    messaging = CardMessaging(TRIPLE_DES, TRIPLE_DES.derive(shared, 1), TRIPLE_DES.derive(shared, 2), counter)
    return sealed + TRIPLE_DES.token(authentication, sealed), messaging


@dataclass(slots=True)
class PaceRun:
    """One run of PACE, from MSE:Set AT to the tokens. Everything is in the order of the standard, or it ends."""

    protocol: bytes
    password: bytes
    curve: Curve
    wrong: int
    steps: list[int] = field(default_factory=lambda: [0x80, 0x81, 0x83, 0x85])
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    generator: Point | None = None
    theirs: bytes = b""
    ours: bytes = b""
    shared: bytes = b""
    messaging: CardMessaging | None = None

    def answer(self, command: Command) -> bytes:
        """GENERAL AUTHENTICATE. Raises `Refused`."""
        match objects(command.data):
            case [(0x7C, inside)]:
                parts = objects(inside)
            case _:
                raise Refused(0x6A80)
        tag, value = parts[0] if parts else (0x80, b"")
        if not self.steps or tag != self.steps.pop(0) or bool(command.cla & 0x10) != bool(self.steps):
            raise Refused(0x6985)
        try:
            return do(0x7C, do(*self._step(tag, value)))
        except Failed:
            raise Refused(0x6A80) from None

    def _step(self, tag: int, value: bytes) -> tuple[int, bytes]:
        suite = SUITES[self.protocol[-1]]
        if tag == 0x80:
            return 0x80, suite.encrypt(suite.derive(self.password, 3), bytes(suite.block), self.nonce)
        if tag == 0x81:
            return 0x82, self._map(value)
        if tag == 0x83:
            return 0x84, self._agree(value)
        return 0x86, self._prove(value)

    def _map(self, theirs: bytes) -> bytes:
        secret = self.curve.draw()
        nonce = int.from_bytes(self.nonce)
        self.generator = self.curve.combine(nonce, self.curve.g, secret, self.curve.point_of(theirs))
        return Ephemeral(self.curve, secret).public()

    def _agree(self, theirs: bytes) -> bytes:
        assert self.generator
        secret = self.curve.draw()
        self.theirs, self.ours = theirs, self.curve.bytes_of(self.curve.multiply(secret, self.generator))
        self.shared = Ephemeral(self.curve, secret).shared(self.curve.point_of(theirs))
        return self.ours

    def _prove(self, token: bytes) -> bytes:
        suite = SUITES[self.protocol[-1]]
        authentication = suite.derive(self.shared, 2)
        if token != suite.token(authentication, self._token_data(self.ours)):
            raise Refused(self.wrong)
        self.messaging = CardMessaging(suite, suite.derive(self.shared, 1), authentication)
        return suite.token(authentication, self._token_data(self.theirs))

    def _token_data(self, public: bytes) -> bytes:
        return b"\x7f" + do(0x49, do(0x06, self.protocol) + do(0x86, public))


def pace_run(card: Personalised, behaviour: Behaviour, data: bytes) -> PaceRun:
    """MSE:Set AT. Raises `Refused`."""
    told = dict(objects(data))
    protocol, parameter = told.get(0x80, b""), told.get(0x84)
    passwords = {b"\x01": mrz_digest(card), b"\x02": card.can.encode()}
    password = passwords.get(told.get(0x83, b"")) if told[0x83][0] in behaviour.passwords else None
    if not behaviour.pace or protocol[:-1] != _GENERIC_MAPPING or protocol[-1] not in SUITES:
        raise Refused(0x6A80)
    if password is None:
        raise Refused(0x6A88)
    if behaviour.refuses_parameter if parameter else behaviour.needs_parameter:
        raise Refused(0x6A80)
    if parameter is not None and int.from_bytes(parameter) != behaviour.curve:
        raise Refused(0x6A88)
    return PaceRun(protocol, password, KNOWN[behaviour.curve].curve, behaviour.wrong_pace)
