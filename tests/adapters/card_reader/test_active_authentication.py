"""Active authentication: signatures of real chips are taken in all their forms, and no others."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.card_reader.active_authentication import signed
from adapters.card_reader.failure import Failed
from adapters.card_reader.public_key import EcKey, RsaKey, Unsupported, public_key
from tests.adapters.card_reader.chips import CAN, card, chip
from tests.adapters.card_reader.virtual.behaviour import Behaviour

CHALLENGE = bytes.fromhex("F173589974BF40C6")
RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 (old cards have such keys)
SHA1 = hashes.SHA1()  # noqa: S303 (old cards sign with it)
EC = ec.generate_private_key(ec.BrainpoolP256R1())
TRAILERS = {
    "sha1": [b"\xbc", b"\x33\xcc"],
    "sha224": [b"\x38\xcc"],
    "sha256": [b"\x34\xcc"],
    "sha384": [b"\x36\xcc"],
    "sha512": [b"\x35\xcc"],
}


def key_of(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> EcKey | RsaKey | Unsupported:
    return public_key(private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def iso9796(name: str, trailer: bytes, challenge: bytes = CHALLENGE, head: bytes = b"\x6a") -> bytes:
    nonce = bytes(range(126))[: 127 - hashlib.new(name).digest_size - len(trailer)]
    message = head + nonce + hashlib.new(name, nonce + challenge).digest() + trailer
    numbers = RSA.private_numbers()
    return pow(int.from_bytes(message), numbers.d, numbers.public_numbers.n).to_bytes(128)


@pytest.mark.parametrize(
    ("name", "trailer"), [(name, trailer) for name, all_of in TRAILERS.items() for trailer in all_of]
)
def test_rsa_signatures_with_every_hash_are_taken(name: str, trailer: bytes) -> None:
    signature = iso9796(name, trailer)
    assert signed(key_of(RSA), CHALLENGE, signature) is True
    other = (RSA.public_key().public_numbers().n - int.from_bytes(signature)).to_bytes(128)
    assert signed(key_of(RSA), CHALLENGE, other) is True


@pytest.mark.parametrize(
    "signature",
    [
        iso9796("sha256", b"\x34\xcc", bytes(8)),
        iso9796("sha256", b"\x35\xcc"),
        iso9796("sha256", b"\xbc"),
        iso9796("sha256", b"\x34\xcc", head=b"\x4a"),
        b"",
        b"\x00" * 128,
        b"\x01".rjust(128, b"\x00"),
        b"\xff" * 128,
        iso9796("sha1", b"\xbc")[:-1],
        b"\x00" + iso9796("sha1", b"\xbc"),
    ],
    ids=[
        "another challenge",
        "another hash's trailer",
        "sha1's trailer",
        "not recoverable",
        "nothing",
        "zeros",
        "one",
        "ones",
        "short",
        "long",
    ],  # the signatures are other ones in each process
)
def test_other_rsa_signatures_are_not(signature: bytes) -> None:
    assert signed(key_of(RSA), CHALLENGE, signature) is False


@pytest.mark.parametrize("digest", [SHA1, hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
@pytest.mark.parametrize("curve", [ec.BrainpoolP256R1(), ec.SECP224R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_ecdsa_signatures_with_every_hash_are_taken(curve: ec.EllipticCurve, digest: hashes.HashAlgorithm) -> None:
    private = ec.generate_private_key(curve)
    signature = private.sign(CHALLENGE, ec.ECDSA(digest))
    assert signed(key_of(private), CHALLENGE, signature) is True
    assert signed(key_of(private), bytes(8), signature) is False
    assert signed(key_of(EC), CHALLENGE, signature) is False


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=80) | st.binary(min_size=64, max_size=64))
def test_any_other_bytes_are_no_signature(signature: bytes) -> None:
    assert signed(key_of(EC), CHALLENGE, signature) is False
    assert signed(key_of(RSA), CHALLENGE, signature) is False


def test_the_edges_of_ecdsa_are_refused() -> None:
    order = EC.public_key().curve
    n = 0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7
    assert order.name == "brainpoolP256r1"
    for r, s in ((0, 1), (1, 0), (0, 0), (n, 1), (1, n), (n + 1, n + 1), (1, 1)):
        assert signed(key_of(EC), CHALLENGE, r.to_bytes(32) + s.to_bytes(32)) is False


@pytest.mark.parametrize(
    "behaviour", [Behaviour(), Behaviour(old_active=True), Behaviour(negative_active=True), Behaviour(extended=False)]
)
def test_a_chip_signs_whatever_its_habits(behaviour: Behaviour) -> None:
    one = card(active="rsa")
    read = chip(one, behaviour)
    read.open(CAN)
    assert read.authenticate_actively(one.groups[15]) is True


def test_a_key_of_another_kind_is_not_checked() -> None:
    assert signed(Unsupported(), CHALLENGE, b"") is None


@pytest.mark.parametrize("place", range(0, 160, 3))
def test_an_altered_key_is_refused_or_another_key(place: int) -> None:
    info = bytearray(RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    info[place] ^= 0x55
    try:
        key = public_key(bytes(info))
    except Failed:
        return
    assert signed(key, CHALLENGE, iso9796("sha1", b"\xbc")) is not True
