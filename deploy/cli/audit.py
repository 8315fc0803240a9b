"""`dancu audit`: who did what, when and why; and whether the trail is as it was written."""

from __future__ import annotations

import re
from typing import Annotated

import typer
from rich.table import Table

from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, hub_of
from hub.audit import check_trail, entries_of, last_entry
from hub.database import reading
from replay.views import check_json, entry_json

app = typer.Typer(help="Nhật ký kiểm toán. / The audit trail: who did what, when and why.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_NOTED = re.compile(r"(?P<number>[0-9]{1,18}):(?P<hash>[0-9a-f]{64})")


@app.command("list", epilog="Example: dancu audit list --subject land --json")
def list_all(
    context: typer.Context,
    subject: Annotated[str | None, typer.Option(help="Only about this agency, replay or token.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Go on behind this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    json: AsJson = False,
) -> None:
    """Liệt kê. / The entries, the oldest first."""
    with hub_of(context) as hub, reading(hub.deliveries_db) as connection:
        found = entries_of(connection, subject, after, limit)
    entries = [entry_json(one) for one in found]
    if json:
        write_json({"entries": entries, "next": found[-1].number if len(found) == limit else None})
        return
    table = Table("#", "Lúc / At", "Ai / Who", "Việc / What", "Về / About", "Lý do / Why")
    for one in entries:
        words = (one["at"], one["by"], one["action"], one["subject"], one["reason"] or "")
        table.add_row(str(one["number"]), *words)
    show(table)


@app.command(epilog="Example: dancu audit verify --expect 120:4f0c…")
def verify(
    context: typer.Context,
    expect: Annotated[
        str | None, typer.Option(metavar="NUMBER:HASH", help="An entry noted elsewhere: else a cut end is not seen.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Kiểm tra. / Look whether the trail is whole and unchanged. Exit code 0: it is; 1: it is not."""
    found = _NOTED.fullmatch(expect) if expect is not None else None
    if expect is not None and found is None:
        fail("--expect: is NUMBER:HASH, as `dancu audit verify` prints it", 2)
    noted = (int(found["number"]), found["hash"]) if found else None
    with hub_of(context) as hub, reading(hub.deliveries_db) as connection:
        broken, last = check_trail(connection, noted), last_entry(connection)
    said = check_json(broken, last)
    if json:
        write_json(said)
    elif broken is None:
        show(f"[green]Nguyên vẹn / whole[/] · {said['last'] or 'trống / empty'}")
    else:
        show(f"[bold red]Không nguyên vẹn / not whole[/]: #{broken.number} {broken.what}")
    if broken is not None:
        raise typer.Exit(1)
