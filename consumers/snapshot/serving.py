"""One snapshot from the first line to the last, on record in the audit trail: for the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from consumers.snapshot.lines import Tally, lines
from consumers.snapshot.moment import Moment, Stores, moment_of, take_moment, token_of
from consumers.snapshot.pages import Page, pages
from hub.audit import Entry, write_entry
from hub.cursors import cursor_of


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a snapshot, and why."""

    by: str
    reason: str | None
    #: Milliseconds since 1970 UTC.
    now: Callable[[], int]


def snapshot(
    stores: Stores,
    audit: sa.Engine,
    agency: str,
    asked: Asked,
    resume: tuple[str, Tally] | None = None,
    see: Callable[[Page], None] = lambda _: None,
) -> Iterator[bytes]:
    """Take a snapshot, or let one go on from its last token; return its lines, which are made when they are asked for.

    `resume` is the token and the tally of the last line REACHED (BEGUN: an empty tally). `audit` is the database of
    the deliveries. Raises `SnapshotRefused` at once when it can't begin, and `LogUnavailable` at any time.
    """
    note = partial(_note, audit, asked, agency)
    if resume is None:
        moment, tally = take_moment(stores, agency), None
        note("snapshot.begun", _cursor(moment))
    else:
        moment, tally = moment_of(agency, resume[0]), resume[1]
        note("snapshot.resumed", _cursor(moment) | {"done": moment.done, "total": moment.total})
    return _lines(stores, moment, tally, asked, note, see)


def _lines(
    stores: Stores,
    moment: Moment,
    tally: Tally | None,
    asked: Asked,
    note: Callable[[str, dict[str, Any]], None],
    see: Callable[[Page], None],
) -> Iterator[bytes]:
    counted = Tally()
    made = pages(stores, moment, asked.now)

    def count(page: Page) -> None:
        counted.add(page)
        see(page)

    yield from lines(moment, made, tally, count)
    note("snapshot.ended", _cursor(moment) | {"token": token_of(moment), **counted.as_json()})


def _cursor(moment: Moment) -> dict[str, Any]:
    return {"cursor": cursor_of(moment.agency, moment.cursor), "total": moment.total}


def _note(audit: sa.Engine, asked: Asked, agency: str, action: str, detail: dict[str, Any]) -> None:
    with audit.begin() as connection:
        write_entry(connection, Entry(asked.now(), asked.by, action, agency, asked.reason, detail))
