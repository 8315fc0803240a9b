"""`dancu edge status`: how a counter stands: its device, what waits, what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.cli.edge.extra import edge_extra
from deploy.cli.edge.plain import plain_edge_errors
from deploy.cli.output import show, write_json
from deploy.cli.shell import plain_errors
from deploy.edge.settings import EdgeSettings, load_edge_settings

_SAID = {
    "device_id": "Thiết bị / device",
    "site_id": "Điểm / site",
    "purposes": "Mục đích / purposes",
    "hub": "Trung tâm / hub",
    "running": "Đang chạy / running",
    "stopped": "Dừng vì / stopped because",
    "waiting": "Chờ gửi / waiting",
    "oldest": "Lâu nhất từ / the oldest since",
    "contact": "Liên lạc cuối / last contact",
    "trouble": "Trở ngại / trouble",
    "refused": "Bị từ chối / refused by the hub",
    "expired": "Quá hạn / given up as too old",
    "alerts": "Cảnh báo chưa xem / alerts not seen",
    "clock": "Đồng hồ / clock",
}


def status(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Tình trạng quầy này. / How this counter stands. Exit code 0: it can read cards; 1: it can't, and why."""
    with edge_extra(), plain_errors(), plain_edge_errors():
        found = _look(load_edge_settings())
    if json:
        write_json(found)
    else:
        table = Table(show_header=False, box=None)
        for name, words in _SAID.items():
            table.add_row(words, _text(found[name]))
        show(table)
    if found["stopped"]:
        raise typer.Exit(1)


def _look(settings: EdgeSettings) -> dict[str, Any]:
    from adapters.card_reader.producer.clock import now
    from adapters.card_reader.producer.device import load_enrolment
    from adapters.card_reader.producer.outbox import LIMIT
    from adapters.card_reader.producer.outbox_state import look
    from deploy.edge.run_lock import is_running

    enrolment = load_enrolment(settings.home)
    state = look(settings.home, enrolment.device_id)
    full = "full" if state and state.waiting + sum(state.refused.values()) >= LIMIT else None
    return {
        "device_id": enrolment.device_id,
        "kid": enrolment.kid,
        "site_id": enrolment.site_id,
        "purposes": list(enrolment.purposes),
        "hub": enrolment.hub,
        "window_seconds": enrolment.window_seconds,
        "running": is_running(settings.home),
        "stopped": (state.stopped or full) if state else None,
        "next_sequence": state.next if state else 1,
        "waiting": state.waiting if state else 0,
        "limit": LIMIT,
        "oldest": _time(state.oldest) if state else None,
        "contact": _time(state.contact) if state else None,
        "trouble": state.trouble if state else None,
        "refused": state.refused if state else {},
        "expired": state.expired if state else 0,
        "alerts": state.alerts if state else 0,
        "clock": now().clock,
    }


def _time(at: int | None) -> str | None:
    """Return milliseconds since 1970 UTC as RFC 3339."""
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {count}" for name, count in value.items()) or "0"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if value is None or isinstance(value, bool):
        return "-" if value is None else "✓" if value else "✗"
    return str(value)
