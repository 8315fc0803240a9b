"""The address that a part listens on."""

from __future__ import annotations

import socket

import pytest

from adapters.listening import CannotListen, listen


def test_asyncio_sees_that_it_is_tcp_and_answers_without_delay() -> None:
    """It turns Nagle's algorithm off only for sockets that say so; else each answer comes 40 ms late."""
    with listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_taken_address_is_named() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}"):
            listen("127.0.0.1", port)
