"""`dancu agency rewind`: hand out a part of a feed once more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from consumers.cloudevents import ForeignCursor, position_of
from consumers.positions import position_before
from deploy.bootstrap import Hub
from deploy.cli.agency import By, Name, Reason, known_agency, step
from deploy.cli.output import write_json
from deploy.cli.shell import fail, hub_of, screen
from hub.contacts import Rewind, RewindRefused
from hub.deliveries import Deliveries, Request
from hub.topics import DELIVER, outbox


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
        if known_agency(hub, name) not in hub.pushed:
            fail(f"{name} fetches its events itself: it can ask again behind any older cursor", 2)
        found = _cancel(hub, name, request) if to is None else _ask(hub, name, to, request)
        if json:
            write_json({"rewind": found.id, "agency": name, "after": found.after, "until": found.until})
        elif to is None:
            screen.print(f"{name}: đã dừng / cancelled at {found.reached:,} of {found.after:,} – {found.until:,}")
        else:
            screen.print(
                f"{name}: giao lại / hands out again {found.after:,} – {found.until:,}. Running processes begin"
            )


def _cancel(hub: Hub, name: str, request: Request) -> Rewind:
    found = hub.line.rewinds.cancel(name, request)
    if found is None:
        fail(f"the feed of {name} is not being rewound")
    return found


def _ask(hub: Hub, name: str, to: str, request: Request) -> Rewind:
    committed, last = hub.log.extent(outbox(name), DELIVER)
    after = _position(hub, name, to, last)
    until = max(committed, Deliveries(hub.deliveries_db).last_taken(name))
    try:
        return hub.line.rewinds.ask(name, after, until, request)
    except RewindRefused as refused:
        fail(str(refused))


def _position(hub: Hub, name: str, to: str, last: int) -> int:
    try:
        moment = datetime.fromisoformat(to)
    except ValueError:
        try:
            return position_of(name, to)
        except ForeignCursor as problem:
            fail(f"--to: neither a time such as 2026-11-20T08:00:00+07:00 nor a cursor: {problem}", 2)
    if moment.tzinfo is None:
        fail("--to: say the offset too, such as 2026-11-20T08:00:00+07:00 or …Z", 2)
    return position_before(hub.log, outbox(name), int(moment.timestamp() * 1000), last)
