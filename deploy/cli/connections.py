"""`dancu connections`: how every agency is connected, from real traffic."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.markup import escape
from rich.table import Column, Table

from deploy.bootstrap import now_ms
from deploy.cli.agency import AsJson
from deploy.cli.output import show, write_json
from deploy.cli.shell import hub_of
from deploy.standing import connections_of
from deploy.targets import targets_of
from monitoring.connections import Connection, Sector, State, by_sector
from monitoring.words import Words
from schemas.conversion import rfc3339

_STATES = {
    State.CONNECTED: ("green", Words("đang kết nối", "connected")),
    State.SILENT: ("yellow", Words("im lặng", "silent")),
    State.FAILING: ("red", Words("không phản hồi", "failing")),
    State.SUSPENDED: ("magenta", Words("tạm ngừng", "suspended")),
    State.NEVER_CONNECTED: ("dim", Words("chưa kết nối", "never connected")),
}
_SECTORS = {
    "ministry": Words("bộ, ngành", "ministry"),
    "enterprise": Words("doanh nghiệp nhà nước", "state enterprise"),
    "telecom": Words("viễn thông", "telecom"),
    "bank": Words("ngân hàng", "bank"),
    "locality": Words("địa phương", "locality"),
    "health_facility": Words("cơ sở y tế", "health facility"),
}


def connections(context: typer.Context, json: AsJson = False) -> None:
    """Kết nối của các cơ quan. / How every agency is connected, from real traffic, and each sector's target."""
    with hub_of(context) as hub:
        found = connections_of(hub, now_ms())
        sectors = by_sector(found, targets_of(hub.settings))
        if json:
            write_json({"agencies": [c.as_json() for c in found], "sectors": [s.as_json() for s in sectors]})
        else:
            show(_agencies(found), _sectors(sectors))


def _agencies(found: Sequence[Connection]) -> Table:
    table = Table("Cơ quan\nAgency", "Tình trạng\nState", title="Kết nối / Connections")
    table.add_column("Liên lạc gần nhất\nLast contact", no_wrap=True)
    table.add_column("cũ nhất chưa giao\noldest undelivered", no_wrap=True)
    table.add_column("chưa giao\npending", justify="right")
    table.add_column("bị giữ\nparked", justify="right")
    for one in found:
        style, words = _STATES[one.state]
        why = f"\n[dim]{escape(one.reason)}[/]" if one.reason else ""
        state = f"[{style}]{words.vi}\n{words.en}[/]{why}"
        times = [_minute(at) for at in (one.last_contact, one.oldest_undelivered)]
        table.add_row(f"{one.party.agency}\n[dim]{one.party.name_vi}[/]", state, *times, *_counts(one))
    return table


def _counts(one: Connection) -> tuple[str, str]:
    return f"{one.pending:,}", f"{one.parked:,}"


def _minute(at: int | None) -> str:
    return "" if at is None else rfc3339(at)[:16].replace("T", " ") + "Z"


def _sectors(found: Sequence[Sector]) -> Table:
    columns = [Column(f"{words.vi}\n{words.en}", justify="right") for _, words in _STATES.values()]
    table = Table("Khối\nSector", Column("mục tiêu\ntarget", justify="right"), *columns, title="Theo khối / By sector")
    for one in found:
        counts = [str(one.states[state] or "") for state in _STATES]
        words = _SECTORS[one.sector]
        table.add_row(f"{words.vi}\n[dim]{words.en}[/]", "" if one.target is None else str(one.target), *counts)
    return table
