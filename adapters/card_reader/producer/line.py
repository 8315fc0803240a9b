"""The line to the hub: one HTTPS connection that is kept, JSON out and in, with bounds on time and size."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

#: Seconds that one step (connect, send, a piece of the answer) and a whole answer may take.
_STEP, _WHOLE = 20.0, 60.0
#: Bytes of the longest answer: 500 results need about 100 KB.
_LONGEST = 4 << 20
#: Seconds after which a connection that nobody used is not used again: the hub closes idle ones.
_IDLE = 20.0


class BadAddress(Exception):
    """The hub's URL or the CA file can't be used. Says why."""


class LineDown(Exception):
    """The hub did not answer, or something else did. Says why, in words for the operator."""


class Answer(NamedTuple):
    """What the hub said."""

    status: int
    #: The JSON document; None when there is none.
    body: Any
    #: Seconds after which it wants to be asked again, if it says so.
    retry_after: float | None = None

    @property
    def reason(self) -> str:
        """Why it did not do what was asked: its own words (RFC 9457), without control characters."""
        said = self.body.get("detail") if isinstance(self.body, Mapping) else None
        words = "".join(c for c in said if c.isprintable())[:200] if isinstance(said, str) else ""
        return f"the hub answered {self.status}" + (f": {words}" if words else "")


class Line:
    """Posts to a hub. One thread at a time."""

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        """`ca_file`: PEM of the authority that the hub's certificate must come from; None: the system's. Raises
        `BadAddress` also for plain HTTP to another machine: nobody would know who answers."""
        parts = urlsplit(url)
        try:
            self._host, port = parts.hostname or "", parts.port
        except ValueError:
            raise BadAddress(f"{_shown(url)}: the port is no number from 0 to 65,535") from None
        if parts.scheme not in ("http", "https") or not self._host or parts.username or parts.query or parts.fragment:
            raise BadAddress(f"{_shown(url)}: an address such as https://hub.example is needed")
        if parts.scheme == "http" and not _is_here(self._host):
            raise BadAddress(f"{_shown(url)}: not safe over a network; the hub's address must begin with https://")
        self._port, self._path = port, parts.path.rstrip("/")
        self._tls = _tls(ca_file) if parts.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def post(self, path: str, content: Any) -> Answer:
        """Send a JSON document and return the answer. Raises `LineDown`; what was sent may have arrived anyway."""
        body = orjson.dumps(content)
        try:
            connection = self._connected()
            headers = {"content-type": "application/json", "accept": "application/json"}
            connection.request("POST", self._path + path, body, headers)
            with connection.getresponse() as response:
                return _answer(response, _read(response))
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise LineDown(_words(error)) from None
        except BaseException:
            self.close()  # half an answer is no beginning for the next question
            raise

    def close(self) -> None:
        """Close the connection; the next question opens one."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
        self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is not None and time.monotonic() - self._used > _IDLE:
            self.close()
        if self._connection is None:
            self._connection = (
                http.client.HTTPSConnection(self._host, self._port, timeout=_STEP, context=self._tls)
                if self._tls
                else http.client.HTTPConnection(self._host, self._port, timeout=_STEP)
            )
        self._used = time.monotonic()
        return self._connection


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (ssl.SSLError, OSError) as error:
        raise BadAddress(f"{ca_file}: no file of certificates: {getattr(error, 'strerror', None) or error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(response: http.client.HTTPResponse) -> bytes:
    """Read the answer, however slowly it comes, within its bounds."""
    until, pieces, size = time.monotonic() + _WHOLE, list[bytes](), 0
    while piece := response.read1(1 << 16):
        pieces.append(piece)
        size += len(piece)
        if size > _LONGEST or time.monotonic() > until:
            raise http.client.HTTPException("the answer is too long, or takes too long")
    if response.length:
        raise http.client.HTTPException("the answer broke off")
    return b"".join(pieces)


def _answer(response: http.client.HTTPResponse, content: bytes) -> Answer:
    after = response.headers.get("retry-after", "")
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        body = None
    return Answer(response.status, body, float(after) if after.isdecimal() else None)


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the hub's certificate is not accepted: {error.verify_message}"
    if isinstance(error, http.client.RemoteDisconnected):
        return "the hub closed the connection"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _shown(url: str) -> str:
    """Return the URL without what could be a password in it."""
    return url.rpartition("@")[2]
