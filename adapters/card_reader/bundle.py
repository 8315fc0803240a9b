"""The files of a trust folder: certificates and revocation lists, in DER or PEM, whatever the ending says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asn1crypto import pem, x509

from adapters.card_reader.certificate import HOSTILE, Certificate, certificate_of
from adapters.card_reader.revocation import RevocationList, revocation_list

#: One sentence per file that can't be used.
Faults = list[str]

_CERTIFICATES = {".der", ".cer", ".pem"}
_LISTS = {".crl"}
_LARGEST_FILE = 8 * 1024 * 1024


def read_certificates(folder: Path, faults: Faults) -> list[tuple[str, Certificate]]:
    """Return the certificates with the names of their files, each certificate once. Raises OSError for the folder."""
    found: dict[str, tuple[str, Certificate]] = {}
    for name, der in _files(folder, _CERTIFICATES, "CERTIFICATE", faults):
        try:
            certificate = certificate_of(x509.Certificate.load(der, strict=True))
        except HOSTILE:
            faults.append(f"{name}: không đọc được chứng thư / not a certificate that can be used")
        else:
            found.setdefault(certificate.fingerprint, (name, certificate))
    return list(found.values())


def read_lists(folder: Path, faults: Faults) -> list[tuple[str, RevocationList]]:
    """Return the revocation lists with the names of their files. Raises OSError for the folder."""
    found = []
    for name, der in _files(folder, _LISTS, "X509 CRL", faults):
        try:
            found.append((name, revocation_list(der)))
        except HOSTILE:
            faults.append(f"{name}: không đọc được danh sách thu hồi / not a revocation list that can be used")
    return found


def _files(folder: Path, endings: set[str], label: str, faults: Faults) -> Iterator[tuple[str, bytes]]:
    """Yield what is in the files, in DER; a PEM file may hold several."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in endings or not path.is_file():
            continue
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise ValueError("too large")
            yield from ((path.name, der) for der in _unwrapped(path.read_bytes(), label))
        except OSError:
            faults.append(f"{path.name}: không mở được tệp / the file can't be opened")
        except ValueError:
            faults.append(f"{path.name}: tệp hỏng hoặc quá lớn / damaged, too large, or holds nothing of this kind")


def _unwrapped(data: bytes, label: str) -> list[bytes]:
    if not pem.detect(data):
        return [data]
    found = [der for kind, _, der in pem.unarmor(data, multiple=True) if kind == label]
    if not found:
        raise ValueError("nothing of this kind")
    return found
