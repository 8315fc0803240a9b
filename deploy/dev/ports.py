"""Finds free ports for servers that come back on the same port after a crash."""

from __future__ import annotations

import random
import socket

#: Below the range from which Linux takes the ports of outgoing connections: one of those could hold the port of a
#: server that is down for a moment.
_RANGE = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Return that many different ports that nobody listens on. Raises OSError when there are none."""
    found: list[int] = []
    for port in random.SystemRandom().sample(_RANGE, len(_RANGE)):
        if _is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise OSError(f"there are no {count} free ports between {_RANGE.start} and {_RANGE.stop}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104  # for a moment; nobody listens
        except OSError:
            return False
    return True
