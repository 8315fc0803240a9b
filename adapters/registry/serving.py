"""Serves a web application: in a thread beside other work, or alone until it is told to stop. Needs the extra `web`."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from adapters.listening import CannotListen, listen
from adapters.registry.problem import CannotServe

if TYPE_CHECKING:
    from uvicorn import Server

    from schemas.catalogue import Catalogue

#: Seconds that requests have to finish when the server stops.
_LAST_REQUESTS = 5
#: Seconds that a connection may stay without a request: clients come back on it.
_IDLE = 75
_MISSING = "the web server is not installed. Install it with: pip install 'dancu-hub[web]'"


class Place(NamedTuple):
    """Where to listen."""

    host: str = "127.0.0.1"
    #: 0: any free one.
    port: int = 0


def load_registry(catalogue: Catalogue) -> Any:
    """Return the registry's web application. Raises `CannotServe` when the extra `web` is not installed."""
    try:
        from adapters.registry.app import registry_app
    except ImportError as error:
        raise CannotServe(_MISSING) from error
    return registry_app(catalogue)


@contextmanager
def served(app: Any, place: Place = Place()) -> Iterator[str]:  # noqa: B008 - a value that never changes
    """Serve an ASGI application in a thread while the block runs, and yield its URL.

    Requests under way are finished before the block is left. Raises `CannotServe`.
    """
    with _listening(place) as sock:
        server = _server(app)
        thread = threading.Thread(target=server.run, args=([sock],), name="http", daemon=True)
        thread.start()
        try:
            _await_start(server, thread)
            yield url_of(sock)
        finally:
            server.should_exit = True
            thread.join()


def serve(app: Any, place: Place, on_start: Callable[[str], None] = lambda _: None) -> None:
    """Serve an ASGI application until SIGTERM or SIGINT. Call it from the main thread. Raises `CannotServe`."""
    stops = (signal.SIGTERM, signal.SIGINT)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # also in the server's thread, which starts after this
    try:
        with served(app, place) as url:
            on_start(url)
            signal.sigwait(stops)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def url_of(sock: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _listening(place: Place) -> Iterator[socket.socket]:
    """Take the address before anything is started, so that a taken one is told in plain words."""
    try:
        sock = listen(*place)
    except CannotListen as error:
        raise CannotServe(
            f"can't listen on {place.host}:{place.port}: {error.reason}. "
            "Stop what listens there, or choose another port"
        ) from error
    with sock:
        yield sock


def _await_start(server: Server, thread: threading.Thread) -> None:
    while not server.started:
        thread.join(0.005)
        if not thread.is_alive():
            raise CannotServe("the web server ended while it started; its log says why")


def _server(app: Any) -> Server:
    try:
        from adapters.registry.web_server import WebServer
    except ImportError as error:
        raise CannotServe(_MISSING) from error
    return WebServer(app, idle=_IDLE, last_requests=_LAST_REQUESTS)
