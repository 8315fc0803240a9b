"""`dancu agency snapshot`: what a new agency may know today, and the cursor to follow its feed from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from consumers.snapshot import Asked, Page, SnapshotRefused, Stores, Tally, snapshot, tally_of
from consumers.snapshot.lines import BEGUN, ENDED, REACHED
from deploy.bootstrap import Hub, now_ms
from deploy.cli.agency import AsJson, By, Name, Reason, known_agency, step
from deploy.cli.output import write, write_json
from deploy.cli.shell import fail, hub_of, screen

#: How a file is made: the agency's operators may read it, nobody else.
_MODE = 0o640
#: So many bytes at the end of an unfinished file hold the last line that tells how far it is.
_TAIL = 64 * 1024 * 1024
_TOLD = f'"type":"{REACHED}"'.encode(), f'"type":"{BEGUN}"'.encode()

To = Annotated[str, typer.Option("--to", metavar="FILE", help="Where it goes; - = standard output.")]


def take_snapshot(
    context: typer.Context,
    name: Name,
    to: To = "-",
    reason: Reason = "a new agency begins",
    by: By = None,
    json: AsJson = False,
) -> None:
    """Ảnh chụp ban đầu cho cơ quan mới. / What a new agency may know today, as CloudEvents, one on a line.

    The first and the last line tell the cursor to follow the feed from: no gap, no double. Start the workers with the
    agency's agreement first. A file that broke off goes on when the same command is given again.
    """
    with hub_of(context) as hub:
        asked, agency = step(reason, by), known_agency(hub, name)
        try:
            if to == "-":
                with _progress() as see:
                    for piece in _made(hub, agency, Asked(asked.by, asked.reason, now_ms), None, see):
                        write(piece)
            else:
                told = _to_file(hub, agency, Asked(asked.by, asked.reason, now_ms), Path(to))
                if json:
                    write_json({"file": to, **told})
                else:
                    screen.print(f"{to}: {told['events']:,} sự kiện / events; follow from {told['cursor']}")
        except SnapshotRefused as problem:
            fail(str(problem))


def _made(
    hub: Hub, agency: str, asked: Asked, resume: tuple[str, Tally] | None, see: Callable[[Page], None]
) -> Iterator[bytes]:
    stores = Stores(hub.log, hub.registers_db, hub.rules, hub.opening())
    return snapshot(stores, hub.deliveries_db, agency, asked, resume, see)


def _to_file(hub: Hub, agency: str, asked: Asked, target: Path) -> dict[str, Any]:
    """Write the file under another name, and give it its own when it is whole. Returns what the last line tells."""
    if target.exists():
        fail(f"{target}: is there already. Name another file, or move it away.", 2)
    part = target.with_name(target.name + ".part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    with open(descriptor, "r+b") as file, _progress() as see:  # noqa: PTH123 - by its descriptor
        last = b""
        for last in _made(hub, agency, asked, _where_it_broke_off(file), see):
            file.write(last)
        file.flush()
        os.fsync(file.fileno())
    part.rename(target)
    told: dict[str, Any] = orjson.loads(last.splitlines()[-1])
    if told["type"] != ENDED:
        raise AssertionError("a snapshot ends with its last line")
    return dict(told["data"])


def _where_it_broke_off(file: Any) -> tuple[str, Tally] | None:
    """Cut the file behind its last whole page; return the token and what came before. None: begin anew."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _TAIL)
    file.seek(start)
    tail = file.read()
    end = tail.rfind(b"\n") + 1
    while end:
        begin = tail.rfind(b"\n", 0, end - 1) + 1
        line = tail[begin:end]
        if any(mark in line for mark in _TOLD):
            told = orjson.loads(line)
            if told["type"] in (REACHED, BEGUN):
                file.truncate(start + end)
                file.seek(start + end)
                return told["data"]["resume"], _tally(told["data"])
        end = begin
    file.truncate(0)
    file.seek(0)
    return None


def _tally(data: dict[str, Any]) -> Tally:
    names = Tally().as_json()
    return tally_of({name: data.get(name, nothing) for name, nothing in names.items()})


@contextmanager
def _progress() -> Iterator[Callable[[Page], None]]:
    """Show how far it is on standard error, where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task("ảnh chụp / snapshot", total=None)

        def see(page: Page) -> None:
            bar.update(task, completed=page.moment.done, total=page.moment.total)

        yield see
