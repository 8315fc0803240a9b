"""The web server as the hub needs it: it says little, and when it ends nobody is left on the line."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn

from adapters.registry.leaving import let_nobody_in


class WebServer(uvicorn.Server):
    """Uvicorn forgets who comes while the others are told to leave, and waits for readers that take nothing."""

    def __init__(self, app: Any, *, idle: int, last_requests: int) -> None:
        """Keep a connection `idle` seconds without a request, and give the last ones `last_requests` seconds."""
        config = uvicorn.Config(
            app,
            access_log=False,  # paths may hold what nobody should read
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=idle,
            timeout_graceful_shutdown=last_requests,
            ws="none",
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the requests under way end, and nobody stay behind them."""
        for server in self.servers:
            await let_nobody_in(server)
        try:
            await super().shutdown(sockets)
        finally:
            for connection in list(self.server_state.connections):
                if connection.transport:
                    connection.transport.abort()
            await asyncio.sleep(0)  # in which the aborted ones are closed
