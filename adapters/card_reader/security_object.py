"""The file EF.SOD taken apart: the hashes of the data groups, and who signed them (ICAO 9303-10, 4.6.2; RFC 5652)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from asn1crypto import algos, cms, core, x509

from adapters.card_reader.certificate import Certificate, certificate_of
from adapters.card_reader.signature import HASHES, Scheme, holds, scheme_of
from adapters.card_reader.tlv import one

#: id-icao-mrtd-security-ldsSecurityObject.
_LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
_LARGEST_FILE = 0x8000
_MOST_CERTIFICATES = 8


class _GroupHash(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [("number", core.Integer), ("hash", core.OctetString)]  # noqa: RUF012


class _GroupHashes(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _GroupHash


class _VersionInfo(core.Sequence):  # type: ignore[misc]
    _fields = [("lds", core.PrintableString), ("unicode", core.PrintableString)]  # noqa: RUF012


class _LdsSecurityObject(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("version", core.Integer),
        ("algorithm", algos.DigestAlgorithm),
        ("groups", _GroupHashes),
        ("info", _VersionInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """What EF.SOD says, nothing of it proven yet. The hashes tell about the person: they are never shown or logged."""

    #: Hash of each data group, by its number.
    hashes: Mapping[int, bytes] = field(repr=False)
    digest: str
    signer: Certificate
    content: bytes = field(repr=False)
    content_digest: str
    #: The messageDigest attribute, and all the signed attributes as they were signed.
    message_digest: bytes = field(repr=False)
    attributes: bytes = field(repr=False)
    scheme: Scheme
    signature: bytes = field(repr=False)

    def signed(self) -> bool:
        """Return whether the certificate in it belongs to the key that signed it."""
        own = hashlib.new(self.content_digest, self.content).digest()
        same = hmac.compare_digest(own, self.message_digest)
        return same and self.signer.signs and holds(self.signer.key, self.scheme, self.signature, self.attributes)

    def names(self, number: int, group: bytes) -> bool:
        """Return whether the hash of this data group stands in it."""
        expected = self.hashes.get(number, b"")
        return hmac.compare_digest(hashlib.new(self.digest, group).digest(), expected)


def security_object(sod: bytes) -> SecurityObject:
    """Take EF.SOD apart. Raises `Failed(malformed)` or one of `HOSTILE` if it isn't as the standards say."""
    if len(sod) > _LARGEST_FILE:
        raise ValueError("no SOD is as large as this")
    info = cms.ContentInfo.load(one(sod, 0x77).value, strict=True)
    if info["content_type"].native != "signed_data":
        raise ValueError("not SignedData")
    signed = info["content"]
    encapsulated, signers = signed["encap_content_info"], signed["signer_infos"]
    if encapsulated["content_type"].dotted != _LDS_SECURITY_OBJECT or len(signers) != 1:
        raise ValueError("another content, or not exactly one signer")
    content, signer = bytes(encapsulated["content"]), signers[0]
    digest, hashes = _hashes(_LdsSecurityObject.load(content, strict=True))
    message_digest = _attribute(signer, "1.2.840.113549.1.9.4").native
    if _attribute(signer, "1.2.840.113549.1.9.3").dotted != _LDS_SECURITY_OBJECT:
        raise ValueError("another content was signed")
    content_digest = signer["digest_algorithm"]["algorithm"].native
    if content_digest not in HASHES:
        raise ValueError("a hash that nobody uses")
    return SecurityObject(
        hashes=hashes,
        digest=digest,
        signer=_signer(signed["certificates"], signer["sid"]),
        content=content,
        content_digest=content_digest,
        message_digest=message_digest,
        # the signature is over the SET itself, not over the tag that it has in the message (RFC 5652, 5.4)
        attributes=b"\x31" + signer["signed_attrs"].dump()[1:],
        scheme=scheme_of(signer["signature_algorithm"], content_digest),
        signature=signer["signature"].native,
    )


def _hashes(content: _LdsSecurityObject) -> tuple[str, dict[int, bytes]]:
    digest, groups = content["algorithm"]["algorithm"].native, content["groups"]
    if content["version"].native not in (0, 1):
        raise ValueError("LDS security objects have version 0 or 1")
    hashes = {group["number"].native: group["hash"].native for group in groups}
    size = HASHES[digest].digest_size
    if len(hashes) != len(groups) or any(
        number not in range(1, 17) or len(hash_) != size for number, hash_ in hashes.items()
    ):
        raise ValueError("a data group stands twice, has another number than 1 to 16, or a hash of another size")
    return digest, hashes


def _attribute(signer: cms.SignerInfo, oid: str) -> core.Asn1Value:
    """Return the only value of a signed attribute that has to be there exactly once (RFC 5652, 11)."""
    (attribute,) = (each for each in signer["signed_attrs"] if each["type"].dotted == oid)
    (value,) = attribute["values"]
    return value


def _signer(certificates: cms.CertificateSet, sid: cms.SignerIdentifier) -> Certificate:
    """Return the certificate that the signer information names, by issuer and serial number or by key identifier."""
    if len(certificates) > _MOST_CERTIFICATES:
        raise ValueError("a SOD carries the certificate of its signer, not a collection")
    given = [each.chosen for each in certificates if each.name == "certificate"]
    if sid.name == "issuer_and_serial_number":
        named = [each for each in given if _is_named(each["tbs_certificate"], sid.chosen)]
    else:
        named = [each for each in given if each.key_identifier == sid.chosen.native]
    (certificate,) = named
    return _certificate(certificate.dump())


def _is_named(body: x509.TbsCertificate, sid: cms.IssuerAndSerialNumber) -> bool:
    mine, named = body["issuer"], sid["issuer"]
    same = mine.dump() == named.dump() or mine.hashable == named.hashable  # the first is right and quick, as a rule
    return bool(same and body["serial_number"].native == sid["serial_number"].native)


@lru_cache(maxsize=32)
def _certificate(der: bytes) -> Certificate:
    """Take a certificate apart once: a few signers sign all the cards of a counter's day."""
    return certificate_of(x509.Certificate.load(der, strict=True))
