"""Keys for one card: OpenSSL computes with them where it knows the curve, our own arithmetic where it does not."""

from cryptography.hazmat.primitives.asymmetric import ec

from adapters.card_reader.curve import Curve, Point
from adapters.card_reader.failure import Code, Failed

_OPENSSL: dict[str, ec.EllipticCurve] = {
    curve.name: curve
    for curve in (
        ec.SECP224R1(), ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(),
        ec.BrainpoolP256R1(), ec.BrainpoolP384R1(), ec.BrainpoolP512R1(),
    )
}  # fmt: skip


class Ephemeral:
    """A secret scalar on a curve, drawn for one exchange."""

    def __init__(self, curve: Curve, scalar: int) -> None:
        self.curve, self.scalar = curve, scalar
        known = _OPENSSL.get(curve.name)
        self._key = ec.derive_private_key(scalar, known) if known else None

    def public(self) -> bytes:
        """The public key on the curve's own generator, 04 ‖ x ‖ y."""
        if self._key is None:
            return self.curve.bytes_of(self.curve.multiply(self.scalar, self.curve.g))
        numbers = self._key.public_key().public_numbers()
        return self.curve.bytes_of((numbers.x, numbers.y))

    def shared(self, other: Point) -> bytes:
        """The secret shared with the owner of a public key: the x coordinate (BSI TR-03111, 4.3.1).

        Raises `Failed(malformed)` if it would be the point at infinity.
        """
        if self._key is None:
            return self.curve.coordinate(self.curve.multiply(self.scalar, other)[0])
        try:
            theirs = ec.EllipticCurvePublicNumbers(*other, self._key.curve).public_key()
            return self._key.exchange(ec.ECDH(), theirs)
        except ValueError:
            raise Failed(Code.malformed) from None
