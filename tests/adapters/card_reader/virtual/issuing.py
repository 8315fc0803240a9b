"""A made-up country that issues citizen cards: its authorities, document signers and revocation lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.adapters.card_reader.virtual.personal import ActiveKey, ChipKey

IssuerKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

#: The tests' now; the certificates are also valid on the real day until 2045.
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
COUNTRY = "VN"
CSCA_NAME = "CSCA Thẻ thử nghiệm"
PSS_SALT = 32

_CURVES: dict[str, ec.EllipticCurve] = {
    "brainpool": ec.BrainpoolP256R1(),
    "nist": ec.SECP384R1(),
    "chip": ec.BrainpoolP256R1(),
}


def day(year: int, month: int = 1, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    begins: datetime
    ends: datetime


LONG, OVER, COMING = Period(day(2021), day(2045)), Period(day(2010), day(2020)), Period(day(2040), day(2044))


@cache
def key_of(kind: str, label: str = "") -> IssuerKey:
    """`kind`: brainpool, nist, rsa or pss. One `label` has one key for the whole run: an RSA key takes its time."""
    return ec.generate_private_key(_CURVES[kind]) if kind in _CURVES else rsa.generate_private_key(65537, 2048)


@cache
def chip_key(label: str = "chip") -> ChipKey:
    return ec.generate_private_key(_CURVES["chip"])


@cache
def active_key(kind: str, label: str = "active") -> ActiveKey:
    """`kind`: rsa or ec."""
    return key_of("rsa", label) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, slots=True)
class Signing:
    """A key and the way its owner signs. `kind` as in `key_of`."""

    kind: str
    key: IssuerKey

    @property
    def digest(self) -> hashes.SHA256 | hashes.SHA384:
        return hashes.SHA384() if self.kind == "nist" else hashes.SHA256()

    @property
    def pss(self) -> padding.PSS | None:
        return padding.PSS(padding.MGF1(hashes.SHA256()), PSS_SALT) if self.kind == "pss" else None

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(self.digest))
        return self.key.sign(data, self.pss or padding.PKCS1v15(), self.digest)


@dataclass(frozen=True, slots=True)
class Issuer:
    """A CSCA or a document signer."""

    by: Signing
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def name_of(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, COUNTRY), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def authority(
    kind: str = "brainpool",
    label: str = "csca",
    period: Period = LONG,
    name: str = CSCA_NAME,
    uses: Sequence[str] = ("key_cert_sign", "crl_sign"),
) -> Issuer:
    """A CSCA that signed itself. The same `label` has the same key."""
    own = Signing(kind, key_of(kind, label))
    builder = _builder(name_of(name), name_of(name), own, period)
    return Issuer(own, _signed(_for_authority(builder, uses), own))


def linked(old: Issuer, new: Issuer, period: Period = LONG) -> Issuer:
    """The link certificate: the new key, signed by the old one."""
    builder = _builder(new.certificate.subject, old.certificate.subject, new.by, period)
    return Issuer(new.by, _signed(_for_authority(builder), old.by))


def signer(authority: Issuer, period: Period = LONG, label: str = "signer", usage: str = "digital_signature") -> Issuer:
    """A document signer with a key of the same kind as its authority's."""
    own = Signing(authority.by.kind, key_of(authority.by.kind, label))
    builder = _builder(name_of(f"DS {label}"), authority.certificate.subject, own, period)
    return Issuer(own, _signed(builder.add_extension(_key_usage(usage), critical=True), authority.by))


def _builder(subject: x509.Name, issuer: x509.Name, own: Signing, period: Period) -> x509.CertificateBuilder:
    public = own.key.public_key()
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(period.begins).not_valid_after(period.ends)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _for_authority(
    builder: x509.CertificateBuilder, uses: Sequence[str] = ("key_cert_sign", "crl_sign")
) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    return builder.add_extension(constraints, critical=True).add_extension(_key_usage(*uses), critical=True)


def _key_usage(*uses: str) -> x509.KeyUsage:
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    names += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: name in uses for name in names})


def _signed(builder: x509.CertificateBuilder, by: Signing) -> x509.Certificate:
    return builder.sign(by.key, by.digest, rsa_padding=by.pss)


def revocation_list(
    authority: Issuer, serials: Sequence[int], period: Period = LONG, extension: x509.ExtensionType | None = None
) -> bytes:
    """A CRL in DER; `period` is thisUpdate to nextUpdate. `extension`: a critical one."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(period.begins).next_update(period.ends)
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(period.begins)
        builder = builder.add_revoked_certificate(entry.build())
    by = authority.by
    return builder.sign(by.key, by.digest, rsa_padding=by.pss).public_bytes(Encoding.DER)
