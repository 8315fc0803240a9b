"""One real broker with a listener for every trouble: a cluster each would take minutes to start."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from cryptography.hazmat.primitives import serialization

from deploy.cluster.access import Rule, rules
from deploy.cluster.topics import ensure_topics
from deploy.cluster.topics_file import Principals
from deploy.dev.cluster import Cluster, cluster_of
from deploy.dev.plan import new_plan
from deploy.dev.ports import free_ports
from deploy.dev.security import Security, pem_files

AGENCIES = ("bank", "insurance", "land", "tax", "welfare")
#: May do everything; what a worker has to do and no more; read one feed.
WORKER, LIMITED, GUEST = "worker", "limited", "guest"
_DOORS = {
    "plain": "PLAINTEXT",
    "tls": "SSL",
    "elsewhere": "SSL",  # its certificate is for another host
    "old": "SSL",  # its certificate has expired
    "mutual": "SSL",  # wants a certificate of the client
    "both": "SASL_SSL",
    "misled": "PLAINTEXT",  # advertises a name that does not exist
    "dead_end": "PLAINTEXT",  # advertises a port where nothing listens
}

_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


@dataclass(frozen=True, slots=True)
class House:
    """The broker, the ports of its doors, and what its guests have in their hands."""

    cluster: Cluster
    doors: Mapping[str, int]
    passwords: Mapping[str, str]
    #: The file of the authority that signed the broker's certificates, and of one that did not.
    ca: Path
    other_ca: Path
    #: A client's certificate with its key, of either authority.
    certificate: Path
    other_certificate: Path
    dead_port: int

    def door(self, name: str) -> str:
        """Return a door's host:port; `scram` is the one where users log in."""
        return f"127.0.0.1:{self.doors[name]}"

    def user(self, name: str, **changed: str) -> dict[str, str | Path]:
        """Return the settings of a user."""
        login = {"kafka_sasl_mechanism": "SCRAM-SHA-512", "kafka_sasl_username": name}
        password = {"kafka_sasl_password": self.passwords.get(name, "unknown")}
        return {
            "kafka": self.door("scram"),
            "kafka_security_protocol": "sasl_plaintext",
            **login,
            **password,
            **changed,
        }


def build_house(folder: Path) -> House:
    """Start the broker and make the topics in two prefixes: all in `hub.`, wrong ones in `odd.`."""
    ca, other = trustme.CA(), trustme.CA()
    passwords = {name: secrets.token_hex(16) for name in (WORKER, LIMITED, GUEST)}
    everybody = (f"User:{WORKER}", "User:ANONYMOUS", "User:any-client")
    security = Security("SASL_PLAINTEXT", scram=passwords, super_users=everybody)
    plan = new_plan(folder / "kafka", 1, security=security)
    *ports, dead = free_ports(len(_DOORS) + 1)
    doors = dict(zip(_DOORS, ports, strict=True))
    properties = _listeners(plan.ports[0], doors, dead) | _keystores(folder, ca)
    cluster = cluster_of(replace(plan, properties=properties))
    try:
        cluster.start()
        _furnish(cluster)
    except BaseException:
        cluster.kill()
        raise
    return House(
        cluster,
        {**doors, "scram": plan.ports[0].client},
        passwords,
        _write(folder / "ca.pem", ca.cert_pem.bytes()),
        _write(folder / "other.pem", other.cert_pem.bytes()),
        _keystore(folder / "client.pem", ca.issue_cert("client.example", common_name="any-client")),
        _keystore(folder / "stranger.pem", other.issue_cert("client.example", common_name="any-client")),
        dead,
    )


def _listeners(own: tuple[int, int, int], doors: Mapping[str, int], dead: int) -> dict[str, str]:
    """Return the broker's listeners with ours added to its own."""
    host = "127.0.0.1"
    places = {"CLIENT": f"{host}:{own[0]}", "INTERNAL": f"{host}:{own[1]}"}
    places |= {name.upper(): f"{host}:{port}" for name, port in doors.items()}
    told = {**places, "MISLED": f"kafka.invalid:{doors['misled']}", "DEAD_END": f"{host}:{dead}"}
    protocols = {"CLIENT": "SASL_PLAINTEXT", "INTERNAL": "SASL_PLAINTEXT", "CONTROLLER": "SASL_PLAINTEXT"}
    protocols |= {name.upper(): protocol for name, protocol in _DOORS.items()}
    return {
        "listeners": ",".join(f"{n}://{place}" for n, place in {**places, "CONTROLLER": f"{host}:{own[2]}"}.items()),
        "advertised.listeners": ",".join(f"{name}://{place}" for name, place in told.items()),
        "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
    }


def _keystores(folder: Path, ca: trustme.CA) -> dict[str, str]:
    past = datetime.now(UTC) - timedelta(days=2)
    issued = {
        "tls": ca.issue_cert("127.0.0.1"),
        "elsewhere": ca.issue_cert("kafka.example"),
        "old": ca.issue_cert("127.0.0.1", not_before=past - timedelta(days=2), not_after=past),
        "mutual": ca.issue_cert("127.0.0.1"),
        "both": ca.issue_cert("127.0.0.1"),
    }
    found = {"listener.name.both.sasl.enabled.mechanisms": "SCRAM-SHA-512"}
    found["listener.name.both.scram-sha-512.sasl.jaas.config"] = _SCRAM
    found |= {"listener.name.mutual.ssl.client.auth": "required"}
    found["listener.name.mutual.ssl.principal.mapping.rules"] = "RULE:^.*CN=([^,]+).*$/$1/"
    truststore = _write(folder / "truststore.pem", ca.cert_pem.bytes())
    for name, certificate in issued.items():
        files = pem_files(_keystore(folder / f"{name}.pem", certificate), truststore)
        found |= {f"listener.name.{name}.{option}": value for option, value in files.items()}
    return found


def _keystore(path: Path, issued: trustme.LeafCert) -> Path:
    """Write a key, as Java wants it (PKCS#8), and its certificates."""
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return _write(path, key.private_bytes(*form) + b"".join(blob.bytes() for blob in issued.cert_chain_pems))


def _write(path: Path, content: bytes) -> Path:
    path.touch(0o600)
    path.write_bytes(content)
    return path


def _furnish(cluster: Cluster) -> None:
    for prefix in ("hub.", "odd."):
        ensure_topics(cluster.admin(prefix), None, AGENCIES)
    roles = {"intake": (), "worker": (f"User:{LIMITED}",), "deliver": (), "operator": ()}
    wanted = [*rules(Principals(roles, {}), "hub.")]
    wanted += [Rule(f"User:{GUEST}", "topic", "literal", "hub.outbox.tax", may) for may in ("Read", "Describe")]
    admin = AdminClient(cluster.admin().config())  # it must outlive its answers
    for future in admin.create_acls([_binding(rule) for rule in wanted]).values():
        future.result(30)


def _binding(rule: Rule) -> AclBinding:
    where = (ResourceType[rule.resource.upper()], rule.name, ResourcePatternType[rule.pattern.upper()])
    return AclBinding(*where, rule.principal, "*", AclOperation[rule.operation.upper()], AclPermissionType.ALLOW)
