"""Chip authentication with every cipher, from DG14 in all its forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.card_reader import chip_authentication
from adapters.card_reader.domain_parameters import KNOWN
from adapters.card_reader.failure import Code
from adapters.card_reader.security_infos import in_group, security_infos
from adapters.card_reader.tlv import encode
from tests.adapters.card_reader.chips import CAN, MRZ, card, chip, info, refusal, with_files
from tests.adapters.card_reader.virtual.behaviour import GENUINE, Behaviour
from tests.adapters.card_reader.virtual.personal import Personalised

CA, PK, PK_DH = "04007F000702020302", "04007F000702020102", "04007F000702020101"
KEY = ec.generate_private_key(ec.BrainpoolP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def spelt_out(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The same with all parameters of the curve, as ICAO 9303-12 wants it."""
    curve = KNOWN[13].curve
    field = encode(0x30, encode(0x06, bytes.fromhex("2A8648CE3D0101")) + _integer(curve.p))
    coefficients = encode(0x30, encode(0x04, curve.a.to_bytes(32)) + encode(0x04, curve.b.to_bytes(32)))
    parameters = (
        encode(0x02, b"\x01") + field + coefficients + encode(0x04, curve.bytes_of(curve.g)) + _integer(curve.n)
    )
    return _info_of(
        key, encode(0x06, bytes.fromhex("2A8648CE3D0201")) + encode(0x30, parameters + encode(0x02, b"\x01"))
    )


def _integer(number: int) -> bytes:
    return encode(0x02, b"\x00" + number.to_bytes(32))


def numbered(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The same with the number of the curve alone (BSI TR-03110-3, A.2.1.1)."""
    return _info_of(key, encode(0x06, bytes.fromhex("04007F00070102")) + encode(0x02, b"\x0d"))


def _info_of(key: ec.EllipticCurvePrivateKey, algorithm: bytes) -> bytes:
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return encode(0x30, encode(0x30, algorithm) + encode(0x03, b"\x00" + point))


def public(key: bytes, key_id: int | None = None) -> bytes:
    number = b"" if key_id is None else encode(0x02, bytes([key_id]))
    return encode(0x30, encode(0x06, bytes.fromhex(PK)) + key + number)


def with_dg14(*infos: bytes, key: ec.EllipticCurvePrivateKey | None = KEY) -> Personalised:
    one = with_files(card(), {0x010E: encode(0x6E, encode(0x31, b"".join(infos)))})
    return replace(one, chip_private_key=key)


def proof(one: Personalised, behaviour: Behaviour = GENUINE) -> bool | None:
    read = chip(one, behaviour)
    read.open(MRZ)
    found = read.authenticate_chip(one.groups[14])
    if found:
        assert read.read(13) == one.groups[13]
    return found


@pytest.mark.parametrize(
    "behaviour", [GENUINE, Behaviour(pace=False), Behaviour(extended=False), Behaviour(no_set_kat=True)]
)
@pytest.mark.parametrize("suite", [1, 2, 3, 4])
def test_every_cipher_proves_the_chip(suite: int, behaviour: Behaviour) -> None:
    assert proof(with_dg14(public(spki(KEY)), info(f"{CA}0{suite}", 1)), behaviour) is True
    assert proof(with_dg14(public(spki(KEY)), info(f"{CA}0{suite}", 1), key=OTHER), behaviour) is False
    assert proof(with_dg14(public(spki(KEY)), info(f"{CA}0{suite}", 1), key=None), behaviour) is False


@pytest.mark.parametrize("suite", [1, 2])
def test_a_copy_without_the_key_may_say_so_in_the_open(suite: int) -> None:
    copy = with_dg14(public(spki(KEY)), info(f"{CA}0{suite}", 1), key=None)
    assert proof(copy, Behaviour(bare_errors=True)) is False


def test_a_curve_of_its_own_is_not_used() -> None:
    private = ec.generate_private_key(ec.SECP256K1())
    assert proof(with_dg14(public(spki(private)), info(CA + "02", 1), key=private)) is None


@pytest.mark.parametrize("form", [spki, spelt_out, numbered])
def test_the_key_may_come_in_every_form(form: Callable[[ec.EllipticCurvePrivateKey], bytes]) -> None:
    assert proof(with_dg14(info(CA + "02", 1), public(form(KEY)))) is True


@pytest.mark.parametrize(
    "key", [ec.SECP256R1(), ec.SECP384R1(), ec.BrainpoolP384R1(), ec.BrainpoolP512R1(), ec.SECP521R1()]
)
def test_the_key_may_be_on_every_curve(key: ec.EllipticCurve) -> None:
    private = ec.generate_private_key(key)
    assert proof(with_dg14(public(spki(private)), info(CA + "04", 1), key=private)) is True


def test_keys_with_numbers_are_told_apart() -> None:
    infos = [public(spki(OTHER), 1), public(spki(KEY), 2), info(CA + "01", 1, 1), info(CA + "02", 1, 2)]
    for order in (infos, infos[::-1]):
        assert proof(with_dg14(*order)) is True


@pytest.mark.parametrize(
    "infos", [[public(spki(KEY), 7), info(CA + "02", 1)], [public(spki(KEY)), info(CA + "02", 1, 7)]]
)
def test_one_list_may_number_the_only_key_and_the_other_not(infos: list[bytes]) -> None:
    assert proof(with_dg14(*infos)) is True


def test_a_key_without_a_protocol_means_triple_des() -> None:
    assert proof(with_dg14(public(spki(KEY)))) is True
    assert proof(with_dg14(public(spki(KEY)), key=OTHER)) is False


@pytest.mark.parametrize(
    "infos",
    [
        [],
        [info(CA + "02", 1)],
        [info("04007F00070202030102", 1)],
        [public(spki(KEY), 1), public(spki(KEY), 2), info(CA + "02", 1, 9)],
    ],
)
def test_without_a_key_for_it_it_is_not_done(infos: list[bytes]) -> None:
    assert proof(with_dg14(*infos)) is None


def test_what_is_no_dg14_is_malformed() -> None:
    read = chip(card())
    read.open(CAN)
    off_curve = bytearray(public(spki(KEY)))
    off_curve[-1] ^= 1
    for dg14 in (b"", b"\x6e\x00", b"\x6f\x02\x31\x00", encode(0x6E, encode(0x31, bytes(off_curve)))):
        assert refusal(read.authenticate_chip, dg14) is Code.malformed


def test_the_published_form_of_dg14_offers_aes() -> None:
    offer = chip_authentication.best(security_infos(in_group(card().groups[14], 0x6E)))
    assert offer is not None
    assert (offer.suite, offer.key_id) == (2, None)
