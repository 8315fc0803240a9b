"""Which addresses may be connected to: an endpoint must not be a way into the hub's own network."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

#: IPv4 in IPv6, as translators write it (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")
#: All that has ever been given out of IPv6 to the open internet.
_OPEN = IPv6Network("2000::/3")
#: What Python's own lists lack, or lacked in some version.
_NEVER = (
    IPv4Network("192.0.0.0/24"),  # protocols
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, withdrawn
    IPv6Network("3fff::/20"),  # documentation
)


class PrivateAddress(OSError):
    """The name leads to an address of a private network, or to this machine."""

    def __init__(self) -> None:
        super().__init__("it is in a private network, which the agreement does not allow (allow_private)")


def literal_address(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host is written as, or None for a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is one of the open internet; what wraps another address is as that one is."""
    if isinstance(address, IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return public(inner)
        if address not in _OPEN:
            return False
    never = any(address.version == network.version and address in network for network in _NEVER)
    return address.is_global and not address.is_multicast and not never


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def public_socket(target: tuple[Any, ...]) -> socket.socket:
    """Make the socket for one address that is about to be connected to (the last step: what a name says, counts).

    `target` is as `getaddrinfo` returns it. Raises `PrivateAddress`.
    """
    family, kind, protocol, _, where = target
    address = literal_address(where[0])
    if address is None or not public(address):
        raise PrivateAddress
    return socket.socket(family, kind, protocol)
