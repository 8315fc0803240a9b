"""The curves are those of the standards, and our arithmetic agrees with OpenSSL's where that has them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.card_reader.curve import Curve
from adapters.card_reader.domain_parameters import KNOWN, by_numbers, by_oid, by_parameter
from adapters.card_reader.ephemeral import Ephemeral
from adapters.card_reader.failure import Code, Failed
from tests.adapters.card_reader.chips import refusal

OPENSSL = {
    10: ec.SECP224R1(), 12: ec.SECP256R1(), 13: ec.BrainpoolP256R1(), 15: ec.SECP384R1(), 16: ec.BrainpoolP384R1(),
    17: ec.BrainpoolP512R1(), 18: ec.SECP521R1(),
}  # fmt: skip


@pytest.mark.parametrize("number", KNOWN)
def test_a_generator_generates(number: int) -> None:
    curve = KNOWN[number].curve
    assert curve.point_of(curve.bytes_of(curve.g)) == curve.g
    x, y = curve.multiply(curve.n - 1, curve.g)
    assert (x, curve.p - y) == curve.g
    with pytest.raises(Failed):
        curve.multiply(curve.n, curve.g)


@pytest.mark.parametrize("number", OPENSSL)
def test_openssl_comes_to_the_same(number: int) -> None:
    curve = KNOWN[number].curve
    ours, theirs = curve.draw(), ec.generate_private_key(OPENSSL[number])
    there = theirs.public_key().public_numbers()
    mine = ec.derive_private_key(ours, OPENSSL[number])
    assert curve.multiply(ours, curve.g) == (mine.public_key().public_numbers().x, mine.public_key().public_numbers().y)
    shared = curve.coordinate(curve.multiply(ours, (there.x, there.y))[0])
    assert shared == mine.exchange(ec.ECDH(), theirs.public_key())


@pytest.mark.parametrize("number", [8, 9, 11, 13, 14, 18])
def test_multiplying_is_adding_again_and_again(number: int) -> None:
    curve = KNOWN[number].curve
    assert curve.multiply(1, curve.g) == curve.g
    point = curve.g
    for times in range(2, 40):
        point = curve.combine(1, point, 1, curve.g)
        assert curve.multiply(times, curve.g) == point
    a, b = curve.draw(), curve.draw()
    assert curve.combine(a, curve.g, b, curve.g) == curve.multiply(a + b, curve.g)


def bytes_that_are_no_point(curve: Curve) -> list[bytes]:
    good = curve.bytes_of(curve.g)
    beyond = b"\x04" + (curve.g[0] + curve.p).to_bytes(curve.size + 1)[-curve.size :] + good[-curve.size :]
    off = good[:-1] + bytes([good[-1] ^ 1])
    return [b"", b"\x00", good[:-1], good + b"\x00", b"\x02" + good[1:], off, b"\x04" + bytes(2 * curve.size), beyond]


@pytest.mark.parametrize("number", KNOWN)
def test_a_point_beside_the_curve_is_refused(number: int) -> None:
    curve = KNOWN[number].curve
    for data in bytes_that_are_no_point(curve):
        assert refusal(curve.point_of, data) is Code.malformed


def test_a_curve_is_known_by_number_name_and_parameters() -> None:
    curve, oid = KNOWN[13]
    assert by_parameter(13) is by_oid(oid) is by_numbers(curve.p, curve.a, curve.b, curve.g[0], curve.n) is curve
    assert (
        by_parameter(0)
        is by_parameter(7)
        is by_oid(b"")
        is by_numbers(curve.p, curve.a, curve.b, curve.g[0], 7)
        is None
    )


@pytest.mark.parametrize("number", KNOWN)
def test_a_key_for_one_card_agrees_with_the_other_side(number: int) -> None:
    curve = KNOWN[number].curve
    one, other = Ephemeral(curve, curve.draw()), Ephemeral(curve, curve.draw())
    assert one.public() == curve.bytes_of(curve.multiply(one.scalar, curve.g))
    shared = curve.multiply(one.scalar, curve.point_of(other.public()))
    assert (
        one.shared(curve.point_of(other.public()))
        == other.shared(curve.point_of(one.public()))
        == curve.coordinate(shared[0])
    )
