"""Endpoints that hang, drip, lie about length, present a wrong certificate: an outage each, in plain words."""

from __future__ import annotations

import asyncio
import gzip
import logging
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from adapters.ways.way import WayProblem
from adapters.ways.webhook.system import open_system
from hub.destination import Receipt, Unavailable
from tests.adapters.ways.webhook.receiver import Reply, Talk, receiver, request_of, talking
from tests.adapters.ways.webhook.sample import SECRET, consent_of, event, events, land, place, posting_to

CONSENT = b"HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: *\r\nContent-Length: 0\r\n\r\n"


def consenting(talk: Talk) -> Talk:
    """Consent properly, and then talk like this."""

    async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await request_of(reader)).startswith(b"OPTIONS"):
            writer.write(CONSENT)
            await writer.drain()
        await talk(reader, writer)

    return both


def outage(talk: Talk) -> str:
    """Return what is said of an endpoint that consents, and then talks like this."""
    with (
        talking(consenting(talk)) as url,
        posting_to(url) as system,
        pytest.raises(Unavailable) as found,
    ):
        system.deliver([event()])
    assert "/events" not in str(found.value)
    return str(found.value)


async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def drip_headers(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("talk", [hang, drip_headers, drip_body])
def test_an_endpoint_that_hangs_or_drips_costs_no_more_than_its_timeout(talk: Talk, tmp_path: Path) -> None:
    with (
        talking(consenting(talk)) as url,
        posting_to(url, consent_of(url, tmp_path), timeout=0.3) as system,
        pytest.raises(Unavailable, match=r"no whole answer within 0\.3 s"),
    ):
        system.deliver([event()])


def test_a_hanging_endpoint_is_given_up_after_one_round_of_requests(tmp_path: Path) -> None:
    asked = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await hang(reader, writer)

    with (
        talking(consenting(count)) as url,
        posting_to(url, consent_of(url, tmp_path), timeout=0.3, connections=4) as system,
        pytest.raises(Unavailable),
    ):
        system.deliver(events(200))
    assert asked <= 7  # four at once; whoever ended first may have begun another before the last one ended


async def leave(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


async def leave_in_the_middle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    await asyncio.sleep(0.05)


async def leave_in_a_chunk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{")
    await writer.drain()
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("talk", [leave, leave_in_the_middle, leave_in_a_chunk])
def test_a_connection_that_ends_too_early_is_no_acknowledgement(talk: Talk) -> None:
    assert outage(talk).endswith("it closed the connection before its answer was whole")


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
    ],
)
def test_what_is_not_http_is_no_acknowledgement(said: bytes) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await asyncio.sleep(0.2)

    assert outage(talk).endswith("what it answers is not HTTP")


@pytest.mark.parametrize("chunked", [False, True])
def test_of_an_endless_answer_only_the_beginning_is_read(chunked: bool) -> None:
    sent = event()
    with (
        receiver(lambda _: Reply(422, b"too bad " * 2**20, chunked=chunked)) as endpoint,
        posting_to(endpoint) as system,
    ):
        [rejection] = system.deliver([sent]).rejected
        assert len(rejection.message) == 500
        endpoint.answer = lambda _: Reply(200, b"fine " * 2**20, chunked=chunked)
        assert system.deliver([event()]) == Receipt([])


def test_a_compressed_answer_is_not_blown_up() -> None:
    bomb = gzip.compress(b"\0" * 2**24)
    with (
        receiver(lambda _: Reply(400, bomb, {"Content-Encoding": "gzip"})) as endpoint,
        posting_to(endpoint) as system,
    ):
        [rejection] = system.deliver([event()]).rejected
    assert len(rejection.message) <= 500


def test_nobody_there_is_said() -> None:
    with talking(leave) as url:
        pass
    with posting_to(url) as system, pytest.raises(Unavailable, match="can't be reached: Connection refused"):
        system.deliver([event()])


def test_a_name_that_does_not_exist_is_said() -> None:
    with (
        posting_to("http://no-such-agency.invalid:9/events") as system,
        pytest.raises(Unavailable, match=r"no-such-agency\.invalid:9: its name can't be looked up"),
    ):
        system.deliver([event()])


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


def certificate_for(authority: trustme.CA, *names: str, **more: object) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names, **more).configure_cert(context)  # type: ignore[arg-type]
    return context


def test_an_endpoint_with_a_certificate_of_the_agreed_authority_is_trusted(authority: trustme.CA, trusted: str) -> None:
    with (
        receiver(certificate=certificate_for(authority, "127.0.0.1")) as endpoint,
        posting_to(endpoint, ca_file=trusted) as system,
    ):
        assert system.deliver([event()]) == Receipt([])


def test_a_certificate_of_another_authority_is_refused(authority: trustme.CA) -> None:
    with receiver(certificate=certificate_for(authority, "127.0.0.1")) as endpoint:
        with (
            posting_to(endpoint) as system,
            pytest.raises(Unavailable, match="its certificate is not accepted: "),
        ):
            system.deliver([event()])
        assert endpoint.requests == []


def test_a_certificate_for_another_name_is_refused(authority: trustme.CA, trusted: str) -> None:
    with receiver(certificate=certificate_for(authority, "other.example")) as endpoint:
        with (
            posting_to(endpoint, ca_file=trusted) as system,
            pytest.raises(Unavailable, match=r"its certificate is not accepted: .*127\.0\.0\.1"),
        ):
            system.deliver([event()])
        assert endpoint.requests == []


def test_a_certificate_that_has_run_out_is_refused(authority: trustme.CA, trusted: str) -> None:
    old = certificate_for(authority, "127.0.0.1", not_after=datetime(2025, 1, 1, tzinfo=UTC))
    with (
        receiver(certificate=old) as endpoint,
        posting_to(endpoint, ca_file=trusted) as system,
        pytest.raises(Unavailable, match="its certificate is not accepted: certificate has expired"),
    ):
        system.deliver([event()])


def test_an_endpoint_that_speaks_no_tls_is_refused() -> None:
    with (
        receiver() as endpoint,
        posting_to(endpoint.url.replace("http:", "https:")) as system,
        pytest.raises(Unavailable, match="no TLS connection can be made"),
    ):
        system.deliver([event()])


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_certificates_that_can_not_be_used_is_said_when_opening(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(WayProblem, match=r"delivery/ca_file: .*ca\.pem can't be used: (No such file|it holds no cert)"):
        open_system(land("https://127.0.0.1:1/", ca_file=str(file)), place())


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever happens here: no traceback, no secret and no personal number in any log."""
    caplog.set_level(logging.DEBUG)
    yield
    logged = caplog.text
    assert "Traceback" not in logged
    assert SECRET.removeprefix("whsec_") not in logged
    assert "079090" not in logged
