"""Asks an external registry. Standard library only: a start-up check must not need another package."""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

import orjson

from adapters.registry.problem import RegistryUnavailable

#: Seconds that an answer may take.
_PATIENCE = 15
_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the registry said."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300

    @property
    def words(self) -> str:
        """What the registry says about a refusal."""
        message = self.body.get("message") if isinstance(self.body, dict) else None
        return f"HTTP {self.status}: {str(message)[:300]}" if message else f"HTTP {self.status}"


class RegistryClient:
    """One connection to a registry. Every method raises `RegistryUnavailable`."""

    def __init__(self, url: str, connection: http.client.HTTPConnection) -> None:
        """Take the URL, with `user:password@` where the registry asks who we are, and an open connection to it."""
        parts = urlsplit(url)
        self.name = plain_url(parts)
        self._path = parts.path.rstrip("/")
        self._connection = connection
        self._headers = {"Accept": f"{_CONTENT_TYPE}, application/json", "Content-Type": _CONTENT_TYPE}
        if parts.username is not None:
            secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"

    def get(self, *path: str | int) -> Answer | None:
        """Return the answer, or None for what isn't there."""
        answer = self._ask("GET", path)
        if answer.status == 404:
            return None
        return self._good(answer, path)

    def put(self, content: Any, *path: str, query: str = "") -> Answer:
        """Change something."""
        return self._good(self._ask("PUT", path, content, query), path)

    def post(self, content: Any, *path: str) -> Answer:
        """Add something."""
        return self._good(self._ask("POST", path, content), path)

    def delete(self, *path: str) -> bool:
        """Take something away; say whether the registry did so."""
        return self._ask("DELETE", path).ok

    def _good(self, answer: Answer, path: tuple[str | int, ...]) -> Answer:
        if answer.ok:
            return answer
        where = "/".join(map(str, path))
        raise RegistryUnavailable(f"the schema registry {self.name} refused /{where}: {answer.words}")

    def _ask(self, method: str, path: tuple[str | int, ...], content: Any = None, query: str = "") -> Answer:
        target = self._path + "".join(f"/{quote(str(part), safe='')}" for part in path) + query
        body = None if content is None else orjson.dumps(content)
        try:
            self._connection.request(method, target, body, self._headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise RegistryUnavailable(_silent(self.name, error)) from error
        try:
            return Answer(response.status, orjson.loads(text) if text else None)
        except ValueError:
            if response.status >= 400:
                return Answer(response.status, None)
            message = f"{self.name} is no schema registry: it answers with something else than JSON. Is its path right?"
            raise RegistryUnavailable(message) from None


@contextmanager
def registry_at(url: str) -> Iterator[RegistryClient]:
    """Open a connection to a registry for the block. SSL_CERT_FILE can name who signs certificates."""
    connection = _connection(url)
    try:
        yield RegistryClient(url, connection)
    finally:
        connection.close()


def _connection(url: str) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if not host:
            raise ValueError("it names no host")
        if parts.scheme != "https":
            return http.client.HTTPConnection(host, port, timeout=_PATIENCE)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=_PATIENCE, context=context)
    except (ValueError, http.client.HTTPException) as error:
        raise RegistryUnavailable(f"DANCU_SCHEMA_REGISTRY is no URL such as http://127.0.0.1:8081: {error}") from error


def plain_url(parts: SplitResult) -> str:
    """Return the URL without a name or password in it, for people."""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _silent(name: str, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"the schema registry {name} does not answer: {reason}. Is DANCU_SCHEMA_REGISTRY right, and does it run?"
