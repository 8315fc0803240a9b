"""Kafka, layer by layer: every bootstrap server first, then the cluster behind them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial

from deploy.doctor.authorisation import check_authorisation
from deploy.doctor.client import Client
from deploy.doctor.finding import Finding, State, problem, skipped
from deploy.doctor.ladder import Step, climb, softened
from deploy.doctor.listeners import check_listeners
from deploy.doctor.names import check_name
from deploy.doctor.network import check_network
from deploy.doctor.sasl import check_sasl
from deploy.doctor.server import BadServer, Server, servers_of
from deploy.doctor.tls import check_tls
from deploy.doctor.together import side_by_side
from deploy.doctor.topics import Wanted, check_replicas, check_topics
from hub.eventlog.connection import KafkaConnection

_PORT = 9092
_CLUSTER = ("kafka.sasl", "kafka.listeners", "kafka.authorisation", "kafka.topics", "kafka.replicas")


def check_kafka(
    connection: KafkaConnection, roles: Collection[str], wanted: Wanted, seconds: float
) -> Iterator[Finding]:
    """Yield what there is to say about the cluster; `seconds` is for one answer of a server."""
    try:
        servers = servers_of(connection.servers, _PORT)
    except BadServer as error:
        yield problem(
            "kafka.dns", f"DANCU_KAFKA: {error}", "Sửa DANCU_KAFKA.", "Set DANCU_KAFKA=host:port[,host:port…]."
        )
        yield from climb([_never(name) for name in _CLUSTER], "kafka.dns")
        return
    ways = side_by_side([partial(_way_to, server, connection, seconds) for server in servers], 5 * seconds)
    found = [[_broken(way)] if isinstance(way, BaseException) else way for way in ways]
    open_to = [server for server, way in zip(servers, found, strict=True) if _is_open(way)]
    for way in found:
        yield from map(softened, way) if open_to else way
    if not open_to:
        last = next(one.check for one in found[0] if one.state is State.PROBLEM)
        yield from climb([_never(name) for name in _CLUSTER], last)
        return
    yield from _cluster(open_to, connection, roles, wanted, seconds)


def _cluster(
    servers: Sequence[Server], connection: KafkaConnection, roles: Collection[str], wanted: Wanted, seconds: float
) -> Iterator[Finding]:
    login = check_sasl(servers[0], connection, seconds)
    yield login
    if login.state is State.PROBLEM:
        yield from climb([_never(name) for name in _CLUSTER[1:]], login.check)
        return
    client = Client(connection)
    metadata = client.metadata(2 * seconds)
    brokers = {number: Server(str(broker.host), broker.port) for number, broker in metadata.brokers.items()}
    listeners, away = check_listeners(brokers, servers, connection, seconds)
    yield listeners
    if listeners.state is State.PROBLEM:
        yield from climb([_never(name) for name in _CLUSTER[2:]], listeners.check)
        return
    permissions = check_authorisation(connection, roles, wanted, seconds)
    yield permissions.finding
    yield from check_topics(connection, wanted, permissions.hidden, seconds)
    ours = {connection.name(plain) for plain in wanted.names()}
    topics = {name: topic for name, topic in metadata.topics.items() if name in ours}
    if topics:
        yield check_replicas(topics, client.min_isr(topics, seconds), away)
    else:
        yield skipped("kafka.replicas", "skipped: none of the topics is there, or can be seen")


def _way_to(server: Server, connection: KafkaConnection, seconds: float) -> list[Finding]:
    steps = [
        Step("kafka.dns", partial(check_name, "kafka.dns", server, "DANCU_KAFKA", seconds)),
        Step("kafka.tcp", partial(check_network, "kafka.tcp", server, "DANCU_KAFKA", seconds)),
        Step("kafka.tls", partial(check_tls, "kafka.tls", server, connection, seconds)),
    ]
    return list(climb(steps))


def _is_open(way: Sequence[Finding]) -> bool:
    return all(found.state is not State.PROBLEM for found in way)


def _broken(error: BaseException) -> Finding:
    return problem(
        "kafka.dns",
        f"the look at a server of DANCU_KAFKA did not end: {error or type(error).__name__}",
        "Chạy lại với `--timeout` lớn hơn.",
        "Ask again with a larger `--timeout`.",
    )


def _never(check: str) -> Step:
    """A step of which only the name counts, because it is skipped."""
    return Step(check, lambda: skipped(check, "skipped"))
