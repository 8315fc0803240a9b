"""`dancu agency rewind`: hand out a part of a feed once more."""

from __future__ import annotations

from typing import Annotated

import typer

from consumers.rewinding import BadPlace, RewindDesk
from deploy.cli.agency import By, Name, Reason, known_agency, step
from deploy.cli.output import write_json
from deploy.cli.shell import fail, hub_of, screen
from hub.contacts import RewindRefused
from hub.deliveries import Request


def rewind(
    context: typer.Context,
    name: Name,
    reason: Reason,
    to: Annotated[
        str | None,
        typer.Option(metavar="CURSOR|TIME", help="Everything behind this cursor, or from this time on (RFC 3339)."),
    ] = None,
    by: By = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="End the rewind that is under way.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Giao lại từ một thời điểm. / Hand out once more what an agency has taken since a cursor or a time.

    The events are marked as replayed and come in each person's order; what is new waits behind them.
    """
    if cancel == (to is not None):
        fail("say either --to CURSOR|TIME or --cancel", 2)
    with hub_of(context) as hub:
        why = step(reason, by)
        request = Request(why.by, why.reason, why.at)
        desk = RewindDesk(hub.log, hub.deliveries_db, hub.pushed)
        if desk.fetches(known_agency(hub, name)):
            fail(f"{name} fetches its events itself: it can ask again behind any older cursor", 2)
        try:
            found = desk.cancel(name, request) if to is None else desk.ask(name, to, request)
        except BadPlace as problem:
            fail(f"--to: {problem}", 2)
        except RewindRefused as refused:
            fail(str(refused))
        if json:
            write_json({"rewind": found.id, "agency": name, "after": found.after, "until": found.until})
        elif to is None:
            screen.print(f"{name}: đã dừng / cancelled at {found.reached:,} of {found.after:,} – {found.until:,}")
        else:
            screen.print(
                f"{name}: giao lại / hands out again {found.after:,} – {found.until:,}. Running processes begin"
            )
