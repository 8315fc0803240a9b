"""`dancu run`: the worker and the deliveries, until stopped or until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.registry.external import verify_registry
from adapters.registry.problem import CannotServe
from adapters.registry.serving import Place, load_registry, served
from deploy.bootstrap import Hub
from deploy.cli.shell import hub_of, plain_errors, screen, stop_when_told, tell_outages
from deploy.groups import following_groups
from deploy.keeping import keeping
from deploy.metrics import measuring
from deploy.recording import recorded
from deploy.running import Run
from deploy.signs import answering
from deploy.viewpoint import Viewpoint, viewpoint_of
from deploy.web.first_token import first_token
from deploy.web.serving import check_host, serving_web
from hub.observe import quiet

if TYPE_CHECKING:
    from monitoring.exposition import Exposition

HealthAt = Annotated[
    str | None,
    typer.Option(
        "--health", metavar="HOST:PORT", envvar="DANCU_HEALTH", help="Answer health questions and /metrics here."
    ),
]
UntilIdle = Annotated[
    bool, typer.Option("--until-idle", help="End when all is delivered, withheld, refused or parked.")
]


def run(
    context: typer.Context,
    until_idle: UntilIdle = False,
    health: HealthAt = None,
    registry_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the schema registry on this machine; 0: none.")
    ] = 8085,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port of the agencies' feeds and the API; 0: any free one; else 8080."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address of the feeds and the API.")] = "127.0.0.1",
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="--host may be one that others reach: a proxy there ends TLS.")
    ] = False,
    no_web: Annotated[bool, typer.Option("--no-web", help="Serve no feeds and no API.")] = False,
) -> None:
    """Chạy hệ thống. / Run the hub: decide about events and deliver them. Stop it with Ctrl-C or SIGTERM.

    Meanwhile agencies fetch their feeds at http://127.0.0.1:8080/feeds/AGENCY; with --until-idle only with --port.
    """
    stop_when_told()
    with plain_errors():
        check_host(host, behind_proxy=behind_proxy)
    web = None if no_web or (until_idle and port is None) else Place(host, 8080 if port is None else port)
    asked = health is not None or web is not None
    with (
        hub_of(context) as opened,
        opened.claimed(),
        recorded(opened) as recording,
        measuring(recording, "run", asked=asked, viewpoint=(viewpoint := viewpoint_of(recording))) as (hub, metrics),
    ):
        if not until_idle:
            where = hub.settings.kafka or hub.home.folder
            screen.print(f"Đang chạy tại / running in {where} · {len(hub.agencies)} cơ quan / agencies", markup=False)
        check_registry(hub)
        own = 0 if until_idle or hub.settings.schema_registry else registry_port
        with (
            _registry(hub, own),
            _web(hub, web, viewpoint, metrics, behind_proxy=behind_proxy),
            following_groups(hub),
            keeping(hub, until_idle=until_idle),
            answering(hub, health, works=True, delivers=hub.pushed, metrics=metrics) as signs,
        ):
            Run(hub, until_idle=until_idle, observe=tell_outages, signs=signs).go()


def check_registry(hub: Hub) -> None:
    """Look whether the external registry, if there is one, says what we say. Raises `RegistryProblem`."""
    if hub.settings.schema_registry:
        verify_registry(hub.settings.schema_registry, hub.rules.catalogue)


@contextmanager
def _registry(hub: Hub, port: int) -> Iterator[None]:
    """Serve our own registry beside the run."""
    if port == 0:
        yield
        return
    with _if_possible(_serving_registry(hub, Place("127.0.0.1", port)), "Sổ lược đồ / schema registry"):
        yield


@contextmanager
def _serving_registry(hub: Hub, place: Place) -> Iterator[str]:
    with served(load_registry(hub.rules.catalogue), place) as url:
        yield url


@contextmanager
def _web(
    hub: Hub, place: Place | None, viewpoint: Viewpoint, metrics: Exposition | None, *, behind_proxy: bool
) -> Iterator[None]:
    """Serve the feeds and the API beside the run."""
    if place is None:
        yield
        return
    serving = serving_web(hub, place, viewpoint, metrics, behind_proxy=behind_proxy)
    with _if_possible(serving, "Luồng sự kiện và API / feeds and API", partial(tell_console, hub)):
        yield


def tell_console(hub: Hub, url: str) -> None:
    """Say where the console is, and where the token of the first operator; never the token itself."""
    file = first_token(hub)
    token = f" · mã truy cập trong tệp / token in the file: {file}" if file else ""
    screen.print(f"Bảng điều hành / console: {url}/console{token}", markup=False, soft_wrap=True)


@contextmanager
def _if_possible(
    serving: AbstractContextManager[str], what: str, tell: Callable[[str], None] = quiet
) -> Iterator[None]:
    """Serve something and say where. A hub runs without it too: its port may be taken."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(serving)
        except CannotServe as problem:
            screen.print(f"Không có / none: {what}: {problem}", style="yellow", markup=False, soft_wrap=True)
        else:
            screen.print(f"{what}: {url}", markup=False, soft_wrap=True)
            tell(url)
        yield
