"""Takes an address to listen on, for every part that answers over HTTP."""

from __future__ import annotations

import socket

_BACKLOG = 2048
#: Milliseconds after which the system gives up a peer that takes nothing of what was sent.
_PATIENCE = 60_000


class CannotListen(OSError):
    """An address can't be listened on; `reason` is what the system says."""

    def __init__(self, reason: str, address: str) -> None:
        """Name the address."""
        super().__init__(None, f"can't listen: {reason}", address)
        self.reason = reason


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is any free one. Raises `CannotListen`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP: asyncio turns Nagle's delay off only for those, and each answer would take 40 ms
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # what is accepted here has it too
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _PATIENCE)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise CannotListen(reason, f"{host}:{port}") from error
    return sock
