"""The line to one endpoint: connections that are kept and used again, and one request over them."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import aiohttp

from adapters.ways.way import WayProblem
from adapters.ways.webhook.addresses import PrivateAddress, public_socket
from adapters.ways.webhook.endpoint import Endpoint
from adapters.ways.webhook.excerpt import LOOKED_AT
from adapters.ways.webhook.lookup import Lookup
from adapters.ways.webhook.verdict import Answer

#: Seconds that an idle connection is kept: less than the 5 s after which common servers end theirs, because a request
#: that crosses with that end would look like an outage.
_IDLE = 4.0
_HEADERS = {"user-agent": "dancu-hub", "accept": "application/json", "accept-encoding": "identity"}


class NoAnswer(Exception):
    """The endpoint did not answer, or not whole. Says why in plain words, without the path of the URL."""


@lru_cache(maxsize=64)
def tls_for(ca_file: Path | None) -> ssl.SSLContext:
    """Return how certificates are checked: against the system's, and those of a file. Raises `WayProblem`."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # SSLError is one
            reason = "it holds no certificates in PEM" if isinstance(error, ssl.SSLError) else error.strerror
            raise WayProblem(f"delivery/ca_file: {ca_file} can't be used: {reason}") from error
    return context


def new_session(endpoint: Endpoint) -> aiohttp.ClientSession:
    """Open a line; call it in the event loop. Nothing of the environment or of an answer changes how it works."""
    connector = aiohttp.TCPConnector(
        limit=endpoint.connections,
        keepalive_timeout=_IDLE,
        resolver=Lookup(),
        ssl=tls_for(endpoint.ca_file),
        socket_factory=None if endpoint.allow_private else public_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=endpoint.timeout),
        headers={**_HEADERS, "webhook-request-origin": endpoint.origin},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


async def ask(
    session: aiohttp.ClientSession, endpoint: Endpoint, method: str, headers: Mapping[str, str], body: bytes | None
) -> Answer:
    """Send one request and read the beginning of its answer. Raises `NoAnswer`."""
    try:
        async with session.request(method, endpoint.url, data=body, headers=headers, allow_redirects=False) as response:
            read = await _beginning(response)
            return Answer(response.status, {name.lower(): text for name, text in response.headers.items()}, read)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NoAnswer(_words(error, endpoint)) from error


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """Read as much as is looked at; the rest of a longer answer is left, and its connection ended."""
    read = bytearray()
    while len(read) < LOOKED_AT:
        piece = await response.content.read(LOOKED_AT - len(read))
        if not piece:
            return bytes(read)
        read += piece
    if not response.content.at_eof():
        response.close()
    return bytes(read)


def _words(error: Exception, endpoint: Endpoint) -> str:
    """Say in plain words what went wrong."""
    match error:
        case asyncio.TimeoutError():
            return f"no whole answer within {endpoint.timeout:g} s"
        case aiohttp.ClientConnectorCertificateError():
            why = getattr(error.certificate_error, "verify_message", "") or "it does not belong to this name"
            return f"its certificate is not accepted: {why}"
        case aiohttp.ClientConnectorDNSError():
            return "its name can't be looked up"
        case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return "no TLS connection can be made with it"
        case aiohttp.ClientConnectorError():
            cause = error.os_error
            return str(cause) if isinstance(cause, PrivateAddress) else f"can't be reached: {_strerror(cause)}"
        case aiohttp.ClientResponseError():
            return "what it answers is not HTTP"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | OSError():
            return "it closed the connection before its answer was whole"
    return f"the request failed ({type(error).__name__})"


def _strerror(error: OSError) -> str:
    """Return the system's own words, without the address that asyncio adds."""
    return os.strerror(error.errno) if error.errno else type(error).__name__
