"""A private network can't be reached through an endpoint, whatever its name says and when."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from adapters.ways.way import WayProblem
from adapters.ways.webhook.addresses import PrivateAddress, public, public_socket
from adapters.ways.webhook.system import WebhookSystem, open_system
from hub.destination import Receipt, Unavailable
from tests.adapters.ways.webhook.receiver import Reply, receiver
from tests.adapters.ways.webhook.sample import SECRET, event, land, place

PRIVATE = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",  # noqa: S104 - this machine, to most systems
    "0.1.2.3",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "192.0.0.171",
    "198.18.0.1",
    "192.0.2.1",
    "203.0.113.9",
    "192.88.99.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "100::1",
    "3fff::1",
    "5f00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo, of 127.0.0.1
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "171.244.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_of_the_open_internet_is_private(text: str) -> None:
    assert not public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_of_the_open_internet_is_public(text: str) -> None:
    assert public(ip_address(text))


@pytest.mark.parametrize("text", [*PRIVATE, "fe80::1%eth0", "no address"])
def test_no_socket_is_made_for_a_private_address(text: str) -> None:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    with pytest.raises(PrivateAddress):
        public_socket((family, socket.SOCK_STREAM, 6, "", (text, 443)))


def test_a_socket_is_made_for_a_public_address() -> None:
    with public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443))) as made:
        assert made.family is socket.AF_INET


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://land.example/events", "must begin with https://"),
        ("https://127.0.0.1/", "is in a private network"),
        ("https://[::1]/", "is in a private network"),
        ("https://[::ffff:10.0.0.1]:8443/", "is in a private network"),
        ("https://169.254.169.254/latest", "is in a private network"),
        ("https://0.0.0.0/", "is in a private network"),
        ("https://user@land.example/", "may hold no name and no password"),
        ("https://user:secret@land.example/", "may hold no name and no password"),
        ("https:///events", "no address of the web"),
        ("ftp://land.example/", "no address of the web"),
        ("https://land.example:99999/", "no address of the web"),
        ("https://[::1/", "no address of the web"),
    ],
)
def test_an_address_that_may_not_be_posted_to_is_refused_when_opening(url: str, words: str) -> None:
    with pytest.raises(WayProblem) as problem:
        open_system(land(url, allow_private=False), place())
    assert words in str(problem.value)
    assert "secret" not in str(problem.value)


def guarded(url: str) -> WebhookSystem:
    return open_system(land(url, allow_private=False, timeout=5), place())


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.0.0.1"])
def test_a_name_that_leads_to_a_private_address_is_refused_when_connecting(host: str) -> None:
    with receiver() as endpoint:
        port = endpoint.url.split(":")[-1]
        system = guarded(f"https://{host}:{port}")
        with pytest.raises(Unavailable):
            system.deliver([event()])
        system.close()
        assert endpoint.requests == []


def test_the_refusal_says_what_to_do() -> None:
    system = guarded("https://localhost:1/events")
    with pytest.raises(
        Unavailable, match=r"in a private network, which the agreement does not allow \(allow_private\)"
    ):
        system.deliver([event()])
    system.close()


def test_a_name_that_leads_elsewhere_the_second_time_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: what counts is the address that is connected to, not one that was looked up before."""
    answers = ["1.1.1.1"]

    def getaddrinfo(*_args: Any, **_more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 9)) for address in answers]

    with receiver() as endpoint:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        system = guarded("https://rebinding.example:9/events")  # whoever looks now sees a public address
        answers[0] = "127.0.0.1"
        with pytest.raises(Unavailable, match="in a private network"):
            system.deliver([event()])
        system.close()
        assert endpoint.requests == []


def test_a_proxy_in_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as endpoint:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        system = open_system(land(endpoint.url), place())
        assert system.deliver([event()]) == Receipt([])
        system.close()
        assert proxy.requests == []


def test_cookies_are_not_kept_and_nothing_secret_is_sent() -> None:
    with receiver(lambda _: Reply(204, headers={"Set-Cookie": "a=b"})) as endpoint:
        system = open_system(land(endpoint.url), place())
        system.deliver([event()])
        system.deliver([event()])
        system.close()
        assert all("cookie" not in request.headers for request in endpoint.posts)
        assert all(SECRET not in str(request.headers) for request in endpoint.posts)
