"""Passive authentication: the issuing country signed exactly what the chip gave us (ICAO 9303-11, 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from adapters.card_reader.certificate import HOSTILE
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.security_object import SecurityObject, security_object
from adapters.card_reader.trust import Revocation, Trust


@dataclass(frozen=True, slots=True)
class Signer:
    """Who vouches for the card. It tells about the issuer, not about the person, so it may be logged."""

    #: The issuer's country, two letters.
    country: str
    #: SHA-256 in hex of the document signer's certificate and of its CSCA's.
    fingerprint: str
    csca: str
    #: When the document signer's certificate ends.
    ends: datetime
    #: What is known of its revocation. A lost or replaced card is never seen here: only the hub knows of it.
    revocation: Revocation
    #: The data groups that the issuer put on the card. One of them that the chip hides is a sign of a copy: a copier
    #: who leaves out DG14 and DG15 escapes chip and active authentication.
    groups: frozenset[int]


def check(sod: bytes, groups: Mapping[int, bytes], trust: Trust, now: datetime) -> Signer:
    """Return who signed all of `groups` (data groups as read, by their number) in EF.SOD.

    In this order, so that a sign of forgery comes before a signer that we only don't know. Raises `Failed`:
    malformed: the SOD isn't as the standards say; sod_signature: its signature is wrong, or made by who may not sign
    documents; dg…_hash: a data group was altered or isn't listed; csca_unknown, csca_expired, ds_revoked, ds_expired,
    ds_not_yet_valid: as in `Trust.issuer`. Raises ValueError for a `now` without time zone or no groups at all.
    """
    if now.tzinfo is None or not groups:
        raise ValueError("passive authentication needs a time with its zone, and at least one data group")
    with suppress(*HOSTILE):
        return _signer(security_object(sod), groups, trust, now)
    raise Failed(Code.malformed)


def _signer(said: SecurityObject, groups: Mapping[int, bytes], trust: Trust, now: datetime) -> Signer:
    if not said.signed():
        raise Failed(Code.sod_signature)
    for number, group in sorted(groups.items()):
        if not said.names(number, group):
            raise Failed(Code(f"dg{number}_hash"))
    issuer = trust.issuer(said.signer, now)
    revocation = trust.revocation(said.signer, now)
    return Signer(
        issuer.country,
        said.signer.fingerprint,
        issuer.fingerprint,
        said.signer.ends,
        revocation,
        frozenset(said.hashes),
    )
