"""A certificate of a country's authority (CSCA) or of a document signer, reduced to what ICAO 9303-12 makes of it.

Nothing here decides about trust. Everything is read lazily by asn1crypto from bytes that may be hostile: callers
catch `HOSTILE`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from asn1crypto import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm

from adapters.card_reader.signature import PublicKey, Scheme, holds, public_key, scheme_of

#: What asn1crypto and cryptography raise on bytes that are not what they should be.
HOSTILE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, NotImplementedError, RecursionError,
    UnsupportedAlgorithm, InternalError,
)  # fmt: skip

#: Extensions that this reader understands; any other critical one makes a certificate unusable (RFC 5280, 4.2).
_UNDERSTOOD = {"basic_constraints", "key_usage", "extended_key_usage"}
#: Who signs lists of certificates or of deviations may not sign documents (ICAO 9303-12, 7.1.3).
_LIST_SIGNERS = {"2.23.136.1.1.3", "2.23.136.1.1.8"}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The parts that matter. `subject` and `issuer` are in the form in which names are compared (RFC 5280, 7.1)."""

    subject: str
    issuer: str
    country: str
    serial: int
    begins: datetime
    ends: datetime
    #: SHA-256 of the whole certificate in hex; the same for all the cards that a signer signed, so it may be logged.
    fingerprint: str
    #: May it issue certificates, may it sign documents?
    issues: bool
    signs: bool
    key: PublicKey = field(repr=False)
    body: bytes = field(repr=False)
    scheme: Scheme = field(repr=False)
    signature: bytes = field(repr=False)

    def signed_by(self, issuer: Certificate) -> bool:
        """Return whether the issuer's key made the signature; equal names prove nothing, so both are asked for."""
        return self.issuer == issuer.subject and holds(issuer.key, self.scheme, self.signature, self.body)

    def valid_at(self, now: datetime) -> bool:
        return self.begins <= now <= self.ends


def certificate_of(parsed: x509.Certificate) -> Certificate:
    """Return the certificate that asn1crypto has recognised. Raises one of `HOSTILE`."""
    body, algorithm = parsed["tbs_certificate"], parsed["signature_algorithm"]
    if body["version"].native != "v3" or body["signature"].dump() != algorithm.dump():
        raise ValueError("not a certificate of X.509 version 3, or of two minds about its signature")
    issues, signs = _uses(parsed)
    return Certificate(
        subject=body["subject"].hashable,
        issuer=body["issuer"].hashable,
        country=str(body["issuer"].native.get("country_name", ""))[:2].upper(),
        serial=body["serial_number"].native,
        begins=moment(body["validity"]["not_before"]),
        ends=moment(body["validity"]["not_after"]),
        fingerprint=hashlib.sha256(parsed.dump()).hexdigest(),
        issues=issues,
        signs=signs,
        key=public_key(body["subject_public_key_info"]),
        body=body.dump(),
        scheme=scheme_of(algorithm, None),
        signature=parsed["signature_value"].native,
    )


def moment(time: x509.Time) -> datetime:
    """Return a time with its zone. Raises ValueError for one without: it can't be compared with any other."""
    value = time.native
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("a time of X.509 is in UTC")
    return value


def _uses(parsed: x509.Certificate) -> tuple[bool, bool]:
    """May it issue certificates, may it sign documents? ICAO 9303-12, table 6.

    A certificate without a key usage may be used as its basic constraints allow (RFC 5280, 4.2.1.3).
    """
    extensions = parsed["tbs_certificate"]["extensions"]
    names = [extension["extn_id"].native for extension in extensions]
    if len(names) != len(set(names)):
        raise ValueError("an extension stands twice")
    if parsed.critical_extensions - _UNDERSTOOD:
        return False, False
    usage = parsed.key_usage_value.native if parsed.key_usage_value else {"key_cert_sign", "digital_signature"}
    constraints, extended = parsed.basic_constraints_value, parsed.extended_key_usage_value
    authority = bool(constraints and constraints["ca"].native)
    other = bool(extended) and (
        "extended_key_usage" in parsed.critical_extensions or bool({use.dotted for use in extended} & _LIST_SIGNERS)
    )
    signs = not authority and not other and "digital_signature" in usage
    return authority and "key_cert_sign" in usage, signs
