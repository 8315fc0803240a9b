"""`dancu topics …`: the topics on Kafka and who may use them, shown before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from deploy.cli.access import acls
from deploy.cli.cluster import Cluster, cluster_of
from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, screen
from deploy.cluster.differences import Difference
from deploy.cluster.topics import differences, ensure_topics

app = typer.Typer(
    help="Chủ đề trên Kafka và quyền truy cập. / The topics on Kafka, and who may use them.", no_args_is_help=True
)
app.command("acls", epilog="Example: dancu topics acls --apply")(acls)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_COLOURS = {"create": "green", "alter": "yellow", "refused": "red", "mention": "dim"}
_ACTIONS = {
    "create": "tạo / create",
    "alter": "đổi / alter",
    "refused": "từ chối / refused",
    "mention": "lưu ý / note",
}


@app.command(epilog="Example: dancu topics plan --json")
def plan(context: typer.Context, json: Json = False) -> None:
    """Xem trước thay đổi. / Show what `apply` would change, and what it refuses to change. Changes nothing."""
    with cluster_of(context) as cluster:
        _tell(_differences(cluster), json)


@app.command(epilog="Example: dancu topics check --json")
def check(context: typer.Context, json: Json = False) -> None:
    """Kiểm tra. / Compare the cluster with the topics file; exit code 1 when anything differs."""
    with cluster_of(context) as cluster:
        found = _differences(cluster)
    _tell(found, json)
    if any(one.matters for one in found):
        raise typer.Exit(1)


@app.command(epilog="Example: dancu topics apply --yes")
def apply(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Áp dụng. / Show the plan, ask, make topics and change settings; exit code 1 when something is left."""
    if json and not yes:
        fail("--json asks nothing: add --yes, and look at `dancu topics plan --json` before", 2)

    def agree(found: Sequence[Difference]) -> bool:
        if not json:
            _tell(found, as_json=False)
        return yes or typer.confirm("Thực hiện? / Go ahead?", err=True)

    with cluster_of(context) as cluster:
        applied = ensure_topics(cluster.connection, cluster.topics_file, cluster.agencies, agree)
    if json:
        write_json({"done": [d.as_json() for d in applied.done], "left": [d.as_json() for d in applied.left]})
    elif applied.done:
        screen.print(f"Đã thực hiện {len(applied.done)} thay đổi. / {len(applied.done)} changes made.")
    elif not any(one.action in ("create", "alter") for one in applied.left):
        _tell(applied.left, as_json=False)
    if any(one.matters for one in applied.left):
        raise typer.Exit(1)


def _differences(cluster: Cluster) -> list[Difference]:
    return differences(cluster.connection, cluster.topics_file, cluster.agencies)


def _tell(found: Sequence[Difference], as_json: bool) -> None:
    if as_json:
        write_json([one.as_json() for one in found])
        return
    for one in found:
        show(f"[{_COLOURS[one.action]}]{_ACTIONS[one.action]}[/] {escape(str(one))}")
    if not any(one.matters for one in found):
        show("[green]Không có gì phải làm. / Nothing to do: the cluster is as the topics file wants it.[/]")
