"""The first layer: does a host's name lead to an address?"""

from __future__ import annotations

import socket

from deploy.doctor.finding import Finding, ok, problem
from deploy.doctor.server import Server
from deploy.doctor.together import TooSlow, within

#: Family and socket address, as `socket` takes them.
Address = tuple[int, tuple[object, ...]]


def addresses_of(server: Server, seconds: float) -> list[Address]:
    """Return where a server is. Raises OSError (no such name) or `TooSlow` (nobody answers)."""
    found = within(lambda: socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM), seconds)
    return [(family, address) for family, _, _, _, address in found]


def check_name(check: str, server: Server, setting: str, seconds: float) -> Finding:
    """Look up a server's name; `setting` is where it was given."""
    try:
        found = addresses_of(server, seconds)
    except TooSlow:
        return problem(
            check,
            f"{server.host}: no name server answered in {seconds:g} s",
            "Máy chủ DNS không trả lời: xem /etc/resolv.conf và tường lửa cổng 53.",
            "The name servers do not answer: see /etc/resolv.conf, and the firewall for port 53.",
        )
    except (OSError, UnicodeError) as error:
        return problem(
            check,
            f"{server.host}: this machine ({socket.gethostname()}) can't resolve the name: {_reason(error)}",
            f"Xem lại tên trong {setting}; thử `getent hosts {server.host}`; thêm tên vào DNS.",
            f"Check the spelling in {setting}; try `getent hosts {server.host}`; add the name to DNS. "
            "In Kubernetes a name of another namespace is SERVICE.NAMESPACE.svc.",
        )
    return ok(check, f"{server.host} is {', '.join(sorted({str(address[0]) for _, address in found}))}")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
