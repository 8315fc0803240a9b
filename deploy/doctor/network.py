"""The second layer: does anything listen at the address?"""

from __future__ import annotations

import errno
import socket
import time

from deploy.doctor.finding import Finding, ok, problem
from deploy.doctor.names import addresses_of
from deploy.doctor.server import Server
from deploy.doctor.together import TooSlow

_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH)


def connect(server: Server, seconds: float) -> socket.socket:
    """Connect to the first address that answers; later reads have the same limit. Raises OSError or `TooSlow`."""
    deadline = time.monotonic() + seconds
    addresses = addresses_of(server, seconds)
    failure: OSError = TimeoutError()
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(max(0.05, (deadline - time.monotonic()) / left))
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            connection.settimeout(seconds)
            return connection
    raise failure


def check_network(check: str, server: Server, setting: str, seconds: float) -> Finding:
    """Open a connection and close it again; `setting` is where the server was given."""
    try:
        connect(server, seconds).close()
    except ConnectionRefusedError:
        return problem(
            check,
            f"{server}: the host refuses the connection: nothing listens on port {server.port}",
            f"Khởi động máy chủ đó, hoặc sửa cổng trong {setting}; xem trên máy đó: `ss -ltn`.",
            f"Start that server, or correct the port in {setting}; on that host `ss -ltn` shows what listens.",
        )
    except (TimeoutError, TooSlow):
        return problem(
            check,
            f"{server}: no answer in {seconds:g} s: the packets are dropped on the way",
            "Thường do tường lửa hoặc chính sách mạng: mở đường từ máy này đến cổng đó.",
            "Mostly a firewall or a network policy: open the way from this machine to that port, "
            "or the host is switched off.",
        )
    except OSError as error:
        no_way = "no route to the host: " if error.errno in _NO_WAY else ""
        return problem(
            check,
            f"{server}: can't be reached: {no_way}{error.strerror or error}",
            "Xem lại địa chỉ, định tuyến và VPN của máy này.",
            "Check the address, this machine's routes and its VPN.",
        )
    return ok(check, f"{server} accepts connections")
