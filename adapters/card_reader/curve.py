"""Arithmetic on an elliptic curve, for what libraries don't offer: PACE needs whole points, on a generator of its own.

Not constant in time: that Python can't be. Every secret scalar here is drawn for one card and used once; where a
library does it, `ephemeral.py` leaves it to that.
"""

import secrets
from dataclasses import dataclass

from adapters.card_reader.failure import Code, Failed

Point = tuple[int, int]
_Jacobian = tuple[int, int, int]
_INFINITY: _Jacobian = (1, 1, 0)
_WINDOW = 5
_UNCOMPRESSED = 0x04


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ + ax + b over the prime field p; `g` generates the group of prime order `n` (cofactor 1)."""

    name: str
    p: int
    a: int
    b: int
    g: Point
    n: int

    @property
    def size(self) -> int:
        """Bytes of one coordinate."""
        return (self.p.bit_length() + 7) // 8

    def point_of(self, data: bytes) -> Point:
        """The point in 04 ‖ x ‖ y. Raises `Failed(malformed)` unless it is on the curve (of cofactor 1)."""
        x, y = int.from_bytes(data[1 : 1 + self.size]), int.from_bytes(data[1 + self.size :])
        if len(data) != 1 + 2 * self.size or data[0] != _UNCOMPRESSED or max(x, y) >= self.p:
            raise Failed(Code.malformed)
        if (y * y - (x * x + self.a) * x - self.b) % self.p:
            raise Failed(Code.malformed)
        return x, y

    def bytes_of(self, point: Point) -> bytes:
        """04 ‖ x ‖ y."""
        return bytes([_UNCOMPRESSED]) + self.coordinate(point[0]) + self.coordinate(point[1])

    def coordinate(self, number: int) -> bytes:
        return number.to_bytes(self.size)

    def draw(self) -> int:
        """A secret scalar from 1 to n - 1."""
        return secrets.randbelow(self.n - 1) + 1

    def multiply(self, scalar: int, point: Point) -> Point:
        """Raises `Failed(malformed)` if the result is the point at infinity: an honest card never leads there."""
        return self._affine(self._total((scalar % self.n, point)))

    def combine(self, scalar: int, point: Point, other_scalar: int, other: Point) -> Point:
        """scalar·point + other_scalar·other. Raises as `multiply`."""
        return self._affine(self._total((scalar % self.n, point), (other_scalar % self.n, other)))

    def _total(self, *terms: tuple[int, Point]) -> _Jacobian:
        """The sum of all scalar·point, doubling once for all of them together."""
        columns = [(_signed_digits(scalar), self._odd_multiples(point)) for scalar, point in terms]
        total = _INFINITY
        for place in reversed(range(max(len(digits) for digits, _ in columns))):
            total = self._double(total)
            for digits, odd in columns:
                digit = digits[place] if place < len(digits) else 0
                if digit > 0:
                    total = self._sum(total, odd[digit >> 1])
                elif digit < 0:
                    x, y, z = odd[-digit >> 1]
                    total = self._sum(total, (x, -y % self.p, z))
        return total

    def _odd_multiples(self, point: Point) -> list[_Jacobian]:
        """1, 3, 5 … times the point, as many as a window needs."""
        once: _Jacobian = (*point, 1)
        twice = self._double(once)
        multiples = [once]
        for _ in range((1 << (_WINDOW - 2)) - 1):
            multiples.append(self._sum(multiples[-1], twice))
        return multiples

    def _double(self, point: _Jacobian) -> _Jacobian:
        x, y, z = point
        if not z or not y:
            return _INFINITY
        p = self.p
        yy, zz = y * y % p, z * z % p
        s = 4 * x * yy % p
        m = (3 * (x - zz) * (x + zz) if self.a == p - 3 else 3 * x * x + self.a * (zz * zz % p)) % p
        x3 = (m * m - 2 * s) % p
        return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p

    def _sum(self, one: _Jacobian, two: _Jacobian) -> _Jacobian:
        (x1, y1, z1), (x2, y2, z2) = one, two
        if not z1:
            return two
        if not z2:
            return one
        p = self.p
        zz1, zz2 = z1 * z1 % p, z2 * z2 % p
        u1, s1 = x1 * zz2 % p, y1 * z2 * zz2 % p
        h, r = (x2 * zz1 - u1) % p, (y2 * z1 * zz1 - s1) % p
        if not h:
            return _INFINITY if r else self._double(one)
        hh = h * h % p
        hhh, v = h * hh % p, u1 * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return x3, (r * (v - x3) - s1 * hhh) % p, z1 * z2 * h % p

    def _affine(self, point: _Jacobian) -> Point:
        x, y, z = point
        if not z:
            raise Failed(Code.malformed)
        inverse = pow(z, -1, self.p)
        square = inverse * inverse % self.p
        return x * square % self.p, y * square * inverse % self.p


def _signed_digits(scalar: int) -> list[int]:
    """The scalar in non-adjacent form with windows, the lowest digit first: few digits are not 0, those are odd."""
    digits = []
    whole, half = 1 << _WINDOW, 1 << (_WINDOW - 1)
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar & (whole - 1)
            digit -= whole if digit >= half else 0
            scalar -= digit
        digits.append(digit)
        scalar >>= 1
    return digits
