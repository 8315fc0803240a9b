"""`dancu status`: how the hub stands, what needs attention first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from deploy.bootstrap import Hub
from deploy.cli.output import show, write_json
from deploy.cli.shell import hub_of
from deploy.groups import fetching_of
from hub.contacts import Contact
from hub.deliveries import DeliveryBrowser
from monitoring.status import AgencyStatus, Status, read_status
from monitoring.words import reason
from schemas.conversion import rfc3339

#: How many parked events of an agency are named.
_SHOWN = 3


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
            show(*_attention(hub, found, time.time()), _counts(found), _agencies(hub, found, time.time()))


def _attention(hub: Hub, found: Status, now: float) -> Iterator[str]:
    """Say what someone has to do, the worst first."""
    browser, away = DeliveryBrowser(hub.deliveries_db), hub.contacts.all()
    for name in hub.agencies:
        yield from _contact(away.get(name))
    parked = {name: one for name, one in found.agencies.items() if one.parked}
    for name, one in sorted(parked.items(), key=lambda item: -item[1].parked):
        yield (
            f"[bold red]{name}: {one.parked:,} sự kiện bị giữ / events parked[/], {_age(one, now)}"
            f" · dancu explain EVENT_ID, dancu replay {name}"
        )
        for entry in browser.parked(name, limit=_SHOWN):
            yield f"  {entry.event_id} {entry.type} · {entry.error_class}: {escape(entry.message or '')}"
    late = {name: one for name, one in found.agencies.items() if one.pending}
    troubled = [one for one in away.values() if one.agency in hub.agencies and (one.failing or one.suspended)]
    for name, one in sorted(late.items(), key=lambda item: -item[1].pending):
        helps = _what_helps(hub, name)
        yield f"[yellow]{name}: {one.pending:,} sự kiện chưa giao / events pending[/], {_age(one, now)} · {helps}"
    if found.undecided:
        yield f"[yellow]{found.undecided:,} sự kiện chờ xử lý / events wait to be decided[/] · dancu run"
    if not parked and not late and not found.undecided and not troubled:
        yield "[green]Không có gì cần chú ý. / Nothing needs attention.[/]"


def _contact(contact: Contact | None) -> Iterator[str]:
    """Say why nothing is handed out to an agency, if that is so."""
    if contact is not None and contact.suspended is not None:
        at, by, why = contact.suspended
        yield (
            f"[bold red]{contact.agency}: tạm ngừng / suspended[/] {rfc3339(at)} · {escape(by)}: {escape(why)}"
            f" · dancu agency resume {contact.agency}"
        )
    elif contact is not None and contact.failing is not None:
        since, times, why, _ = contact.failing
        yield (
            f"[bold red]{contact.agency}: không phản hồi / does not answer[/] ({times}×), từ / since {rfc3339(since)}:"
            f" {escape(why)} · dancu agency show {contact.agency}"
        )


def _what_helps(hub: Hub, agency: str) -> str:
    return "cơ quan tự lấy / the agency fetches them" if agency in hub.fetching else "dancu run"


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
        table.add_row(f"{name}\n[dim]{agreement.name_vi}[/]", *(f"{count:,}" for count in counts), _age(one, now))
    return table


def _age(one: AgencyStatus, now: float) -> str:
    """Return how old the oldest event is that the agency does not have; `now` in seconds since 1970 UTC."""
    if one.oldest is None:
        return ""
    seconds = max(0, int(now - one.oldest / 1000))
    for size, name in ((86_400, "ngày / d"), (3_600, "giờ / h"), (60, "phút / min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} giây / s"
