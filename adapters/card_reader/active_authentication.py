"""Active authentication (ICAO 9303-11, 6.1): the chip signs our random number with DG15's private key."""

import hashlib
from hmac import compare_digest

from adapters.card_reader.curve import Curve
from adapters.card_reader.failure import Failed
from adapters.card_reader.public_key import EcKey, RsaKey, Unsupported
from adapters.card_reader.tlv import Tlv, parse

CHALLENGE = 8
#: Of ISO 9796-2: the last byte, or the one before a closing CC (ISO 10118-3).
_HASH_OF_TRAILER = {0x33: "sha1", 0x38: "sha224", 0x34: "sha256", 0x36: "sha384", 0x35: "sha512"}
_HASHES = ("sha256", "sha1", "sha224", "sha384", "sha512")
_IMPLICIT, _EXPLICIT = 0xBC, 0xCC
_PARTIAL_RECOVERY = 0x6A


def signed(key: EcKey | RsaKey | Unsupported, challenge: bytes, signature: bytes) -> bool | None:
    """Whether this key signed the challenge; None for a kind of key that we can't check. Raises nothing."""
    if isinstance(key, RsaKey):
        return _rsa(key, challenge, signature)
    if isinstance(key, EcKey):
        return _ecdsa(key, challenge, signature)
    return None


def _rsa(key: RsaKey, challenge: bytes, signature: bytes) -> bool:
    """ISO 9796-2, digital signature scheme 1 with partial recovery: M1 in the signature, M2 is the challenge."""
    number = int.from_bytes(signature)
    if len(signature) != _size(key) or number >= key.modulus:
        return False
    recovered = pow(number, key.exponent, key.modulus)
    if recovered & 0x0F != 0x0C:  # the signer may have given the smaller of s and n - s
        recovered = key.modulus - recovered
    return _recovered(recovered.to_bytes(_size(key)), challenge)


def _recovered(message: bytes, challenge: bytes) -> bool:
    """6A ‖ M1 ‖ hash(M1 ‖ M2) ‖ trailer."""
    if message[-1] == _IMPLICIT:
        name, trailer = "sha1", 1
    elif message[-1] == _EXPLICIT and message[-2] in _HASH_OF_TRAILER:
        name, trailer = _HASH_OF_TRAILER[message[-2]], 2
    else:
        return False
    size = hashlib.new(name).digest_size
    body = message[:-trailer]
    if body[0] != _PARTIAL_RECOVERY or len(body) <= 1 + size:
        return False
    digest = hashlib.new(name, body[1:-size] + challenge).digest()
    return compare_digest(digest, body[-size:])


def _ecdsa(key: EcKey, challenge: bytes, signature: bytes) -> bool:
    """DG14 may say which hash, and is not always there: any of the standard's will do, as the challenge is ours."""
    numbers = _plain(key.curve, signature) or _sequence(signature)
    if not numbers or not all(0 < number < key.curve.n for number in numbers):
        return False
    return any(_ecdsa_with(key, hashlib.new(name, challenge).digest(), *numbers) for name in _HASHES)


def _ecdsa_with(key: EcKey, digest: bytes, r: int, s: int) -> bool:
    """FIPS 186-5, 6.4.2."""
    curve = key.curve
    number = int.from_bytes(digest) >> max(0, 8 * len(digest) - curve.n.bit_length())
    inverse = pow(s, -1, curve.n)
    try:
        x, _ = curve.combine(number * inverse, curve.g, r * inverse, key.point)
    except Failed:
        return False
    return x % curve.n == r


def _plain(curve: Curve, signature: bytes) -> tuple[int, int] | None:
    """r ‖ s, both as long as the order (BSI TR-03111, 5.2.1)."""
    size = (curve.n.bit_length() + 7) // 8
    return (int.from_bytes(signature[:size]), int.from_bytes(signature[size:])) if len(signature) == 2 * size else None


def _sequence(signature: bytes) -> tuple[int, int] | None:
    """As X9.62 has it, which some chips give instead."""
    try:
        match parse(signature):
            case [Tlv(0x30) as whole]:
                match whole.parts():
                    case [Tlv(0x02, r), Tlv(0x02, s)]:
                        return int.from_bytes(r), int.from_bytes(s)
    except Failed:
        return None
    return None


def _size(key: RsaKey) -> int:
    return (key.modulus.bit_length() + 7) // 8
