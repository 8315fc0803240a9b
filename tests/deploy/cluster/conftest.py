"""The clusters of these tests: each is started once per session, when the first test needs it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.dev.cluster import start_cluster
from deploy.dev.security import Security, pem_files
from tests.deploy.cluster.certificates import Authority
from tests.deploy.cluster.secured import (
    USERS,
    Secured,
    certificate_environments,
    furnish,
    scram_environments,
)
from tests.kafka import need_kafka


@pytest.fixture(scope="session")
def scram(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A cluster with TLS and passwords (SASL_SSL, SCRAM-SHA-512)."""
    need_kafka()
    authority, passwords = _authority(tmp_path_factory), {user: secrets.token_hex(16) for user in USERS}
    keystore = pem_files(authority.keystore("127.0.0.1"), authority.certificate)
    cluster = start_cluster(authority.folder / "kafka", security=Security("SASL_SSL", keystore, scram=passwords))
    try:
        furnish(cluster.admin("hub1."))
        yield Secured(cluster, scram_environments(cluster.servers, authority, passwords))
    finally:
        cluster.kill()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A cluster with TLS and clients' certificates (mTLS): a principal is the common name of the certificate."""
    need_kafka()
    authority = _authority(tmp_path_factory)
    keystore = pem_files(authority.keystore("127.0.0.1"), authority.certificate)
    names = {"ssl.client.auth": "required", "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/"}
    cluster = start_cluster(authority.folder / "kafka", security=Security("SSL", {**keystore, **names}))
    try:
        furnish(cluster.admin("hub1."))
        yield Secured(cluster, certificate_environments(cluster.servers, authority, USERS))
    finally:
        cluster.kill()


def _authority(factory: pytest.TempPathFactory) -> Authority:
    folder: Path = factory.mktemp("secured")
    return Authority(folder)
