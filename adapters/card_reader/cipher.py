"""The two families of ciphers of a chip: 3DES with the retail MAC, and AES with CMAC (ICAO 9303-11, 9.7 and 9.8)."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

_MAC = 8  # bytes of a MAC on the wire, in both families


class Suite(Protocol):
    """Cipher, MAC and key derivation that belong together. Data are whole blocks, except for `token`."""

    @property
    def block(self) -> int:
        """Bytes of a block, which is also the size of a send sequence counter."""

    def derive(self, secret: bytes, counter: int) -> bytes:
        """The key that 9303-11, 9.7.1 makes of a shared secret; counter 1: encryption, 2: MAC, 3: of a password."""

    def start(self, key: bytes, counter: bytes) -> bytes:
        """The initial vector of a message with this send sequence counter (9.8.6)."""

    def encrypt(self, key: bytes, start: bytes, data: bytes) -> bytes: ...

    def decrypt(self, key: bytes, start: bytes, data: bytes) -> bytes: ...

    def mac(self, key: bytes, data: bytes) -> bytes:
        """8 bytes over padded data."""

    def token(self, key: bytes, data: bytes) -> bytes:
        """The authentication token of PACE: 8 bytes over data of any length (4.4.3.4)."""


@dataclass(frozen=True, slots=True)
class TripleDes:
    """Two-key 3DES in CBC mode, retail MAC (ISO 9797-1, algorithm 3, padding 2). Old, but it is what BAC is made of."""

    block: int = 8

    def derive(self, secret: bytes, counter: int) -> bytes:
        return bytes(_odd(byte) for byte in _hash("sha1", secret, counter)[:16])

    def start(self, key: bytes, counter: bytes) -> bytes:  # noqa: ARG002 (AES needs both)
        return bytes(self.block)

    def encrypt(self, key: bytes, start: bytes, data: bytes) -> bytes:
        return _encrypt(TripleDES(key + key[:8]), start, data)

    def decrypt(self, key: bytes, start: bytes, data: bytes) -> bytes:
        return _decrypt(TripleDES(key + key[:8]), start, data)

    def mac(self, key: bytes, data: bytes) -> bytes:
        single = TripleDES(key[:8] * 3)
        before = _encrypt(single, bytes(8), data[:-8])[-8:] or bytes(8)
        return self.encrypt(key, before, data[-8:])

    def token(self, key: bytes, data: bytes) -> bytes:
        return self.mac(key, padded(data, self.block))


@dataclass(frozen=True, slots=True)
class Aes:
    """AES in CBC mode and CMAC cut to 8 bytes. `key_bytes`: 16, 24 or 32."""

    key_bytes: int
    block: int = 16

    def derive(self, secret: bytes, counter: int) -> bytes:
        return _hash("sha1" if self.key_bytes == 16 else "sha256", secret, counter)[: self.key_bytes]

    def start(self, key: bytes, counter: bytes) -> bytes:
        return _encrypt(algorithms.AES(key), bytes(self.block), counter)

    def encrypt(self, key: bytes, start: bytes, data: bytes) -> bytes:
        return _encrypt(algorithms.AES(key), start, data)

    def decrypt(self, key: bytes, start: bytes, data: bytes) -> bytes:
        return _decrypt(algorithms.AES(key), start, data)

    def mac(self, key: bytes, data: bytes) -> bytes:
        cmac = CMAC(algorithms.AES(key))
        cmac.update(data)
        return cmac.finalize()[:_MAC]

    def token(self, key: bytes, data: bytes) -> bytes:
        return self.mac(key, data)


TRIPLE_DES = TripleDes()

#: By the last number of the protocol's object identifier, the same for PACE and chip authentication.
SUITES: dict[int, Suite] = {1: TRIPLE_DES, 2: Aes(16), 3: Aes(24), 4: Aes(32)}


def padded(data: bytes, block: int) -> bytes:
    """A one bit, then zeros up to whole blocks (ISO 9797-1, padding method 2)."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpadded(data: bytes) -> bytes | None:
    """None if it is not padded like that."""
    body = data.rstrip(b"\x00")
    return body[:-1] if body.endswith(b"\x80") else None


def _hash(name: str, secret: bytes, counter: int) -> bytes:
    return hashlib.new(name, secret + counter.to_bytes(4)).digest()


def _odd(byte: int) -> int:
    """DES keys have an odd number of ones in every byte."""
    return byte if byte.bit_count() % 2 else byte ^ 1


def _encrypt(algorithm: BlockCipherAlgorithm, start: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithm, modes.CBC(start)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _decrypt(algorithm: BlockCipherAlgorithm, start: bytes, data: bytes) -> bytes:
    decryptor = Cipher(algorithm, modes.CBC(start)).decryptor()
    return decryptor.update(data) + decryptor.finalize()
