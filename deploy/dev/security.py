"""How clients must prove to a broker who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Security:
    """The security of the listener for clients; with it, the authorizer is on and denies what no ACL allows."""

    #: SSL, SASL_SSL, SASL_PLAINTEXT or PLAINTEXT
    protocol: str
    #: Kafka's server properties for this listener alone, such as `ssl.client.auth`.
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Users and their passwords for SCRAM-SHA-512, made when the first broker is formatted.
    scram: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Principals that may do everything, such as `User:admin`.
    super_users: tuple[str, ...] = ()


def pem_files(keystore: Path, truststore: Path) -> dict[str, str]:
    """Return the properties for a file with a PKCS#8 key and its certificates, and one with the authorities."""
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(truststore),
    }
