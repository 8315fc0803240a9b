"""Whose signature counts: the authorities (CSCA) of the trust folder, and what they have taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto
from pathlib import Path

from adapters.card_reader.bundle import Faults, read_certificates, read_lists
from adapters.card_reader.certificate import HOSTILE, Certificate
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.revocation import RevocationList


class Revocation(StrEnum):
    """What is known of the revocation of a document signer."""

    current = auto()  #: a list that is not over yet doesn't name it
    stale = auto()  #: the newest list is over: a later revocation is not known here
    unchecked = auto()  #: there is no list of its authority


@dataclass(frozen=True, slots=True)
class Trust:
    """The authorities and their revocation lists. `problems` names, in plain words, each file that isn't used."""

    authorities: tuple[Certificate, ...]
    lists: tuple[RevocationList, ...] = ()
    problems: tuple[str, ...] = ()
    #: Whose key signed a signer met before: half the time of a check. Who isn't known is never put in.
    _known: dict[str, tuple[Certificate, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def issuer(self, signer: Certificate, now: datetime) -> Certificate:
        """Return the authority whose key signed this document signer.

        Several authorities may have one name: a country renews its keys, and a forger takes the name too. The key
        decides. Raises `Failed`: csca_unknown; ds_revoked (or all its authorities are); csca_expired: none of them
        is valid at `now`; ds_expired; ds_not_yet_valid.
        """
        standing = [authority for authority in self._issuers(signer) if not self.revoked(authority)]
        if not standing or self.revoked(signer):
            raise Failed(Code.ds_revoked)
        valid = [authority for authority in standing if authority.valid_at(now)]
        if not valid:
            raise Failed(Code.csca_expired)
        if now > signer.ends:
            raise Failed(Code.ds_expired)
        if now < signer.begins:
            raise Failed(Code.ds_not_yet_valid)
        return valid[0]

    def _issuers(self, signer: Certificate) -> tuple[Certificate, ...]:
        found = self._known.get(signer.fingerprint)
        if found is None:
            found = tuple(authority for authority in self.authorities if signer.signed_by(authority))
            if not found:
                raise Failed(Code.csca_unknown)
            self._known[signer.fingerprint] = found
        return found

    def revoked(self, certificate: Certificate) -> bool:
        """Return whether any list of its issuer names it: one that is over still says what was taken back before."""
        return any(certificate.serial in each.serials for each in self._lists(certificate))

    def revocation(self, certificate: Certificate, now: datetime) -> Revocation:
        """Return how well the revocation of a certificate that isn't revoked is known."""
        lists = self._lists(certificate)
        if not lists:
            return Revocation.unchecked
        return (
            Revocation.current
            if any(each.ends is not None and now <= each.ends for each in lists)
            else Revocation.stale
        )

    def _lists(self, certificate: Certificate) -> list[RevocationList]:
        return [each for each in self.lists if each.issuer == certificate.issuer]


def load_trust(folder: Path) -> Trust:
    """Read the CSCA certificates (`*.der`, `*.cer`, `*.pem`) and revocation lists (`*.crl`) of a folder.

    A file that can't be used is left out and named in `problems`: a certificate that isn't an authority's, a link
    certificate whose predecessor isn't there (ICAO 9303-12, 3.2), a list that no authority in the folder signed. An
    empty folder knows nobody: then every card is `csca_unknown`. Raises OSError if the folder can't be read.
    """
    faults: Faults = []
    named = read_certificates(folder, faults)
    authorities = _trusted(named, faults)
    lists = []
    for name, each in read_lists(folder, faults):
        if any(_signed(each, authority) for authority in authorities):
            lists.append(each)
        else:
            faults.append(
                f"{name}: danh sách thu hồi không do CSCA nào ở đây ký / a revocation list that no CSCA here signed"
            )
    if not authorities:
        faults.append(f"{folder.name}: không có chứng thư CSCA / no CSCA certificate")
    return Trust(tuple(authorities), tuple(lists), tuple(faults))


def _trusted(named: list[tuple[str, Certificate]], faults: Faults) -> list[Certificate]:
    """Return the certificates that signed themselves, and the link certificates that a key leads to from those."""
    waiting = []
    trusted = []
    for name, each in named:
        if not each.issues:
            faults.append(f"{name}: không phải chứng thư CSCA / not an authority's certificate, so it can't be a CSCA")
        elif _signed(each, each):
            trusted.append(each)
        else:
            waiting.append((name, each))
    while linked := [(name, each) for name, each in waiting if any(_links(old, each) for old in trusted)]:
        trusted.extend(each for _, each in linked)
        waiting = [item for item in waiting if item not in linked]
    for name, _ in waiting:
        faults.append(f"{name}: thiếu CSCA đã ký chứng thư này / the CSCA that signed this certificate isn't here")
    return trusted


def _links(old: Certificate, new: Certificate) -> bool:
    """Return whether `old` made this link certificate while it was valid itself."""
    return old.valid_at(new.begins) and _signed(new, old)


def _signed(signed: Certificate | RevocationList, by: Certificate) -> bool:
    try:
        return signed.signed_by(by)
    except HOSTILE:
        return False
