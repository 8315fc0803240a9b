"""The web server as the hub needs it: it says little, and when it ends nobody is left on the line."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

import uvicorn

from adapters.registry.leaving import let_nobody_in

#: Seconds after which connections that were let in at the very end have become known.
_LET_IN: Final = 0.05


class WebServer(uvicorn.Server):
    """Uvicorn, which leaves the connection of a client that came while the others were told to leave."""

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
        late = asyncio.get_running_loop().call_later(_LET_IN, self._tell_all_to_leave)
        try:
            await super().shutdown(sockets)
        finally:
            late.cancel()
            for connection in list(self.server_state.connections):
                if connection.transport:
                    connection.transport.abort()
            await asyncio.sleep(0)  # in which the aborted ones are closed

    def _tell_all_to_leave(self) -> None:
        for connection in list(self.server_state.connections):
            connection.shutdown()
