"""`dancu ingest`: take events in, from files or from standard input."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from io import BufferedReader
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from adapters.ingest import CannotRead, Ingest, source_named
from adapters.sources import Source
from deploy.bootstrap import Hub
from deploy.cli.output import write_json
from deploy.cli.shell import fail, hub_of, plain_errors, screen
from deploy.recording import recorded
from hub.eventlog import LogAway
from hub.intake.desk import Taken
from hub.registers.intake import Rejected

#: How many refusals are shown; all of them are kept.
_SHOWN = 20


def ingest(
    context: typer.Context,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="NDJSON of CloudEvents, or an export; - = stdin.")
    ],
    source: Annotated[
        str | None,
        typer.Option(help="cloudevents, civil_status, residence or identity (else told by the first line)."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Nhận sự kiện từ tệp. / Take events in from files.

    An interrupted file goes on where it was. Refused events are kept whole, with the reason.
    """
    with plain_errors():
        named = None if source is None else source_named(source)
    with hub_of(context) as opened, recorded(opened) as hub:
        taken, unread = Taken(), False
        for file in files:
            try:
                taken += _take(hub, file, named, quiet=json)
            except CannotRead as problem:
                screen.print(f"Lỗi / Error: {problem}", style="bold red", markup=False, soft_wrap=True)
                unread = True
            except LogAway as away:
                fail(
                    f"{file}: not taken in to its end: {away} Run the same command again then: it goes on where it"
                    " was, and nothing comes twice."
                )
        if json:
            write_json({"accepted": taken.accepted, "refused": taken.refused, "duplicates": taken.duplicates})
        else:
            screen.print(
                f"Đã nhận / accepted {taken.accepted:,} · từ chối / refused {taken.refused:,} · "
                f"trùng / duplicates {taken.duplicates:,}"
            )
    if unread:
        raise typer.Exit(1)


def _take(hub: Hub, file: str, source: Source | None, *, quiet: bool) -> Taken:
    desk = hub.desk()
    desk.on_refused = _Complaints(file)
    intake = Ingest(desk, hub.log, hub.home.oversized)
    with _bar(file, quiet=quiet) as progress:
        if progress is not None:
            size = Path(file).stat().st_size if Path(file).is_file() else None
            task = progress.add_task(Path(file).name, total=size)
            intake = Ingest(desk, hub.log, hub.home.oversized, lambda done: progress.update(task, completed=done))
        return _read(intake, file, source)


def _read(intake: Ingest, file: str, source: Source | None) -> Taken:
    if file == "-":
        return intake.stream(cast(BufferedReader, sys.stdin.buffer), source)
    taken = intake.file(Path(file), source)
    if taken == Taken():
        screen.print(f"{file}: tệp rỗng / the file holds no events", markup=False)
    return taken


def _bar(file: str, *, quiet: bool) -> AbstractContextManager[Progress | None]:
    if quiet or file == "-" or not screen.is_terminal:
        return nullcontext()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=screen)


class _Complaints:
    """Says of the first refusals which line is refused and why."""

    def __init__(self, file: str) -> None:
        self._file = "stdin" if file == "-" else file
        self._count = 0

    def __call__(self, rejected: Rejected) -> None:
        self._count += 1
        line = rejected.place.rpartition(":")[2].partition(".")[0]
        name = f" ({rejected.event_id})" if rejected.event_id else ""
        if self._count <= _SHOWN:
            text = f"{self._file}:{line}:{name} từ chối / refused: {rejected.reason}: {rejected.detail}"
            screen.print(text, style="yellow", markup=False, soft_wrap=True)
        elif self._count == _SHOWN + 1:
            screen.print("… còn nữa / and more; see `dancu status`", style="yellow")
