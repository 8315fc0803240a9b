"""The ways in which real cards are signed, also the rare ones, and the ways in which none may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, cms, keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters.card_reader.certificate import moment
from adapters.card_reader.curve import Curve
from adapters.card_reader.domain_parameters import by_parameter
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.passive import check
from adapters.card_reader.signature import public_key, scheme_of
from adapters.card_reader.tlv import one
from adapters.card_reader.trust import Revocation, load_trust
from tests.adapters.card_reader.virtual.groups import dg1, wrap
from tests.adapters.card_reader.virtual.issuing import NOW, Issuer, Signing, authority, signer
from tests.adapters.card_reader.virtual.personal import MINH, mrz_lines
from tests.adapters.card_reader.virtual.signing import attributes_of, lds_security_object, sod

GROUPS = {1: dg1(mrz_lines(MINH))}
CONTENT = lds_security_object(GROUPS)
BRAINPOOL, OTHER = 13, 12


def verdict(folder: Path, csca: Issuer, sod_file: bytes) -> Code | Revocation:
    (folder / "csca.der").write_bytes(csca.der)
    try:
        return check(sod_file, GROUPS, load_trust(folder), NOW).revocation
    except Failed as failed:
        return failed.code


def resigned(issuer: Issuer, by: Signing, **parts: Any) -> Issuer:
    """The certificate once more, with other parts, signed again."""
    parsed = asn1_x509.Certificate.load(issuer.der).copy()
    for name, value in parts.items():
        parsed["tbs_certificate"][name] = value
    parsed["signature_value"] = by.sign(parsed["tbs_certificate"].dump(force=True))
    return replace(issuer, certificate=_Given(parsed.dump(force=True)))  # type: ignore[arg-type]


class _Given(bytes):
    """A certificate that is only bytes: `cryptography` takes no certificate like these."""

    def public_bytes(self, _: object) -> bytes:
        return bytes(self)


def number(value: int) -> bytes:
    return wrap(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def spelt_out(key: ec.EllipticCurvePrivateKey, curve: Curve) -> keys.PublicKeyInfo:
    """The key with its curve written out in numbers instead of named (RFC 3279, 2.3.5)."""
    field = wrap(0x30, wrap(0x06, bytes.fromhex("2A8648CE3D0101")), number(curve.p))
    coefficients = wrap(0x30, wrap(0x04, curve.coordinate(curve.a)), wrap(0x04, curve.coordinate(curve.b)))
    base = wrap(0x04, curve.bytes_of(curve.g))
    parameters = wrap(0x30, number(1), field, coefficients, base, number(curve.n), number(1))
    point = key.public_key().public_numbers()
    bits = wrap(0x03, b"\x00" + curve.bytes_of((point.x, point.y)))
    algorithm = wrap(0x30, wrap(0x06, bytes.fromhex("2A8648CE3D0201")), parameters)
    return keys.PublicKeyInfo.load(wrap(0x30, algorithm, bits))


def curve_of(parameter: int) -> Curve:
    curve = by_parameter(parameter)
    assert curve is not None
    return curve


def key_of(issuer: Issuer) -> ec.EllipticCurvePrivateKey:
    assert isinstance(issuer.by.key, ec.EllipticCurvePrivateKey)
    return issuer.by.key


def test_curves_that_are_spelt_out_are_taken_if_they_are_standard_ones(tmp_path: Path) -> None:
    known, by = authority(), signer(authority())
    spelt = resigned(known, known.by, subject_public_key_info=spelt_out(key_of(known), curve_of(BRAINPOOL)))
    spelt_signer = resigned(by, known.by, subject_public_key_info=spelt_out(key_of(by), curve_of(BRAINPOOL)))
    assert verdict(tmp_path, spelt, sod(spelt_signer, CONTENT)) is Revocation.unchecked


def test_a_curve_with_a_generator_of_the_forgers_own_is_refused(tmp_path: Path) -> None:
    """With his own generator (here: the authority's public point) a forger knows a private key for any public one."""
    known, by = authority(), signer(authority())
    point = key_of(known).public_key().public_numbers()
    chosen = replace(curve_of(BRAINPOOL), g=(point.x, point.y))
    forged = resigned(by, known.by, subject_public_key_info=spelt_out(key_of(by), chosen))
    assert verdict(tmp_path, known, sod(forged, CONTENT)) is Code.malformed
    (tmp_path / "forged.der").write_bytes(
        resigned(known, known.by, subject_public_key_info=spelt_out(key_of(known), chosen)).der
    )
    assert [problem.split(":")[0] for problem in load_trust(tmp_path).problems] == ["forged.der"]


def test_a_point_of_another_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="standard curve"):
        public_key(spelt_out(key_of(authority()), curve_of(OTHER)))


def altered(sod_file: bytes, **parts: Any) -> bytes:
    """The SOD with other parts in its signer information: none of them is under the signature."""
    signed = cms.ContentInfo.load(one(sod_file, 0x77).value)["content"].copy()
    for name, value in parts.items():
        signed["signer_infos"][0][name] = value
    return wrap(0x77, cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump(force=True))


def test_the_signer_may_be_named_by_its_key(tmp_path: Path) -> None:
    known, by = authority(), signer(authority())
    identifier = asn1_x509.Certificate.load(by.der).key_identifier
    named = altered(sod(by, CONTENT), sid=cms.SignerIdentifier("subject_key_identifier", identifier))
    assert verdict(tmp_path, known, named) is Revocation.unchecked
    other = altered(sod(by, CONTENT), sid=cms.SignerIdentifier("subject_key_identifier", cms.OctetString(bytes(20))))
    assert verdict(tmp_path, known, other) is Code.malformed


@pytest.mark.parametrize(("kind", "bare"), [("rsa", "1.2.840.113549.1.1.1"), ("brainpool", "1.2.840.10045.2.1")])
def test_an_algorithm_may_leave_the_hash_to_the_one_named_beside_it(kind: str, bare: str, tmp_path: Path) -> None:
    known = authority(kind, f"bare {kind}")
    left = altered(sod(signer(known), CONTENT), signature_algorithm=algos.SignedDigestAlgorithm({"algorithm": bare}))
    assert verdict(tmp_path, known, left) is Revocation.unchecked


@pytest.mark.parametrize("kind", ["rsa", "pss", "brainpool"])
@pytest.mark.parametrize(
    "claimed", ["sha256_rsa", "sha512_rsa", "sha256_ecdsa", "sha1_ecdsa", "sha256_dsa", "ed25519", "md5_rsa"]
)
def test_a_signature_of_another_kind_than_it_says_is_no_signature(kind: str, claimed: str, tmp_path: Path) -> None:
    known = authority(kind, f"claimed {kind}")
    algorithm = algos.SignedDigestAlgorithm({"algorithm": claimed})
    found = verdict(tmp_path, known, altered(sod(signer(known), CONTENT), signature_algorithm=algorithm))
    if (kind, claimed) in (("rsa", "sha256_rsa"), ("brainpool", "sha256_ecdsa")):
        assert found is Revocation.unchecked
    else:
        assert found in (Code.sod_signature, Code.malformed)


def test_a_content_that_is_only_bound_by_a_broken_hash_is_not_taken(tmp_path: Path) -> None:
    known = authority()
    by_md5 = sod(signer(known), CONTENT, attributes_of(CONTENT, "md5"))
    assert verdict(tmp_path, known, altered(by_md5, digest_algorithm={"algorithm": "md5"})) is Code.malformed


def pss(**parts: Any) -> algos.SignedDigestAlgorithm:
    own = {
        "hash_algorithm": {"algorithm": "sha256"},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
        "salt_length": 32,
    }
    return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": {**own, **parts}})


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"salt_length": 20}, Code.sod_signature),
        ({"salt_length": 10**9}, Code.sod_signature),
        ({"hash_algorithm": {"algorithm": "sha512"}}, Code.sod_signature),
        ({"hash_algorithm": {"algorithm": "md5"}}, Code.malformed),
        ({"mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha1"}}}, Code.sod_signature),
        ({"trailer_field": 2}, Code.malformed),
        ({"salt_length": -1}, Code.malformed),
    ],
)
def test_other_parameters_of_pss_than_those_it_was_made_with_are_refused(
    parts: dict[str, Any], code: Code, tmp_path: Path
) -> None:
    known = authority("pss", "csca pss")
    signed = sod(signer(known), CONTENT)
    assert verdict(tmp_path, known, altered(signed, signature_algorithm=pss())) is Revocation.unchecked
    assert verdict(tmp_path, known, altered(signed, signature_algorithm=pss(**parts))) is code


def test_pss_without_parameters_is_refused() -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        scheme_of(
            algos.SignedDigestAlgorithm.load(wrap(0x30, wrap(0x06, bytes.fromhex("2A864886F70D01010A")))), "sha256"
        )


def test_an_authority_that_signed_itself_with_a_broken_hash_is_not_taken(tmp_path: Path) -> None:
    known = authority("pss", "csca pss")
    parsed = asn1_x509.Certificate.load(known.der).copy()
    parsed["tbs_certificate"]["signature"] = parsed["signature_algorithm"] = pss(hash_algorithm={"algorithm": "md5"})
    (tmp_path / "csca.der").write_bytes(parsed.dump(force=True))
    trust = load_trust(tmp_path)
    assert trust.authorities == ()
    assert [problem.split(":")[0] for problem in trust.problems] == ["csca.der", tmp_path.name]


def test_an_authority_signs_no_documents_whatever_its_certificate_allows_it(tmp_path: Path) -> None:
    both = authority(label="both", uses=["key_cert_sign", "digital_signature"])
    assert verdict(tmp_path, both, sod(signer(both), CONTENT)) is Revocation.unchecked
    assert verdict(tmp_path, both, sod(both, CONTENT)) is Code.sod_signature


def without(issuer: Issuer, by: Signing, extension: str) -> Issuer:
    """The certificate once more, without one of its extensions."""
    extensions = asn1_x509.Certificate.load(issuer.der)["tbs_certificate"]["extensions"]
    return resigned(issuer, by, extensions=[each for each in extensions if each["extn_id"].native != extension])


def test_a_certificate_that_says_nothing_of_its_use_may_be_used_as_its_kind_is(tmp_path: Path) -> None:
    known = authority()
    plain, by = without(known, known.by, "key_usage"), without(signer(known), known.by, "key_usage")
    assert verdict(tmp_path, plain, sod(by, CONTENT)) is Revocation.unchecked
    assert verdict(tmp_path, plain, sod(plain, CONTENT)) is Code.sod_signature
    nobody = without(known, known.by, "basic_constraints")
    assert verdict(tmp_path, nobody, sod(by, CONTENT)) is Code.csca_unknown


def rsa_info(exponent: int, modulus: int) -> keys.PublicKeyInfo:
    return keys.PublicKeyInfo.wrap(keys.RSAPublicKey({"modulus": modulus, "public_exponent": exponent}), "rsa")


def test_rsa_keys_that_are_weak_or_only_cost_time_are_refused() -> None:
    good = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    assert isinstance(public_key(rsa_info(good.e, good.n)), rsa.RSAPublicKey)
    for exponent, modulus in (
        (good.e, good.n >> 1025),
        (good.e, good.n << 8192),
        (1 << 65 | 1, good.n),
        (1, good.n),
        (2, good.n),
    ):
        with pytest.raises(ValueError, match=r".+"):
            public_key(rsa_info(exponent, modulus))


def test_a_certificate_of_two_minds_or_another_version_is_refused(tmp_path: Path) -> None:
    known, by = authority(), signer(authority())
    other = algos.SignedDigestAlgorithm({"algorithm": "sha512_ecdsa"})
    for parts in ({"signature": other}, {"version": "v1"}):
        assert verdict(tmp_path, known, sod(resigned(by, known.by, **parts), CONTENT)) is Code.malformed


def test_a_time_without_a_zone_is_refused_because_it_can_not_be_compared() -> None:
    time = asn1_x509.Time.load(wrap(0x18, b"20210101000000Z"))
    assert moment(time) == datetime(2021, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="UTC"):
        moment(asn1_x509.Time.load(wrap(0x18, b"20210101000000")))


@pytest.mark.parametrize("critical", [True, False])
def test_an_extension_that_is_not_understood_counts_if_it_is_critical(critical: bool, tmp_path: Path) -> None:
    known = authority()
    extensions = asn1_x509.Certificate.load(signer(known).der)["tbs_certificate"]["extensions"].copy()
    extensions.append({"extn_id": "1.2.3.4.5", "critical": critical, "extn_value": b"\x05\x00"})
    by = resigned(signer(known), known.by, extensions=extensions)
    assert verdict(tmp_path, known, sod(by, CONTENT)) is (Code.sod_signature if critical else Revocation.unchecked)


@pytest.mark.parametrize(
    ("use", "critical", "expected"),
    [
        ("2.23.136.1.1.3", False, Code.sod_signature),
        ("2.23.136.1.1.8", False, Code.sod_signature),
        ("1.3.6.1.5.5.7.3.1", True, Code.sod_signature),
        ("1.3.6.1.5.5.7.3.1", False, Revocation.unchecked),
    ],
)
def test_who_signs_lists_for_the_country_signs_no_documents(
    use: str, critical: bool, expected: Code | Revocation, tmp_path: Path
) -> None:
    known = authority()
    extensions = asn1_x509.Certificate.load(signer(known).der)["tbs_certificate"]["extensions"].copy()
    extensions.append({"extn_id": "extended_key_usage", "critical": critical, "extn_value": [use]})
    by = resigned(signer(known), known.by, extensions=extensions)
    assert verdict(tmp_path, known, sod(by, CONTENT)) is expected
    twice = extensions.copy()
    twice.append(extensions[len(extensions) - 1].copy())
    doubled = resigned(signer(known), known.by, extensions=twice)
    assert verdict(tmp_path, known, sod(doubled, CONTENT)) is Code.malformed
