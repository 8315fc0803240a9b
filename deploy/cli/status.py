"""`dancu status`: how the hub stands, what needs attention first."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.table import Column, Table

from deploy.bootstrap import Hub
from deploy.cli.attention import age_of, attention
from deploy.cli.output import show, write_json
from deploy.cli.shell import hub_of
from deploy.groups import fetching_of
from monitoring.status import Status, read_status
from monitoring.words import reason


def status(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tình trạng hệ thống. / How the hub stands: what came in, what was set aside, how far each agency is."""
    with hub_of(context) as hub:
        found = read_status(hub.log, hub.registers_db, hub.deliveries_db, hub.agencies, fetching_of(hub))
        if json:
            write_json(found.as_json())
        else:
            show(*attention(hub, found, time.time()), _counts(found), _agencies(hub, found, time.time()))


def _counts(found: Status) -> Table:
    table = Table(
        Column("Sự kiện / Events"), "", Column("Số lượng / Count", justify="right"), title="Tiếp nhận / Intake"
    )
    table.add_row("đã nhận / received", "", f"{found.received:,}")
    if found.held:
        table.add_row("tạm giữ / kept back", "", f"{found.held:,}")
    for kind, count in found.duplicates.items():
        table.add_row("trùng / duplicates", f"{kind}: {reason(kind)}", f"{count:,}")
    for code, count in found.refused.items():
        table.add_row("từ chối / refused", f"{code}: {reason(code)}", f"{count:,}")
    for agency, count in found.withheld.items():
        table.add_row("không được chuyển / withheld", agency, f"{count:,}")
    return table


def _agencies(hub: Hub, found: Status, now: float) -> Table:
    table = Table("Cơ quan / Agency", title="Giao / Deliveries")
    for heading in ("đã giao\ndelivered", "chưa giao\npending", "bị giữ\nparked", "gửi lại\nreplayed"):
        table.add_column(heading, justify="right")
    table.add_column("cũ nhất chưa giao\noldest undelivered", justify="right")
    for name, one in found.agencies.items():
        counts = (one.delivered, one.pending, one.parked, one.replayed)
        agreement = hub.rules.agreements.by_agency[name]
        table.add_row(f"{name}\n[dim]{agreement.name_vi}[/]", *(f"{count:,}" for count in counts), age_of(one, now))
    return table
