"""`dancu db`: which version the hub's tables have, and bringing them to the one that this program needs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from rich.table import Table

from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, plain_errors, screen, settings_of
from deploy.databases import Part, parts_of
from deploy.home import Home
from deploy.settings import Settings
from hub.database_errors import plain
from hub.migrations import Standing, State, Step, UpgradeRefused, upgrade

app = typer.Typer(
    help="Phiên bản của các bảng. / The version of the hub's tables: look at it, and bring it up to date.",
    no_args_is_help=True,
)

_WORDS = {
    Standing.EMPTY: "chưa có bảng / no tables yet",
    Standing.CURRENT: "mới nhất / current",
    Standing.OLD: "cũ / old",
    Standing.NEWER: "mới hơn chương trình / newer than this program",
    Standing.UNSTAMPED: "cũ / old (release 0.1.0)",
}


@app.command("status", epilog="Example: dancu db status --json")
def status(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")] = False,
) -> None:
    """Phiên bản có và cần. / Which version the tables have and which is needed; exit code 1 if not the same."""
    with plain_errors(), parts_of(settings_of(context)) as parts:
        found = _states(parts)
    if json:
        write_json([_as_json(name, one) for name, one in found])
    else:
        show(*_tables(found))
    if any(one.standing is not Standing.CURRENT for _, one in found):
        raise typer.Exit(1)


@app.command("upgrade", epilog="Example: dancu db upgrade")
def upgrade_(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="In JSON / print JSON.")] = False,
) -> None:
    """Nâng các bảng lên phiên bản cần có. / Bring the tables to the version that this program needs; data is kept."""
    settings = settings_of(context)
    done: list[dict[str, Any]] = []
    with plain_errors(), _alone(settings), parts_of(settings, make=True) as parts:
        for name, one in _states(parts):
            for step in one.pending:
                _say("sẽ làm / to do", step, f"[{name}]")
        for part in parts:
            done += _upgrade(part)
        found = _states(parts)
    if json:
        write_json({"done": done, "now": [_as_json(name, one) for name, one in found]})
    else:
        show(*_tables(found))


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keep a hub of this home from running meanwhile; on PostgreSQL, who works on the tables is waited for."""
    with Home(settings.home).prepare().claimed() if settings.database is None else nullcontext():
        yield


def _states(parts: Sequence[Part]) -> list[tuple[str, State]]:
    found = []
    for part in parts:
        with _named(part):
            found.append((part.name, part.state()))
    return found


def _upgrade(part: Part) -> list[dict[str, Any]]:
    """Do what is missing of one history; say what is being done, and how long each took."""
    if part.engine is None:
        raise TypeError("there is no database to upgrade")
    begun: list[tuple[Step, float]] = []

    def on_step(step: Step) -> None:
        begun.append((step, time.monotonic()))
        _say("đang làm / doing", step, "…")

    try:
        with _named(part):
            upgrade(part.engine, part.history, on_step)
    except UpgradeRefused as refusal:
        fail(str(refusal))
    ends = [*(start for _, start in begun[1:]), time.monotonic()]
    spans = [(step, round(end - start, 3)) for (step, start), end in zip(begun, ends, strict=False)]
    for step, seconds in spans:
        _say("xong / done", step, f"({seconds:.1f} s)")
    return [{**step._asdict(), "seconds": seconds} for step, seconds in spans]


def _say(what: str, step: Step, more: str) -> None:
    screen.print(f"{what}: {step.history} {step.revision}: {step.text} {more}", markup=False, soft_wrap=True)


@contextmanager
def _named(part: Part) -> Iterator[None]:
    """Say which database an error is about."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        fail(f"{part.name}: {plain(error)}")


def _as_json(name: str, found: State) -> dict[str, Any]:
    return {
        "tables": found.history,
        "database": name,
        "standing": found.standing,
        "revision": found.revision,
        "needed": found.head,
        "pending": [{"revision": step.revision, "text": step.text} for step in found.pending],
    }


def _tables(found: list[tuple[str, State]]) -> Iterator[Table | str]:
    table = Table("Bảng / Tables", "Cơ sở dữ liệu / Database", "Có / Has", "Cần / Needs", "Tình trạng / State")
    for name, one in found:
        table.add_row(one.history, name, one.revision or "", one.head, _WORDS[one.standing])
    yield table
    if any(one.pending for _, one in found):
        yield "Dừng hệ thống, sao lưu, rồi / stop the hub, keep a copy, then: dancu db upgrade"
