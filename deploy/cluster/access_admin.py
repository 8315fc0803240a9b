"""Looks at the cluster's ACLs and changes them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from deploy.cluster.access import Access, Found, Rule
from deploy.cluster.admin import Administrator
from hub.eventlog import LogUnavailable

if TYPE_CHECKING:
    from confluent_kafka.admin import AclBinding

#: Seconds for one answer.
_PATIENCE = 15.0
#: Kafka's tools write `DescribeConfigs`, the client `DESCRIBE_CONFIGS`.
_OPERATIONS = {
    "Read": "READ",
    "Write": "WRITE",
    "Describe": "DESCRIBE",
    "DescribeConfigs": "DESCRIBE_CONFIGS",
    "Create": "CREATE",
    "Delete": "DELETE",
    "Alter": "ALTER",
    "AlterConfigs": "ALTER_CONFIGS",
    "ClusterAction": "CLUSTER_ACTION",
    "IdempotentWrite": "IDEMPOTENT_WRITE",
    "All": "ALL",
}
_SAID = {name: said for said, name in _OPERATIONS.items()}


def found_access(administrator: Administrator) -> list[Found]:
    """Return every ACL of the cluster. Raises `LogUnavailable`, also when the cluster has no authorizer."""
    from confluent_kafka.admin import (
        AclBindingFilter,
        AclOperation,
        AclPermissionType,
        ResourcePatternType,
        ResourceType,
    )

    anyone: Any = None
    everything = AclBindingFilter(
        ResourceType.ANY, anyone, ResourcePatternType.ANY, anyone, anyone, AclOperation.ANY, AclPermissionType.ANY
    )
    with administrator.plain_errors():
        bindings = administrator.client.describe_acls(everything).result(_PATIENCE)
        if not bindings:
            _require_authorizer(administrator)
    return [_found(binding) for binding in bindings]


def _require_authorizer(administrator: Administrator) -> None:
    """Tell "no ACL yet" from an empty answer: the client gives that too where it may not ask or nobody checks."""
    from confluent_kafka.admin import ConfigResource, ResourceType

    broker = min(administrator.client.list_topics(timeout=_PATIENCE).brokers)
    for answer in administrator.client.describe_configs([ConfigResource(ResourceType.BROKER, str(broker))]).values():
        if not answer.result(_PATIENCE)["authorizer.class.name"].value:
            raise LogUnavailable(
                "this cluster has no authorizer: anybody may do anything, and rules can't be kept. "
                "Set authorizer.class.name and super.users at the brokers (docs/operations.md)"
            )


def change_access(administrator: Administrator, wanted: Iterable[Rule], unwanted: Iterable[Access] = ()) -> None:
    """Add rules and delete exactly those ACLs; return when the brokers know it. Raises `LogUnavailable`."""
    more = [Found(rule, "*", "allow") for rule in wanted]
    less = [Found(one.rule, one.host, one.permission) for one in unwanted]
    client = administrator.client
    with administrator.plain_errors():
        answers: list[Future[Any]] = []
        if more:
            answers += client.create_acls([_binding(one) for one in more]).values()
        if less:
            answers += client.delete_acls([_binding(one, exact_filter=True) for one in less]).values()
        for answer in answers:
            answer.result(_PATIENCE)
    until = time.monotonic() + _PATIENCE
    while not _is_known(found_access(administrator), more, less):
        if time.monotonic() > until:
            raise LogUnavailable(
                f"the brokers have not heard of the new rules after {_PATIENCE:.0f} s. Look again soon."
            )
        time.sleep(0.05)


def _is_known(found: Iterable[Found], more: Iterable[Found], less: Iterable[Found]) -> bool:
    there = set(found)
    return there.issuperset(more) and there.isdisjoint(less)


def _found(binding: AclBinding) -> Found:
    rule = Rule(
        binding.principal,
        binding.restype.name.lower(),
        binding.resource_pattern_type.name.lower(),
        binding.name,
        _SAID.get(binding.operation.name, binding.operation.name),
    )
    return Found(rule, binding.host, binding.permission_type.name.lower())


def _binding(one: Found, exact_filter: bool = False) -> Any:
    from confluent_kafka.admin import (
        AclBinding,
        AclBindingFilter,
        AclOperation,
        AclPermissionType,
        ResourcePatternType,
        ResourceType,
    )

    rule = one.rule
    return (AclBindingFilter if exact_filter else AclBinding)(
        ResourceType[rule.resource.upper()],
        rule.name,
        ResourcePatternType[rule.pattern.upper()],
        rule.principal,
        one.host,
        AclOperation[_OPERATIONS.get(rule.operation, rule.operation)],
        AclPermissionType[one.permission.upper()],
    )
