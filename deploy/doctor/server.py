"""A host and a port, as settings and brokers name them."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple


class Server(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the name means the machine that uses it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class BadServer(Exception):
    """Not a host and a port. Says what it is."""


def servers_of(text: str, default_port: int) -> list[Server]:
    """Read `host:port[,host:port…]`, as Kafka's bootstrap servers are given. Raises `BadServer`."""
    found = [_server(part.strip(), default_port) for part in text.split(",") if part.strip()]
    if not found:
        raise BadServer(f"{text!r} names no server")
    return found


def _server(text: str, default_port: int) -> Server:
    text = text.rsplit("://", 1)[-1]  # the Kafka client allows a protocol in front
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(default_port)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536 and host.strip("[]")):
        raise BadServer(f"{text!r} is no host:port with a port from 1 to 65535")
    return Server(host.strip("[]"), int(port))
