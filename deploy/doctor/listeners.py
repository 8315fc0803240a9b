"""The fifth layer: brokers send clients on to the addresses that they advertise. Can those be reached from here?"""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from deploy.doctor.finding import Finding, State, ok, problem, warning
from deploy.doctor.names import check_name
from deploy.doctor.network import check_network
from deploy.doctor.server import Server
from deploy.doctor.tls import check_tls
from deploy.doctor.together import side_by_side
from hub.eventlog.connection import KafkaConnection

_CHECK = "kafka.listeners"


class Reach(NamedTuple):
    """What was found, and the numbers of the brokers that can't be reached from here."""

    finding: Finding
    away: Collection[int]


def check_listeners(
    brokers: Mapping[int, Server], bootstrap: Sequence[Server], connection: KafkaConnection, seconds: float
) -> Reach:
    """Go to every broker at the address that it gave; `bootstrap` is where we came in."""

    def reach(server: Server) -> str | None:
        for look in (check_name, check_network):
            found = look(_CHECK, server, "advertised.listeners", seconds)
            if found.state is State.PROBLEM:
                return found.what
        found = check_tls(_CHECK, server, connection, seconds)
        return found.what if found.state is State.PROBLEM else None

    answers = side_by_side([partial(reach, server) for server in brokers.values()], 3 * seconds)
    wrong = {number: str(answer) for number, answer in zip(brokers, answers, strict=True) if answer is not None}
    if not wrong:
        return Reach(ok(_CHECK, f"{len(brokers)} brokers can be reached at the addresses that they advertise"), ())
    return Reach(_unreachable(brokers, wrong, bootstrap), tuple(wrong))


def _unreachable(brokers: Mapping[int, Server], wrong: Mapping[int, str], bootstrap: Sequence[Server]) -> Finding:
    here = socket.gethostname()
    told = "; ".join(
        f"broker {number} advertises {brokers[number]}, and from {here}: {wrong[number]}" for number in wrong
    )
    vi = "Sửa advertised.listeners của broker thành địa chỉ mà máy này đến được."
    en = (
        f"DANCU_KAFKA leads to the cluster, but its brokers send clients on to the address above. Set the brokers' "
        f"advertised.listeners to names and ports that {here} can reach (a listener of its own for this network), "
        "or open the way to them"
    )
    if any(brokers[number].is_loopback for number in wrong) and not all(server.is_loopback for server in bootstrap):
        en += "; localhost means every client's own machine"
    if len(wrong) < len(brokers):
        en += f". {len(brokers) - len(wrong)} of {len(brokers)} brokers can be reached: it may also be that one is down"
        return warning(_CHECK, told, vi, en + ".")
    return problem(_CHECK, told, vi, en + ".")
