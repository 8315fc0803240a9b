"""Serves the web application beside a run: on this machine only, unless somebody says that a proxy ends TLS."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.registry.problem import CannotServe
from adapters.registry.serving import Place, served
from deploy.bootstrap import Hub
from deploy.settings import BadSetting


@contextmanager
def serving_web(hub: Hub, place: Place) -> Iterator[str]:
    """Serve the hub's web application while the block runs, and yield its URL. Raises `CannotServe`.

    Whoever waits for events is answered at once when the block is left.
    """
    try:
        from deploy.web.app import make_web
    except ModuleNotFoundError as missing:
        raise CannotServe(f"{missing.name} is not installed: pip install 'dancu-hub[web]'") from missing
    app = make_web(hub)
    _allow_many_files()
    try:
        with served(app, place) as url:
            try:
                yield url
            finally:
                app.state.feeds.stop_waiting()
    finally:
        app.state.feeds.close()


def check_host(host: str, *, behind_proxy: bool) -> None:
    """Refuse an address that others reach, where tokens would go over the network in clear. Raises `BadSetting`."""
    try:
        from adapters.http_intake.serving import is_loopback
    except ModuleNotFoundError:
        return  # then nothing is served, and `serving_web` says why
    try:
        here = is_loopback(host)
    except OSError as error:
        raise BadSetting(f"--host {host}: {error.strerror}") from error
    if not here and not behind_proxy:
        raise BadSetting(
            f"--host {host}: tokens would go over the network in clear. Let a proxy on this machine end TLS and pass "
            "requests to 127.0.0.1; or, if a proxy elsewhere does so over a network that you trust, say --behind-proxy"
        )


def _allow_many_files() -> None:
    """Let the process hold as many connections as the system lets it: each waiting client is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
