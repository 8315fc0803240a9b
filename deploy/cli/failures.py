"""`dancu failures`: what agencies did not take, listed, grouped by cause, and one event with everything about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from deploy.cli.filters import (
    Agency,
    Attempts,
    ErrorClass,
    Event,
    Person,
    Since,
    Type,
    Until,
    persons_of,
    selection_from,
)
from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, hub_of
from deploy.replaying import failures_of

app = typer.Typer(
    help="Giao không thành. / Deliveries that agencies did not take: parked, or tried again later.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]


@app.command("list", epilog="Example: dancu failures list --agency land --since 2026-11-22")
def list_all(
    context: typer.Context,
    agency: Agency = None,
    type_: Type = None,
    since: Since = None,
    until: Until = None,
    error_class: ErrorClass = None,
    attempts: Attempts = None,
    person: Person = None,
    event: Event = None,
    limit: Limit = 100,
    after: Annotated[str, typer.Option(help="Go on behind this place: `next` of the page before.")] = "",
    json: AsJson = False,
) -> None:
    """Liệt kê. / The single failures, by agency and in the order of its feed."""
    chosen = selection_from(
        agency, type_, (since, until), error_class, attempts, persons=persons_of(person), event_ids=event
    )
    name, _, position = after.rpartition(":")
    if after and not position.isdecimal():
        fail("--after: is what `next` of the page before says, such as land:42", 2)
    with hub_of(context) as hub:
        found = failures_of(hub).page(chosen, (name, int(position)) if after else ("", 0), limit)
    if json:
        write_json(found)
    else:
        show(*_listed(found))


@app.command(epilog="Example: dancu failures groups --json")
def groups(
    context: typer.Context,
    agency: Agency = None,
    type_: Type = None,
    since: Since = None,
    until: Until = None,
    error_class: ErrorClass = None,
    attempts: Attempts = None,
    person: Person = None,
    event: Event = None,
    json: AsJson = False,
) -> None:
    """Nhóm theo nguyên nhân. / The failures grouped by cause: agency, error class, type and message."""
    chosen = selection_from(
        agency, type_, (since, until), error_class, attempts, persons=persons_of(person), event_ids=event
    )
    with hub_of(context) as hub:
        found = failures_of(hub).groups(chosen)
    if json:
        write_json(found)
    else:
        show(_grouped(found))


@app.command("show", epilog="Example: dancu failures show 0199c0de-0000-7000-8000-000000000001")
def show_one(
    context: typer.Context,
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="Mã sự kiện / the event's id.")],
    json: AsJson = False,
) -> None:
    """Một sự kiện. / One event: every attempt, what waits behind it, which later version makes it out of date."""
    with hub_of(context) as hub:
        found = failures_of(hub).show(event_id)
    if found is None:
        fail("không có lỗi nào / no failure of an event with this id; `dancu explain` tells the story of any event")
    if json:
        write_json(found)
    else:
        show(*_story(found))


def _listed(found: dict[str, Any]) -> Iterator[Table | str]:
    if not found["failures"]:
        yield "[green]Không có lỗi giao nào như vậy. / No such failures.[/]"
        return
    table = Table("Cơ quan / Agency", "Sự kiện / Event", Column("Lần / Tries", justify="right"), "Lỗi / Error")
    for one in found["failures"]:
        error = f"{one['error_class'] or ''}: {one['message'] or ''}"
        table.add_row(one["agency"], f"{one['event_id']}\n{one['type']}", str(one["attempts"]), escape(error))
    yield table
    if found["next"]:
        yield f"còn nữa / more: --after {found['next']}"


def _grouped(found: dict[str, Any]) -> Table:
    table = Table(
        "Cơ quan / Agency",
        "Lỗi / Error",
        "Loại / Type",
        Column("Số lượng / Count", justify="right"),
        "cũ nhất / oldest",
        "ví dụ / such as",
    )
    for one in found["groups"]:
        error = f"{one['error_class']}: {one['message']}"
        sample = "\n".join(one["sample"])
        table.add_row(one["agency"], escape(error), one["type"], f"{one['count']:,}", one["oldest"], sample)
    return table


def _story(found: dict[str, Any]) -> Iterator[str]:
    for one in found["deliveries"]:
        yield f"[bold]{one['agency']}[/]: {one['state']} · {one['type']} · lần / tries {one['attempts']}"
        for attempt in one["tries"]:
            said = f"{attempt['outcome']} {attempt['error_class'] or ''} {attempt['message'] or ''}"
            yield f"  {attempt['at']} ({attempt['seconds']} s) {escape(said)}"
        if one["waiting_behind"]:
            yield f"  chờ phía sau / waiting behind it: {one['waiting_behind']}"
        if one["superseded_by"]:
            yield f"  đã có bản mới hơn / superseded by: {one['superseded_by']}"
    for one in found["refused"]:
        said = f"{one['by']}: {one['error_class']}: {one['message']}"
        yield f"[bold]từ chối / refused[/] {one['at']} {escape(said)}"
