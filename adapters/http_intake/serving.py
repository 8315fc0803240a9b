"""Serves the intake with uvicorn in the main thread until it is told to stop."""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

#: Connections at once, seconds that an idle one may stay, and seconds for the last answers when the intake stops.
_CONNECTIONS = 1000
_IDLE = 30
_LAST_ANSWERS = 30


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host's addresses. Raises OSError for a name that has none."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found)


def serve(app: FastAPI, listening: socket.socket, on_stop: Callable[[], None] = lambda: None) -> None:
    """Answer until SIGTERM or SIGINT; then take no new requests and answer those that came. `on_stop` hears of it."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_LAST_ANSWERS,
    )
    server = _Server(config, on_stop)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, server.handle_exit)  # also for uvicorn's last act: it sends itself the signal again
    with listening:
        server.run(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: object) -> None:  # noqa: ARG002 - as signal calls it
        """Stop in order; a second signal does not make it hurry and lose answers."""
        self._on_stop()
        self.should_exit = True
