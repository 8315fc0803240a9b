"""Serves the web application beside a run: on this machine only, unless somebody says that a proxy ends TLS."""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from adapters.registry.problem import CannotServe
from adapters.registry.serving import Place, served
from deploy.bootstrap import Hub, now_ms
from deploy.settings import BadSetting

if TYPE_CHECKING:
    from fastapi import FastAPI

    from deploy.viewpoint import Viewpoint
    from monitoring.exposition import Exposition

#: Seconds that the end waits for a look that has not ended.
_LAST_LOOK = 5.0


@contextmanager
def serving_web(
    hub: Hub, place: Place, viewpoint: Viewpoint, metrics: Exposition | None = None, *, behind_proxy: bool = False
) -> Iterator[str]:
    """Serve the hub's web application while the block runs, and yield its URL. Raises `CannotServe`.

    `viewpoint`: the looks of this process. Whoever waits for events is answered at once when the block is left.
    Behind a proxy /metrics needs a token.
    """
    try:
        from deploy.web.app import make_web
    except ModuleNotFoundError as missing:
        raise CannotServe(f"{missing.name} is not installed: pip install 'dancu-hub[web]'") from missing
    app = make_web(hub, viewpoint)
    if metrics is not None:
        _add_metrics(app, hub, metrics, behind_proxy=behind_proxy)
    _allow_many_files()
    try:
        with served(app, place) as url, _looking_ahead(app.state.first_looks):
            try:
                yield url
            finally:
                app.state.feeds.stop_waiting()
    finally:
        app.state.feeds.close()


@contextmanager
def _looking_ahead(looks: Sequence[Callable[[], object]]) -> Iterator[None]:
    """Look once at what the console shows first, so that its first visitor does not wait: on Kafka that takes seconds.

    What can't be read now is read again when somebody asks.
    """

    def look() -> None:
        for one in looks:
            with suppress(Exception):
                one()

    ahead = threading.Thread(target=look, name="console-first-look", daemon=True)
    ahead.start()
    try:
        yield
    finally:
        ahead.join(_LAST_LOOK)


def _add_metrics(app: FastAPI, hub: Hub, metrics: Exposition, *, behind_proxy: bool) -> None:
    from deploy.web.metrics import metrics_router
    from hub.access import Tokens
    from hub.access.bearer import ByToken

    app.include_router(metrics_router(metrics, ByToken(Tokens(hub.deliveries_db), now_ms), behind_proxy=behind_proxy))


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
