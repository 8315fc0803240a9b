"""Public keys as DG14 and DG15 hold them: SubjectPublicKeyInfo with a named, numbered or spelt-out curve, or RSA."""

from typing import NamedTuple

from adapters.card_reader.curve import Curve, Point
from adapters.card_reader.domain_parameters import by_numbers, by_oid, by_parameter
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.tlv import Tlv, one, parse

INTEGER, BIT_STRING, OCTET_STRING, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
_RSA = bytes.fromhex("2A864886F70D010101")
_EC = bytes.fromhex("2A8648CE3D0201")
_NUMBERED = bytes.fromhex("04007F00070102")  # BSI TR-03110-3, A.2.1.1: standardizedDomainParameters
_MOST_BITS = 8192  # a longer modulus would keep us busy, and no card has it
_MOST_EXPONENT_BITS = 64


class EcKey(NamedTuple):
    curve: Curve
    point: Point


class RsaKey(NamedTuple):
    modulus: int
    exponent: int


class Unsupported(NamedTuple):
    """A key of another kind, such as DH, or on a curve that is not the standard's."""


def public_key(info: bytes) -> EcKey | RsaKey | Unsupported:
    """The key in a SubjectPublicKeyInfo (DER). Raises `Failed(malformed)`."""
    match one(info, SEQUENCE).parts():
        case [Tlv(0x30) as algorithm, Tlv(0x03, bits)] if bits[:1] == b"\x00":
            return _key(algorithm.parts(), bits[1:])
    raise Failed(Code.malformed)


def _key(algorithm: list[Tlv], bits: bytes) -> EcKey | RsaKey | Unsupported:
    match algorithm:
        case [Tlv(0x06, oid), *_] if oid == _RSA:
            return _rsa(bits)
        case [Tlv(0x06, oid), parameters] if oid in (_EC, _NUMBERED):
            curve = _curve(parameters)
            return EcKey(curve, curve.point_of(bits)) if curve else Unsupported()
        case [Tlv(0x06), *_]:
            return Unsupported()
    raise Failed(Code.malformed)


def _rsa(bits: bytes) -> RsaKey:
    match one(bits, SEQUENCE).parts():
        case [Tlv(0x02, modulus), Tlv(0x02, exponent)]:
            key = RsaKey(int.from_bytes(modulus), int.from_bytes(exponent))
            odd = key.modulus & key.exponent & 1
            if (
                odd
                and 512 <= key.modulus.bit_length() <= _MOST_BITS
                and 1 < key.exponent.bit_length() <= _MOST_EXPONENT_BITS
            ):
                return key
    raise Failed(Code.malformed)


def _curve(parameters: Tlv) -> Curve | None:
    """None for a curve that is not one of the standard's."""
    match parameters:
        case Tlv(0x06, oid):
            return by_oid(oid)
        case Tlv(0x02, number):
            return by_parameter(int.from_bytes(number))
        case Tlv(0x30, spelt):
            return _spelt_out(parse(spelt))
    raise Failed(Code.malformed)


def _spelt_out(parts: list[Tlv]) -> Curve | None:
    """ECParameters (RFC 3279, 2.3.5): version, field, coefficients, base point, order and perhaps cofactor."""
    match parts:
        case [Tlv(0x02), Tlv(0x30) as field, Tlv(0x30) as coefficients, Tlv(0x04, base), Tlv(0x02, order), *_]:
            match [*field.parts(), *coefficients.parts()]:
                case [Tlv(0x06), Tlv(0x02, p), Tlv(0x04, a), Tlv(0x04, b), *_]:
                    size = len(p.lstrip(b"\x00"))
                    numbers = (int.from_bytes(number) for number in (p, a, b, base[1 : 1 + size], order))
                    return by_numbers(*numbers)
    raise Failed(Code.malformed)
