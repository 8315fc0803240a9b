"""EF.SOD of a virtual card: the hashes of its data groups, signed by a document signer (RFC 5652)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from asn1crypto import algos, cms, core, x509

from tests.adapters.card_reader.virtual.groups import wrap
from tests.adapters.card_reader.virtual.issuing import PSS_SALT, Issuer, Signing

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"


def lds_security_object(groups: Mapping[int, bytes], digest: str = "sha256", version: int = 0) -> bytes:
    """The hashes of the data groups (ICAO 9303-10, 4.6.2.3)."""
    hashed = [
        wrap(0x30, wrap(0x02, bytes([number])), wrap(0x04, hashlib.new(digest, group).digest()))
        for number, group in sorted(groups.items())
    ]
    info = wrap(0x30, wrap(0x13, b"0108"), wrap(0x13, b"040000")) if version else b""
    algorithm = algos.DigestAlgorithm({"algorithm": digest}).dump()
    return wrap(0x30, wrap(0x02, bytes([version])), algorithm, wrap(0x30, *hashed), info)


def attributes_of(content: bytes, digest: str, content_type: str = LDS_SECURITY_OBJECT) -> list[dict[str, object]]:
    """The two signed attributes that have to be there (RFC 5652, 11)."""
    return [
        {"type": "content_type", "values": [content_type]},
        {"type": "message_digest", "values": [hashlib.new(digest, content).digest()]},
    ]


def sod(signer: Issuer, content: bytes, given: list[dict[str, object]] | None = None) -> bytes:
    """EF.SOD: `content`, an LDS security object, signed by this document signer. `given`: other signed attributes."""
    digest = signer.by.digest.name
    certificate = x509.Certificate.load(signer.der)
    attributes = cms.CMSAttributes(attributes_of(content, digest) if given is None else given)
    identifier = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    information = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", identifier),
        "digest_algorithm": {"algorithm": digest},
        "signed_attrs": attributes,
        "signature_algorithm": _algorithm(signer.by),
        "signature": signer.by.sign(attributes.dump()),
    }
    signed = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": {"content_type": LDS_SECURITY_OBJECT, "content": core.ParsableOctetString(content)},
        "certificates": [certificate],
        "signer_infos": [information],
    }
    return wrap(0x77, cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump())


def _algorithm(by: Signing) -> algos.SignedDigestAlgorithm:
    if by.kind == "pss":
        mask = {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}}
        own = {"hash_algorithm": {"algorithm": "sha256"}, "mask_gen_algorithm": mask, "salt_length": PSS_SALT}
        return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": own})
    kind = "rsa" if by.kind == "rsa" else "ecdsa"
    return algos.SignedDigestAlgorithm({"algorithm": f"{by.digest.name}_{kind}"})
