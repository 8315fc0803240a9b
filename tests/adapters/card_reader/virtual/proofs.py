"""The card's side of chip and active authentication (ICAO 9303-11, 6)."""

from __future__ import annotations

import hashlib
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from adapters.card_reader.cipher import SUITES
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.messaging import CardMessaging, Refused
from tests.adapters.card_reader.virtual.personal import Personalised


def chip_keys(card: Personalised, suite_number: int, theirs: bytes) -> CardMessaging:
    """The session after chip authentication. Raises `Refused` if the card has no key, or is shown nonsense."""
    if card.chip_private_key is None:
        raise Refused(0x6A88)
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(card.chip_private_key.curve, theirs)
    except ValueError:
        raise Refused(0x6A80) from None
    shared = card.chip_private_key.exchange(ec.ECDH(), public)
    suite = SUITES[suite_number]
    return CardMessaging(suite, suite.derive(shared, 1), suite.derive(shared, 2))


def active_signature(card: Personalised, behaviour: Behaviour, challenge: bytes) -> bytes:
    """INTERNAL AUTHENTICATE. Raises `Refused` if the card has no key."""
    key = card.active_private_key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(challenge, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(size) + s.to_bytes(size)
    if isinstance(key, rsa.RSAPrivateKey):
        return _iso9796(key, behaviour, challenge)
    raise Refused(0x6A88)


def _iso9796(key: rsa.RSAPrivateKey, behaviour: Behaviour, challenge: bytes) -> bytes:
    """ISO 9796-2, scheme 1, with partial recovery."""
    name, trailer = ("sha1", b"\xbc") if behaviour.old_active else ("sha256", b"\x34\xcc")
    size = key.key_size // 8
    nonce = secrets.token_bytes(size - 1 - hashlib.new(name).digest_size - len(trailer))
    message = b"\x6a" + nonce + hashlib.new(name, nonce + challenge).digest() + trailer
    numbers = key.private_numbers()
    number, p, q = int.from_bytes(message), numbers.p, numbers.q
    of_q = pow(number, numbers.dmq1, q)
    signature = of_q + (pow(number, numbers.dmp1, p) - of_q) * numbers.iqmp % p * q
    if behaviour.negative_active:
        signature = numbers.public_numbers.n - signature
    return signature.to_bytes(size)
