"""`dancu run`: the worker and the deliveries, until stopped or until nothing is left to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from adapters.registry.external import verify_registry
from adapters.registry.problem import CannotServe
from adapters.registry.serving import Place, load_registry, served
from deploy.bootstrap import Hub
from deploy.cli.shell import hub_of, screen, stop_when_told, tell_outages
from deploy.running import Run
from deploy.signs import answering

HealthAt = Annotated[
    str | None,
    typer.Option("--health", metavar="HOST:PORT", envvar="DANCU_HEALTH", help="Answer health questions here."),
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
) -> None:
    """Chạy hệ thống. / Run the hub: decide about events and deliver them. Stop it with Ctrl-C or SIGTERM."""
    stop_when_told()
    with hub_of(context) as hub, hub.claimed():
        if not until_idle:
            where = hub.settings.kafka or hub.home.folder
            screen.print(f"Đang chạy tại / running in {where} · {len(hub.agencies)} cơ quan / agencies", markup=False)
        check_registry(hub)
        own = 0 if until_idle or hub.settings.schema_registry else registry_port
        with _registry(hub, own), answering(hub, health, works=True, delivers=hub.pushed) as signs:
            Run(hub, until_idle=until_idle, observe=tell_outages, signs=signs).go()


def check_registry(hub: Hub) -> None:
    """Look whether the external registry, if there is one, says what we say. Raises `RegistryProblem`."""
    if hub.settings.schema_registry:
        verify_registry(hub.settings.schema_registry, hub.rules.catalogue)


@contextmanager
def _registry(hub: Hub, port: int) -> Iterator[None]:
    """Serve our own registry beside the run. A hub runs without it too: its port may be taken."""
    if port == 0:
        yield
        return
    try:
        serving = served(load_registry(hub.rules.catalogue), Place("127.0.0.1", port))
        url = serving.__enter__()
    except CannotServe as problem:
        screen.print(
            f"Không có sổ lược đồ / no schema registry: {problem}", style="yellow", markup=False, soft_wrap=True
        )
        yield
        return
    screen.print(f"Sổ lược đồ / schema registry: {url}", markup=False)
    try:
        yield
    finally:
        serving.__exit__(None, None, None)
