"""May we do what the hub has to do? Names every operation that the cluster would refuse."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from deploy.cluster.access import Rule, rules
from deploy.cluster.topics_file import Principals
from deploy.doctor.allowed import Allowed, of_groups, of_topics, until_known
from deploy.doctor.client import Client
from deploy.doctor.finding import Finding, ok, problem, some, warning
from deploy.doctor.topics import Wanted
from deploy.doctor.transactions import refused_transactions
from hub.eventlog.connection import KafkaConnection
from hub.topics import outbox

_CHECK = "kafka.authorisation"
#: The processes that a hub has; `dancu run` is all of the first three.
ROLES = ("intake", "worker", "deliver", "web", "operator")
_US = "us"


class Permissions(NamedTuple):
    """What was found, and the topics that we may not even see."""

    finding: Finding
    hidden: Collection[str]


def needs_of(roles: Collection[str], connection: KafkaConnection, agencies: Sequence[str]) -> list[Rule]:
    """Return what these roles must be allowed, with prefixes spelt out for every agency."""
    principals = Principals({role: (_US,) if role in roles else () for role in ROLES}, {})
    return [one for rule in rules(principals, connection.prefix) for one in _spelt_out(rule, agencies)]


def check_authorisation(
    connection: KafkaConnection, roles: Collection[str], wanted: Wanted, seconds: float
) -> Permissions:
    """Compare what we need with what the cluster would let us do. A missing topic or group is not refused."""
    client, needs = Client(connection), needs_of(roles, connection, wanted.agencies)
    everything = {connection.name(plain) for plain in wanted.names()}
    topics = until_known(partial(of_topics, client), everything | _names(needs, "topic"), seconds)
    groups = until_known(partial(of_groups, client), _names(needs, "group"), seconds)
    answers = {("topic", name): allowed for name, allowed in topics.items()}
    answers |= {("group", name): allowed for name, allowed in groups.items()}
    refused = [need for need in needs if _is_refused(need, answers)]
    transactions = refused_transactions(connection, _names(needs, "transactional_id"), seconds)
    refused += [need for need in needs if need.resource == "transactional_id" and need.name in transactions]
    unknown = [name for (_, name), allowed in answers.items() if allowed is None]
    return Permissions(_finding(roles, refused, unknown), [name for name, may in topics.items() if may == ()])


def _names(needs: Iterable[Rule], resource: str) -> set[str]:
    return {need.name for need in needs if need.resource == resource}


def _is_refused(need: Rule, answers: Mapping[tuple[str, str], Allowed]) -> bool:
    allowed = answers.get((need.resource, need.name))
    return allowed is not None and need.operation.lower() not in allowed


def _finding(roles: Collection[str], refused: Sequence[Rule], unknown: Sequence[str]) -> Finding:
    who = ", ".join(roles)
    if refused:
        return problem(
            _CHECK,
            f"as {who}, the cluster refuses: {_told(refused)}",
            "Người quản trị Kafka: `dancu topics acls` cấp quyền còn thiếu; xem `principals` trong tệp topics.",
            "`dancu topics acls`, with the cluster administrator's settings, shows and gives what is missing; look "
            "whether `principals` in the topics file names this user. For another process: `dancu doctor --role`.",
        )
    if unknown:
        return warning(
            _CHECK,
            f"the cluster did not say in time what is allowed for {some(unknown)}",
            "Chạy lại khi các broker đã ổn định.",
            "Ask again in a minute: a cluster that is new, or has lost a broker, is still busy with its own topics.",
        )
    return ok(_CHECK, f"as {who}, all that is needed is allowed")


def _told(refused: Sequence[Rule]) -> str:
    names: dict[tuple[str, str], list[str]] = {}
    for need in refused:
        names.setdefault((need.operation, need.resource.replace("_", " ")), []).append(need.name)
    return "; ".join(f"{operation} on the {kind} {some(names[operation, kind])}" for operation, kind in names)


def _spelt_out(rule: Rule, agencies: Sequence[str]) -> Iterator[Rule]:
    """Return the names to ask for where a rule has only their beginning; it must be one that nobody else uses."""
    if rule.pattern == "prefixed" and rule.name.endswith(outbox("")):
        yield from (rule._replace(name=rule.name + agency) for agency in agencies)
    elif rule.pattern == "prefixed" and rule.name.endswith("."):
        yield rule._replace(name=f"{rule.name}doctor")
    else:
        yield rule
