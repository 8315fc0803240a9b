"""`dancu run`: the worker and the deliveries, until stopped or until nothing is left to do."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli.shell import hub_of, screen
from deploy.running import Run
from hub.observe import AgencyUnavailable, Happening


def run(
    context: typer.Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when all is delivered, withheld, refused or parked.")
    ] = False,
) -> None:
    """Chạy hệ thống. / Run the hub: decide about events and deliver them. Stop it with Ctrl-C or SIGTERM."""
    with hub_of(context) as hub, hub.home.claimed():
        if not until_idle:
            screen.print(
                f"Đang chạy tại / running in {hub.home.folder} · {len(hub.agencies)} cơ quan / agencies", markup=False
            )
        Run(hub, until_idle=until_idle, observe=_tell_outages).go()


def _tell_outages(happening: Happening) -> None:
    if isinstance(happening, AgencyUnavailable) and happening.times in (1, 10, 100):
        screen.print(
            f"{happening.agency}: không phản hồi / unavailable ({happening.times}×): {happening.reason}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
