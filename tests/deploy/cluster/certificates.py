"""Throw-away certificates, as PEM files: an authority, and keys that it has signed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of a test, whose files are in one folder."""

    folder: Path
    _ca: trustme.CA = field(default_factory=trustme.CA)

    @property
    def certificate(self) -> Path:
        """The file by which others trust it."""
        path = self.folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(path))
        return path

    def keystore(self, host: str) -> Path:
        """Return a broker's file: its key, as Java wants it (PKCS#8), and its certificates."""
        issued = self._ca.issue_cert(host)
        return self._write("broker.pem", _pkcs8(issued), *(blob.bytes() for blob in issued.cert_chain_pems))

    def client(self, common_name: str) -> tuple[Path, Path]:
        """Return the files of a client: its certificate and its key."""
        issued = self._ca.issue_cert(f"{common_name}.example", common_name=common_name)
        chain = [blob.bytes() for blob in issued.cert_chain_pems]
        return self._write(f"{common_name}.crt", *chain), self._write(f"{common_name}.key", _pkcs8(issued))

    def _write(self, name: str, *parts: bytes) -> Path:
        path = self.folder / name
        path.touch(0o600)
        path.write_bytes(b"".join(parts))
        return path


def _pkcs8(issued: trustme.LeafCert) -> bytes:
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
