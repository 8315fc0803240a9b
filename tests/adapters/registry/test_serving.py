"""Serving beside other work: it starts, answers, stops, and says why it can't."""

from __future__ import annotations

import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI

from adapters.registry.problem import CannotServe
from adapters.registry.serving import Place, load_registry, served
from tests.hub.making import CATALOGUE


def test_it_listens_on_this_machine_only_unless_told() -> None:
    with served(load_registry(CATALOGUE)) as url:
        assert urlsplit(url).hostname == "127.0.0.1"


def test_when_the_block_ends_nobody_listens_any_more_and_the_port_is_free() -> None:
    with served(load_registry(CATALOGUE)) as url:
        assert httpx2.get(url).status_code == 200
    port = urlsplit(url).port or 0
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass
    with served(load_registry(CATALOGUE), Place(port=port)) as again:
        assert again == url


def test_who_comes_while_it_ends_is_not_left_on_the_line(caplog: pytest.LogCaptureFixture) -> None:
    """The loop is held, so that somebody is let in in the same moment in which all others are told to leave."""
    app, held, go_on = FastAPI(), threading.Event(), threading.Event()

    @app.get("/hold")
    async def hold() -> None:
        held.set()
        go_on.wait(10)

    with ThreadPoolExecutor(1) as beside, ExitStack() as line:
        with served(app) as url:
            asked = beside.submit(httpx2.get, f"{url}/hold")
            assert held.wait(10)
            host, port = urlsplit(url).netloc.split(":")
            late = line.enter_context(socket.create_connection((host, int(port)), timeout=10))
            threading.Timer(0.3, go_on.set).start()
        assert late.recv(1) == b"", "the line is closed"
        assert asked.result().status_code == 200, "the request under way was finished"
    assert "graceful shutdown exceeded" not in caplog.text, "nobody was waited for in vain"


def test_a_taken_port_is_told_in_plain_words() -> None:
    app = load_registry(CATALOGUE)
    with served(app) as url:
        port = urlsplit(url).port or 0
        with (
            pytest.raises(CannotServe, match=rf"can't listen on 127\.0\.0\.1:{port}: .*in use"),
            served(app, Place(port=port)),
        ):
            pass


@pytest.mark.parametrize("place", [Place("192.0.2.1", 0), Place("no-such-host.invalid", 0), Place(port=99_999)])
def test_an_address_that_is_not_ours_is_told_in_plain_words(place: Place) -> None:
    with pytest.raises(CannotServe, match="can't listen on"), served(load_registry(CATALOGUE), place):
        pass


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adapters.registry.app", None)
    with pytest.raises(CannotServe, match=r"pip install 'dancu-hub\[web\]'"):
        load_registry(CATALOGUE)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "adapters.registry.web_server", raising=False)
    with pytest.raises(CannotServe, match=r"pip install 'dancu-hub\[web\]'"), served(None):
        pass
