"""`dancu worker` and `dancu deliver`: the parts of a run as processes of their own, as many as wanted, on Kafka."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Annotated

import typer

from deploy.bootstrap import Hub
from deploy.cli.run import HealthAt, UntilIdle, check_registry
from deploy.cli.shell import fail, hub_of, screen, stop_when_told, tell_outages
from deploy.groups import following_groups
from deploy.metrics import measuring
from deploy.recording import recorded
from deploy.running import Run
from deploy.signs import answering


def worker(context: typer.Context, until_idle: UntilIdle = False, health: HealthAt = None) -> None:
    """Xử lý sự kiện. / Decide about events, sharing the partitions with all other workers. Stop it with Ctrl-C."""
    stop_when_told()
    with (
        hub_of(context) as opened,
        recorded(opened) as recording,
        measuring(recording, "worker", asked=health is not None) as (hub, metrics),
    ):
        _need_kafka(hub, "worker")
        check_registry(hub)
        _say(hub, "worker", ())
        with answering(hub, health, works=True, delivers=(), metrics=metrics) as signs:
            Run(hub, until_idle=until_idle, delivers=(), observe=tell_outages, signs=signs).go()


def deliver(
    context: typer.Context,
    agencies: Annotated[list[str] | None, typer.Argument(metavar="AGENCY…", help="Whose feeds.")] = None,
    every: Annotated[bool, typer.Option("--all", help="The feeds of all agencies.")] = False,
    until_idle: UntilIdle = False,
    health: HealthAt = None,
) -> None:
    """Giao cho cơ quan. / Hand out feeds. A second process for the same agency stands by until the first is gone."""
    stop_when_told()
    with (
        hub_of(context) as opened,
        recorded(opened) as recording,
        measuring(recording, "deliver", asked=health is not None) as (hub, metrics),
    ):
        _need_kafka(hub, "deliver")
        chosen = _chosen(hub, agencies or [], every=every)
        check_registry(hub)
        _say(hub, "deliver", chosen)
        others = following_groups(hub) if every else nullcontext()  # once is enough
        with others, answering(hub, health, works=False, delivers=chosen, metrics=metrics) as signs:
            Run(hub, until_idle=until_idle, works=False, delivers=chosen, observe=tell_outages, signs=signs).go()


def _chosen(hub: Hub, agencies: Sequence[str], *, every: bool) -> Sequence[str]:
    if every == bool(agencies):
        fail("name one or more agencies, or --all", 2)
    unknown = [name for name in agencies if name not in hub.agencies]
    if unknown:
        fail(f"no agreement with {', '.join(unknown)}. There are: {', '.join(hub.agencies)}", 2)
    fetching = [name for name in agencies if name not in hub.pushed]
    if fetching:
        fail(f"{', '.join(fetching)}: fetches its events itself; there is nothing to hand out", 2)
    return hub.pushed if every else list(dict.fromkeys(agencies))


def _need_kafka(hub: Hub, command: str) -> None:
    if not hub.shared:
        fail(
            f"`dancu {command}` shares its work with other processes over Kafka: set DANCU_KAFKA and DANCU_DATABASE "
            '(a developer: eval "$(dancu dev env)"). With the embedded log, one `dancu run` does everything.',
            2,
        )


def _say(hub: Hub, command: str, agencies: Sequence[str]) -> None:
    about = f": {', '.join(agencies)}" if agencies else ""
    screen.print(f"Đang chạy / running {command} · {hub.settings.kafka}{about}", markup=False, soft_wrap=True)
