"""deploy/topics.yaml in Strimzi's words: what deploy/kubernetes/kafka must hold. Run as a module, it writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import yaml

from deploy.cluster.access import Rule, rules
from deploy.cluster.topics_file import TopicsFile, TopicSpec, load_topics
from hub.agreements import load_agreements
from schemas.catalogue import load_catalogue
from tests.deploy.manifests.files import DEPLOY, KAFKA

_REPLICAS = 3
_RESOURCES = {"transactional_id": "transactionalId"}
_PATTERNS = {"prefixed": "prefix"}
_HEAD = """\
# Written from deploy/topics.yaml and the agreements. After a change of those, write it again:
#   python -m tests.deploy.manifests.strimzi
"""


def shipped_topics() -> TopicsFile:
    """Return the topics file for the agencies that are shipped."""
    return load_topics(None, list(load_agreements(DEPLOY / "agreements", load_catalogue()).by_agency))


def kafka_topics(file: TopicsFile) -> list[dict[str, Any]]:
    """Return a KafkaTopic for each topic."""
    return [_resource("KafkaTopic", name, _topic(spec)) for name, spec in file.topics.items()]


def kafka_users(file: TopicsFile) -> list[dict[str, Any]]:
    """Return a KafkaUser for each principal, with what it may do."""
    wanted = sorted(rules(file.principals, ""), key=lambda rule: rule.principal)
    by_principal = groupby(wanted, key=lambda rule: rule.principal)
    return [_resource("KafkaUser", who.removeprefix("User:"), _user(may)) for who, may in by_principal]


def _resource(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"strimzi.io/cluster": "dancu"}}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _topic(spec: TopicSpec) -> dict[str, Any]:
    replicas = spec.replication or _REPLICAS
    config = {**spec.config, "min.insync.replicas": str(spec.min_isr or max(1, replicas - 1))}
    return {"partitions": spec.partitions, "replicas": replicas, "config": config}


def _user(may: Iterable[Rule]) -> dict[str, Any]:
    operations: dict[tuple[str, str, str], list[str]] = {}
    for rule in sorted(may):
        operations.setdefault((rule.resource, rule.name, rule.pattern), []).append(rule.operation)
    acls = [
        {
            "resource": {
                "type": _RESOURCES.get(resource, resource),
                "name": name,
                "patternType": _PATTERNS.get(pattern, pattern),
            },
            "operations": allowed,
        }
        for (resource, name, pattern), allowed in operations.items()
    ]
    return {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": acls}}


def write() -> None:
    """Write both files anew."""
    file = shipped_topics()
    for name, resources in (("topics", kafka_topics(file)), ("users", kafka_users(file))):
        text = yaml.safe_dump_all(resources, sort_keys=False, default_flow_style=False, width=120)
        (KAFKA / f"{name}.yaml").write_text(_HEAD + text)


if __name__ == "__main__":
    write()
