"""The filters of failures and replays on the command line, and how they are read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from deploy.cli.shell import fail
from replay.filters import selection_of
from replay.selection import BadSelection, Selection

Agency = Annotated[str | None, typer.Option(help="Only this agency.")]
Type = Annotated[str | None, typer.Option("--type", help="Only events of this type.")]
Since = Annotated[
    str | None,
    typer.Option(help="Failed first at this time or later: 2026-11-22, or 2026-11-22T08:00:00+07:00."),
]
Until = Annotated[str | None, typer.Option(help="Failed first before this time.")]
ErrorClass = Annotated[str | None, typer.Option(help="Only failures of this class, such as `constraint`.")]
Attempts = Annotated[str | None, typer.Option(metavar="N|N..M", help="Tried so often: 3, 3.. or 1..5.")]
Person = Annotated[
    list[str] | None,
    typer.Option(help="Only this person, whatever the number was then; `-` reads numbers from standard input."),
]
Event = Annotated[list[str] | None, typer.Option(help="Only this event id; can be given several times.")]


def selection_from(
    agency: str | None,
    type_: str | None,
    times: tuple[str | None, str | None],
    error_class: str | None,
    attempts: str | None,
    **more: Any,
) -> Selection:
    """Return the selection of filters; `more` are further ones, as in JSON. A bad one ends the command with code 2."""
    content: dict[str, Any] = {"agency": agency, "type": type_, "error_class": error_class, **more}
    content |= {"since": times[0], "until": times[1], "attempts": attempts}
    content = {name: value for name, value in content.items() if value not in (None, [], False)}
    try:
        return selection_of(content) if content else Selection()
    except BadSelection as problem:
        fail(str(problem), 2)


def persons_of(persons: Sequence[str] | None) -> list[str] | None:
    """Return the personal numbers; those of standard input stay out of the shell's history."""
    if not persons:
        return None
    found: list[str] = []
    for one in persons:
        found += sys.stdin.read().split() if one == "-" else [one]
    if not found:
        fail("--person: standard input has no number", 2)
    return found
