"""`dancu replay status` and `list`: how far a replay is, and which there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Column, Table

from deploy.cli.output import show, write_json
from deploy.cli.replay_shown import replay_lines
from deploy.cli.shell import fail, hub_of
from deploy.replaying import desk_of
from hub.replays import ItemState, NeedsAnother, NoSuchReplay, NotNow
from replay.desk import BadPlan, NothingMatches
from replay.selection import BadSelection
from replay.views import item_json, replay_json

ReplayId = Annotated[str, typer.Argument(metavar="REPLAY", help="As `dancu replay plan` or `list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def plain_steps() -> Iterator[None]:
    """Turn what a step refuses into one sentence: code 2 for what was asked wrongly, 1 for what is not possible."""
    try:
        yield
    except (BadSelection, BadPlan) as problem:
        fail(str(problem), 2)
    except (NothingMatches, NoSuchReplay, NotNow, NeedsAnother) as problem:
        fail(str(problem))


def status(
    context: typer.Context,
    replay: ReplayId,
    items: Annotated[ItemState | None, typer.Option(help="List the deliveries in this state too.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many deliveries.")] = 100,
    json: AsJson = False,
) -> None:
    """Tình trạng và báo cáo. / How far a replay is, and what became of its deliveries, with why."""
    with hub_of(context) as hub, plain_steps():
        store = desk_of(hub).replays
        found = replay_json(store.find(replay))
        listed = [item_json(one) for one in store.items(replay, [items], limit=limit)] if items else []
    if json:
        write_json({**found, "items": listed} if items else found)
        return
    show(*replay_lines(found))
    for one in listed:
        show(f"  {one['agency'] or '–'} {one['event_id']} {one['state']} {one['why'] or ''}")


def list_all(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    json: AsJson = False,
) -> None:
    """Các lần gửi lại. / The replays, the newest first."""
    with hub_of(context) as hub:
        found = [replay_json(one) for one in desk_of(hub).replays.every(limit)]
    if json:
        write_json({"replays": found})
        return
    table = Table("Replay", "Tình trạng / State", Column("Số / Count", justify="right"), "Ai / Who", "Lý do / Why")
    for one in found:
        count = one["progress"]["deliveries"] or one["estimate"]["deliveries"]
        table.add_row(one["id"], one["state"], f"{count:,}", one["planned_by"], one["reason"])
    show(table)
