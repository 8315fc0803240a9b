"""`dancu web`: the agencies' feeds and the API, in a process of its own."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from adapters.registry.serving import Place
from deploy.cli.run import HealthAt, tell_console
from deploy.cli.shell import hub_of, plain_errors, screen, stop_when_told
from deploy.groups import following_groups
from deploy.keeping import keeping
from deploy.leaving import leave_soon
from deploy.metrics import measuring
from deploy.recording import recorded
from deploy.viewpoint import viewpoint_of
from deploy.web.serving import check_host, serving_web
from deploy.web.signs import answering_for


def web(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address of the feeds and the API.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0: any free one.")] = 8080,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="--host may be one that others reach: a proxy there ends TLS.")
    ] = False,
    health: HealthAt = None,
) -> None:
    """Mở luồng sự kiện và API. / Serve the feeds and the API, and nothing else. Stop it with Ctrl-C or SIGTERM.

    For a hub on Kafka, beside `dancu worker` and `dancu deliver`: as many as wanted, behind one address. With the
    embedded log it may run beside `dancu run --no-web`.
    """
    stop_when_told()
    with plain_errors():
        check_host(host, behind_proxy=behind_proxy)
    with (
        hub_of(context) as opened,
        recorded(opened) as recording,
        measuring(recording, "web", asked=True, viewpoint=(viewpoint := viewpoint_of(recording))) as (hub, metrics),
        serving_web(hub, Place(host, port), viewpoint, metrics, behind_proxy=behind_proxy) as url,
        following_groups(hub),
        keeping(hub),
        answering_for(hub, url, health, metrics) as signs,
    ):
        screen.print(f"Luồng sự kiện và API / feeds and API: {url}", markup=False, soft_wrap=True)
        tell_console(hub, url)
        _wait_until_told()
        signs.stopping()


def _wait_until_told() -> None:
    """Wait for SIGTERM or Ctrl-C. From then on the process is gone soon, whatever hangs."""
    told = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: told.set())
    told.wait()
    leave_soon()
