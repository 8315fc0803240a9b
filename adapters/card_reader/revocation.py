"""A country's list of revoked certificates (CRL) as ICAO 9303-12, 7.1.4 has it: whole, by the authority itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from asn1crypto import crl

from adapters.card_reader.certificate import Certificate, moment
from adapters.card_reader.signature import Scheme, holds, scheme_of


@dataclass(frozen=True, slots=True)
class RevocationList:
    """Serial numbers that the issuer took back. `ends` is when the next list was promised; None if it was not."""

    issuer: str
    begins: datetime
    ends: datetime | None
    serials: frozenset[int] = field(repr=False)
    body: bytes = field(repr=False)
    scheme: Scheme = field(repr=False)
    signature: bytes = field(repr=False)

    def signed_by(self, authority: Certificate) -> bool:
        """Return whether this authority, by name and by key, signed the list.

        Its key usage isn't asked for cRLSign (RFC 5280, 6.3.3): not to listen to its own key is the greater risk.
        """
        return self.issuer == authority.subject and holds(authority.key, self.scheme, self.signature, self.body)


def revocation_list(der: bytes) -> RevocationList:
    """Read a CRL. Raises one of `certificate.HOSTILE`, also for lists that aren't whole (deltas, parts, indirect)."""
    parsed = crl.CertificateList.load(der, strict=True)
    body = parsed["tbs_cert_list"]
    entries = body["revoked_certificates"]
    critical = parsed.critical_extensions.union(*(entry.critical_extensions for entry in entries))
    if critical:
        raise ValueError("a list with a critical extension speaks for a part of the certificates only")
    return RevocationList(
        issuer=body["issuer"].hashable,
        begins=moment(body["this_update"]),
        ends=moment(body["next_update"]) if body["next_update"].native else None,
        serials=frozenset(entry["user_certificate"].native for entry in entries),
        body=body.dump(),
        scheme=scheme_of(parsed["signature_algorithm"], None),
        signature=parsed["signature"].native,
    )
