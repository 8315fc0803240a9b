"""PACE with generic mapping over elliptic curves: six digits open a strong channel (ICAO 9303-11, 4.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

from adapters.card_reader.apdu import BLOCKED, OK, SHORT_ANSWER, Answer, Command
from adapters.card_reader.cipher import SUITES, Suite
from adapters.card_reader.curve import Curve, Point
from adapters.card_reader.domain_parameters import by_parameter
from adapters.card_reader.ephemeral import Ephemeral
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.key import Can, Key
from adapters.card_reader.line import Line
from adapters.card_reader.public_key import OID
from adapters.card_reader.secure_messaging import SecureMessaging
from adapters.card_reader.security_infos import PaceInfo, SecurityInfos
from adapters.card_reader.tlv import encode, first, one

Draw = Callable[[Curve], int]

_DYNAMIC = 0x7C
_MRZ, _CAN = b"\x01", b"\x02"
_NONCE, _THEIR_MAPPING, _THEIR_KEY, _THEIR_TOKEN = 0x80, 0x82, 0x84, 0x86
_OUR_MAPPING, _OUR_KEY, _OUR_TOKEN = 0x81, 0x83, 0x85
_CHAINED = 0x10
_REFUSED = frozenset({0x6300, 0x6982, 0x6988, 0x6985})


def best(offered: SecurityInfos) -> PaceInfo | None:
    """The strongest that this reader can do; None if there is none."""
    usable = [info for info in offered.pace if info.suite in SUITES and by_parameter(info.parameter)]
    return max(usable, key=lambda info: (info.suite, info.parameter == 13), default=None)


def password(key: Key) -> bytes:
    """The shared password of table 9303-11, 4.4.4.1: the CAN's digits, or the hash of the MRZ information."""
    if isinstance(key, Can):
        return key.digits.encode()
    return key.digest()


def token_data(protocol: bytes, public: bytes) -> bytes:
    """What an authentication token is made over: the other side's key with the protocol's identifier (4.4.3.4)."""
    return encode(0x7F49, encode(OID, protocol) + encode(0x86, public))


@dataclass(frozen=True, slots=True)
class Exchange:
    """One run with a chip. `draw` gives the secret scalars."""

    line: Line
    suite: Suite
    curve: Curve
    draw: Draw

    def nonce(self, key: Key) -> int:
        """The chip's nonce, encrypted with the password."""
        sealed = self._ask(b"", _NONCE)
        if not sealed or len(sealed) % self.suite.block:
            raise Failed(Code.malformed)
        opened = self.suite.decrypt(self.suite.derive(password(key), 3), bytes(self.suite.block), sealed)
        return int.from_bytes(opened)

    def generator(self, nonce: int) -> Point:
        """The generator of this run alone: nonce·G + H."""
        secret = self.draw(self.curve)
        ours = Ephemeral(self.curve, secret).public()
        theirs = self._other(self._ask(encode(_OUR_MAPPING, ours), _THEIR_MAPPING), ours)
        return self.curve.combine(nonce, self.curve.g, secret, theirs)

    def shared(self, generator: Point) -> tuple[bytes, bytes, bytes]:
        """The shared secret, our public key and the chip's."""
        secret = self.draw(self.curve)
        ours = self.curve.bytes_of(self.curve.multiply(secret, generator))
        data = self._ask(encode(_OUR_KEY, ours), _THEIR_KEY)
        theirs = self._other(data, ours)
        return Ephemeral(self.curve, secret).shared(theirs), ours, data

    def token(self, ours: bytes) -> bytes:
        """The chip's token, for ours."""
        return self._ask(encode(_OUR_TOKEN, ours), _THEIR_TOKEN, last=True)

    def _other(self, data: bytes, ours: bytes) -> Point:
        if data == ours:  # a mirror, not a chip
            raise Failed(Code.malformed)
        return self.curve.point_of(data)

    def _ask(self, data: bytes, wanted: int, *, last: bool = False) -> bytes:
        command = Command(0 if last else _CHAINED, 0x86, 0, 0, encode(_DYNAMIC, data), SHORT_ANSWER)
        answer = self.line.send(command)
        _accepted(answer, proof=last)
        return first(one(answer.data, _DYNAMIC).parts(), wanted)


def agree(
    line: Line, info: PaceInfo, key: Key, *, ambiguous: bool = False, draw: Draw = Curve.draw
) -> SecureMessaging | None:
    """The session's keys; None if the chip knows no such kind of password. `ambiguous`: it offers several curves.

    Raises `Failed`: access_denied for a wrong key; too_many_attempts if the chip has blocked it; malformed;
    secure_messaging if the chip's own proof is wrong.
    """
    suite, curve = SUITES[info.suite], by_parameter(info.parameter)
    if curve is None:
        raise Failed(Code.malformed)
    if not _announced(line, info, key, ambiguous=ambiguous):
        return None
    run = Exchange(line, suite, curve, draw)
    secret, ours, theirs = run.shared(run.generator(run.nonce(key)))
    encryption, authentication = suite.derive(secret, 1), suite.derive(secret, 2)
    proof = run.token(suite.token(authentication, token_data(info.protocol, theirs)))
    if not compare_digest(proof, suite.token(authentication, token_data(info.protocol, ours))):
        raise Failed(Code.secure_messaging)
    return SecureMessaging(suite, encryption, authentication)


def _announced(line: Line, info: PaceInfo, key: Key, *, ambiguous: bool) -> bool:
    """MSE:Set AT (4.4.4.1). The curve's id is required where there is a choice; some chips refuse it elsewhere."""
    data = encode(0x80, info.protocol) + encode(0x83, _CAN if isinstance(key, Can) else _MRZ)
    longer = data + encode(0x84, bytes([info.parameter]))
    answer = line.send(Command(0, 0x22, 0xC1, 0xA4, longer if ambiguous else data))
    if answer.status >> 8 in (0x6A, 0x67) and not ambiguous:
        answer = line.send(Command(0, 0x22, 0xC1, 0xA4, longer))
    if answer.status >> 8 == 0x6A:
        return False
    if answer.status >> 8 != 0x63:  # 63Cx: how many attempts are left
        _accepted(answer, proof=False)
    return True


def _accepted(answer: Answer, *, proof: bool) -> None:
    """`proof`: this was our token, so that every refusal means a wrong key."""
    if answer.status == BLOCKED:
        raise Failed(Code.too_many_attempts)
    if answer.status != OK and (proof or answer.status in _REFUSED or answer.status >> 8 == 0x63):
        raise Failed(Code.access_denied)
    if answer.status != OK:
        raise Failed(Code.malformed)
