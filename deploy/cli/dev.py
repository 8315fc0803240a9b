"""`dancu dev …`: Kafka and PostgreSQL in the background, for developers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Column, Table

from deploy.cli.cluster import agencies_of
from deploy.cli.output import show, write, write_json
from deploy.cli.shell import fail, plain_errors, screen, settings_of
from deploy.cluster.topics import ensure_topics
from deploy.dev.problem import DevProblem
from deploy.dev.servers import Background, DevServers, alone, find, find_or_make
from deploy.settings import Settings
from hub.database import open_database
from hub.eventlog.connection import KafkaConnection
from hub.migrations import DELIVERIES, REGISTERS, upgrade

app = typer.Typer(
    help="Kafka và PostgreSQL để phát triển. / Kafka and PostgreSQL in the background, for developers.",
    no_args_is_help=True,
)


def prepare(settings: Settings, servers: DevServers) -> None:
    """Make servers that have come up ready for a hub: the tables of today, and the topics."""
    engine = open_database(servers.database)
    try:
        for history in (REGISTERS, DELIVERIES):
            upgrade(engine, history, lambda _: None)
    finally:
        engine.dispose()
    connection = KafkaConnection(servers.kafka, prefix=settings.topic_prefix)
    ensure_topics(connection, settings.topics, agencies_of(settings))


@app.command(epilog="Example: dancu dev up --brokers 3")
def up(
    context: typer.Context,
    brokers: Annotated[
        int | None,
        typer.Option(
            "--brokers", help="Số broker / how many Kafka brokers: 1 or 3 (1 unless told).", show_default=False
        ),
    ] = None,
) -> None:
    """Khởi động những gì chưa chạy; giữ dữ liệu. / Start what is down. Data and ports stay the same."""
    if brokers not in (None, 1, 3):
        fail(f"--brokers {brokers}: 1 or 3", 2)
    with _plain(), alone(_folder(context)):
        servers = find_or_make(_folder(context), brokers).up(_tell)
        prepare(settings_of(context), servers)
    _tell(f"Kafka: {servers.kafka}")
    _tell('Sẵn sàng / ready. Tiếp theo / next: eval "$(dancu dev env)"')


@app.command(epilog='Example: eval "$(dancu dev env)"')
def env(context: typer.Context) -> None:
    """In các biến môi trường. / Print the settings with which a hub uses them, for a shell."""
    with _plain():
        servers = _background(context).reached()
    lines = {"DANCU_KAFKA": servers.kafka, "DANCU_DATABASE": servers.database}
    with _plain():
        write("".join(f"export {name}={shlex.quote(value)}\n" for name, value in lines.items()).encode())


@app.command(epilog="Example: dancu dev status --json")
def status(context: typer.Context, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Cái gì đang chạy. / What runs, where it listens, and its log."""
    with _plain():
        background = find(_folder(context))
        rows = [] if background is None else background.rows()
        if json:
            write_json(rows)
            return
        names = ("máy chủ / server", "đang chạy / running", "pid", "địa chỉ / address", "nhật ký / log")
        table = Table(*(Column(name, overflow="fold") for name in names))
        for row in rows:
            running = "có / yes" if row["running"] else "không / no"
            table.add_row(row["server"], running, str(row["pid"] or ""), row["address"], row["log"])
        show(table if rows else "Chưa có gì / there is nothing yet: dancu dev up")


@app.command(epilog="Example: dancu dev down")
def down(
    context: typer.Context,
    delete: Annotated[bool, typer.Option("--delete", help="Xóa cả dữ liệu / delete their data too.")] = False,
) -> None:
    """Dừng lại; giữ dữ liệu. / Stop them. Their data stays unless --delete."""
    with _plain():
        background = _background(context)
        with alone(background.folder):
            _tell("Đang dừng / stopping …")
            background.stop()
            if delete:
                background.delete()
    _tell("Đã dừng và xóa / stopped and deleted." if delete else "Đã dừng / stopped. Dữ liệu còn / the data is kept.")


def _background(context: typer.Context) -> Background:
    return find(_folder(context)) or _nothing(context)


def _nothing(context: typer.Context) -> NoReturn:
    raise DevProblem(f"there are no servers in {_folder(context)}. Start them with `dancu dev up`.")


def _folder(context: typer.Context) -> Path:
    return settings_of(context).home / "dev"


def _tell(line: str) -> None:
    screen.print(line, markup=False, soft_wrap=True)


@contextmanager
def _plain() -> Iterator[None]:
    with plain_errors():
        try:
            yield
        except DevProblem as problem:
            fail(str(problem))
