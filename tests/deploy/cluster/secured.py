"""A cluster that asks everybody who they are, with the hub's topics and access; and its users' environments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy.cluster.access import rules
from deploy.cluster.access_admin import change_access
from deploy.cluster.admin import Administrator
from deploy.cluster.topics import ensure_topics
from deploy.cluster.topics_file import load_topics
from deploy.dev.cluster import Cluster
from deploy.settings import kafka_options
from hub.eventlog.connection import KafkaConnection
from tests.deploy.cluster.certificates import Authority

AGENCIES = ("land", "tax")
#: The names in the topics file that is shipped.
USERS = ("dancu-intake", "dancu-worker", "dancu-deliver", "dancu-web", "dancu-operator", "agency-land", "agency-tax")
PREFIX = "hub1."


@dataclass(frozen=True, slots=True)
class Secured:
    """A running cluster and who may come."""

    cluster: Cluster
    #: By user: the variables that its process is started with.
    environments: Mapping[str, Mapping[str, str]]

    def connection(self, user: str, **changed: str) -> KafkaConnection:
        """Return the connection of a user, from its environment as `Settings` makes it."""
        return connection_of({**self.environments[user], **changed})

    @property
    def admin(self) -> KafkaConnection:
        """The connection of somebody who may do everything."""
        return self.cluster.admin(PREFIX)


def connection_of(environment: Mapping[str, str]) -> KafkaConnection:
    """Return what the settings make of an environment."""
    return KafkaConnection(environment["DANCU_KAFKA"], kafka_options(environment), PREFIX)


def furnish(admin: KafkaConnection) -> None:
    """Make the hub's topics and give everybody their access."""
    ensure_topics(admin, None, AGENCIES)
    change_access(Administrator(admin), rules(load_topics(None, AGENCIES).principals, admin.prefix))


def scram_environments(servers: str, authority: Authority, passwords: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the variables of each user that comes with a password."""
    found = {}
    for user, password in passwords.items():
        secret = authority.folder / f"{user}.password"
        secret.touch(0o600)
        secret.write_text(f"{password}\n")
        found[user] = {
            "DANCU_KAFKA": servers,
            "DANCU_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "DANCU_KAFKA_SSL_CA_LOCATION": str(authority.certificate),
            "DANCU_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "DANCU_KAFKA_SASL_USERNAME": user,
            "DANCU_KAFKA_SASL_PASSWORD_FILE": str(secret),
        }
    return found


def certificate_environments(servers: str, authority: Authority, users: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the variables of each user that comes with a certificate."""
    found = {}
    for user in users:
        certificate, key = authority.client(user)
        found[user] = {
            "DANCU_KAFKA": servers,
            "DANCU_KAFKA_SECURITY_PROTOCOL": "SSL",
            "DANCU_KAFKA_SSL_CA_LOCATION": str(authority.certificate),
            "DANCU_KAFKA_SSL_CERTIFICATE_LOCATION": str(certificate),
            "DANCU_KAFKA_SSL_KEY_LOCATION": str(key),
        }
    return found
