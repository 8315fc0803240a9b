"""An external schema registry: away, of another kind, or without our schemas."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from adapters.registry.serving import Place, load_registry, served
from deploy.doctor import State
from schemas.catalogue import load_catalogue
from tests.deploy.doctor.looking import Doctor


@contextmanager
def _answering(status: int, date: str = "Sat, 01 Jan 2000 00:00:00 GMT", body: bytes = b"[]") -> Iterator[str]:
    """Run an HTTP server that says the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            self.send_header("Date", date)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_registry_that_is_well(doctor: Doctor) -> None:
    with served(load_registry(load_catalogue()), Place()) as url:
        found = doctor(schema_registry=url)
    ours = [one for one in found.findings if one.check.startswith("registry")]
    assert [one.check for one in ours] == ["registry.dns", "registry.tcp", "registry.http", "registry.ids"]
    assert {one.state for one in ours} == {State.OK}
    assert found.one("clock.registry").state is State.OK


def test_a_registry_that_is_away(doctor: Doctor) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        found = doctor(schema_registry=f"http://127.0.0.1:{bound.getsockname()[1]}")
    assert "DANCU_SCHEMA_REGISTRY" in found.problem("registry.tcp")
    assert {"registry.http", "registry.ids"} <= found.skipped


def test_a_registry_that_wants_a_password(doctor: Doctor) -> None:
    with _answering(401) as url:
        found = doctor(schema_registry=url.replace("://", "://reader:geheim-1@"))
    assert "asks for a user and a password" in found.problem("registry.http")
    assert not any("geheim" in one.what + one.advice for one in found.findings)


def test_something_else_than_a_registry(doctor: Doctor) -> None:
    with _answering(404) as url:
        assert "HTTP 404: this is no schema registry" in doctor(schema_registry=url).problem("registry.http")


def test_a_registry_without_our_schemas_and_with_another_time(doctor: Doctor) -> None:
    with _answering(200) as url:
        found = doctor(schema_registry=url)
    assert found.one("registry.ids").state is State.PROBLEM
    assert found.one("clock.registry").state is State.PROBLEM
    assert "ours is ahead" in found.one("clock.registry").what


def test_no_external_registry_is_nothing_to_look_at(doctor: Doctor) -> None:
    assert doctor().all("registry") == []
    assert doctor(kafka="x.invalid").one("registry").state is State.SKIPPED
