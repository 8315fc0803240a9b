"""Chip authentication (ICAO 9303-11, 6.2; BSI TR-03110-1, 3.4): only the chip with DG14's key can go on talking."""

from collections.abc import Callable
from typing import NamedTuple

from adapters.card_reader.apdu import OK, SHORT_ANSWER, Command
from adapters.card_reader.cipher import SUITES
from adapters.card_reader.curve import Curve
from adapters.card_reader.ephemeral import Ephemeral
from adapters.card_reader.line import Line
from adapters.card_reader.secure_messaging import SecureMessaging, Unprotected
from adapters.card_reader.security_infos import ChipKey, SecurityInfos
from adapters.card_reader.tlv import encode

_TRIPLE_DES_ONLY = bytes.fromhex("04007F00070202030201")
_TRIPLE_DES = 1
_KEY_ID = 0x84


class Offer(NamedTuple):
    protocol: bytes
    suite: int
    key: ChipKey
    #: Told to the chip, if it numbers its keys.
    key_id: int | None


def best(infos: SecurityInfos) -> Offer | None:
    """The strongest cipher for which DG14 has a key; None if it has none on a curve."""
    offers = []
    for info in infos.chip:
        key = _key(infos.keys, info.key_id)
        if key and info.suite in SUITES:
            offers.append(Offer(info.protocol, info.suite, key, key.key_id if info.key_id is None else info.key_id))
    if not infos.chip and infos.keys:  # then it is 3DES (9303-11, 9.2.5)
        offers.append(Offer(_TRIPLE_DES_ONLY, _TRIPLE_DES, infos.keys[0], infos.keys[0].key_id))
    return max(offers, key=lambda offer: offer.suite, default=None)


def _key(keys: tuple[ChipKey, ...], wanted: int | None) -> ChipKey | None:
    """The key with this id. A single key is meant whatever the ids say: real cards number only one of the two lists."""
    if len(keys) == 1:
        return keys[0]
    return next((key for key in keys if key.key_id == wanted), None)


def agree(line: Line, offer: Offer, draw: Callable[[Curve], int] = Curve.draw) -> SecureMessaging | None:
    """The keys for the rest of the session, which prove nothing before they are used; None if the chip refuses.

    Raises `Failed`: what the line raises.
    """
    curve, point = offer.key.key
    secret = Ephemeral(curve, draw(curve))
    if not _told(line, offer, secret.public()):
        return None
    suite, shared = SUITES[offer.suite], secret.shared(point)
    return SecureMessaging(suite, suite.derive(shared, 1), suite.derive(shared, 2))


def _told(line: Line, offer: Offer, ours: bytes) -> bool:
    try:
        return _accepted(line, offer, ours)
    except Unprotected as bare:
        if bare.refused:
            return False
        raise


def _accepted(line: Line, offer: Offer, ours: bytes) -> bool:
    """3DES chips take the key in MSE:Set KAT; the others, and 3DES chips that don't know it, in two steps."""
    number = b"" if offer.key_id is None else encode(_KEY_ID, _unsigned(offer.key_id))
    if offer.suite == _TRIPLE_DES:
        status = line.send(Command(0, 0x22, 0x41, 0xA6, encode(0x91, ours) + number)).status
        if status == OK or status >> 8 == 0x63:
            return status == OK
    if line.send(Command(0, 0x22, 0x41, 0xA4, encode(0x80, offer.protocol) + number)).status != OK:
        return False
    return line.send(Command(0, 0x86, 0, 0, encode(0x7C, encode(0x80, ours)), SHORT_ANSWER)).status == OK


def _unsigned(number: int) -> bytes:
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8))
