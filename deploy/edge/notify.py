"""Tells systemd how the counter's service is (sd_notify(3)): ready, alive, ending. Without systemd it tells nobody."""

from __future__ import annotations

import os
import socket


def notify(*words: str) -> None:
    """Send states such as `READY=1` to whoever started this process and wants to know. Raises nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
        try:
            way.settimeout(1.0)
            way.sendto("\n".join(words).encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError:
            return  # nobody listens any more; the work goes on


def watchdog_seconds() -> float | None:
    """Return within how many seconds a sign of life is expected; None: nobody waits for one."""
    said, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not said.isdecimal() or int(said) == 0 or pid not in ("", str(os.getpid())):
        return None
    return int(said) / 1e6
