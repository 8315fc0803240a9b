"""`dancu feed`: an agency's feed as CloudEvents, one on a line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated

import orjson
import typer

from consumers.cloudevents import ForeignCursor, feed_item, position_of
from deploy.bootstrap import Hub
from deploy.cli.fetching import Asked, fetch
from deploy.cli.output import write
from deploy.cli.shell import fail, hub_of, screen
from hub.destination import Unreadable
from hub.eventlog import Record
from hub.topics import DELIVER, outbox

#: Events that are read and opened at once.
_PAGE = 500
#: Seconds between two looks for new events.
_PAUSE = 0.5


def feed(
    context: typer.Context,
    agency: Annotated[str, typer.Argument(help="Cơ quan / the agency.")],
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Only what comes behind this cursor, as an event has it.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="At most so many events.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more events; end with Ctrl-C.")] = False,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Ask this hub over HTTP, such as http://127.0.0.1:8080.")
    ] = None,
    token_env: Annotated[
        str, typer.Option(metavar="NAME", help="The environment variable with the agency's token, for --url.")
    ] = "FEED_TOKEN",  # noqa: S107 - a name
    json: Annotated[bool, typer.Option("--json", help="Always so: one CloudEvent in JSON on a line.")] = False,  # noqa: ARG001 - every listing takes it
) -> None:
    """Luồng sự kiện của một cơ quan. / An agency's feed as CloudEvents, one on a line, each with its cursor.

    Addresses that a person's protection hides today are left out. Reading moves nothing. With --url it is read as the
    agency reads it, over HTTP, with the agency's token.
    """
    if url is not None:
        fetch(Asked(agency, url, token_env, after, limit, follow))
        return
    with hub_of(context) as hub:
        if agency not in hub.agencies:
            fail(f"{agency}: no such agency. Allowed: {', '.join(hub.agencies)}", 2)
        try:
            unreadable = _print_feed(hub, agency, _records(hub, agency, _start(hub, agency, after), limit, follow))
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
    if unreadable:
        raise typer.Exit(1)


def _start(hub: Hub, agency: str, cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        position = position_of(agency, cursor)
    except ForeignCursor as problem:
        fail(f"--after: {problem}", 2)
    _, last = hub.log.extent(outbox(agency), DELIVER)
    if position > last:
        fail(f"--after: the cursor is of another hub: it stands at {position}, the feed ends at {last}.", 2)
    return position


def _records(hub: Hub, agency: str, after: int, limit: int | None, follow: bool) -> Iterator[list[Record]]:
    """Yield pages of the feed behind a position."""
    left = limit
    while left is None or left > 0:
        page = list(hub.log.scan(outbox(agency), after, _PAGE if left is None else min(_PAGE, left)))
        if page:
            yield page
            after = page[-1].position
            left = None if left is None else left - len(page)
        elif follow:
            time.sleep(_PAUSE)
        else:
            return


def _print_feed(hub: Hub, agency: str, pages: Iterator[list[Record]]) -> bool:
    """Print the events; say whether one could not be read. It is named, and the others go on."""
    opening, unreadable = hub.opening(), False
    for page in pages:
        lines = []
        for record, event in zip(page, opening(agency, page, replayed=False), strict=True):
            if isinstance(event, Unreadable):
                unreadable = True
                screen.print(f"{agency}, {record.position}: {event.message}", style="yellow", markup=False)
            else:
                lines.append(orjson.dumps(feed_item(agency, event)) + b"\n")
        write(b"".join(lines))
    return unreadable
