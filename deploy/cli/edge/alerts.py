"""`dancu edge alerts`, `acknowledge`: what is odd at counters, and who has looked at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape

from deploy.bootstrap import now_ms
from deploy.cli.agency import AsJson, By, Reason, step
from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, hub_of, screen
from deploy.counters import thresholds_of
from hub.edge.alerts import Alerts, Raised
from hub.edge.watch import look_for_silent
from monitoring.counters import ALERTS
from schemas.conversion import rfc3339


def alerts(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also those that somebody has acknowledged.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 1000,
    json: AsJson = False,
) -> None:
    """Cảnh báo tại quầy. / What is odd at counters and nobody has acknowledged, the newest first."""
    with hub_of(context) as hub:
        look_for_silent(hub.deliveries_db, thresholds_of(hub.settings), now_ms())
        found = [_row(one) for one in Alerts(hub.deliveries_db).every(also_acknowledged=every, limit=limit)]
    if json:
        write_json({"alerts": found})
        return
    show(*_lines(found))


def acknowledge(
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="The alert's id, see `dancu edge alerts`.")],
    reason: Reason,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Xác nhận đã xử lý một cảnh báo. / Say that you have looked at an alert, and what came of it."""
    why = step(reason, by)
    with hub_of(context) as hub:
        if not Alerts(hub.deliveries_db).acknowledge(identity, why.by, why.reason, why.at):
            fail("no alert that waits has this id. See `dancu edge alerts`")
    if json:
        write_json({"id": identity, "acknowledged": {"at": rfc3339(why.at), "by": why.by, "reason": why.reason}})
        return
    screen.print(f"{identity}: đã xác nhận / acknowledged", markup=False)


def _lines(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not found:
        yield "Không có / none"
    for one in found:
        yield f"[bold]{one['id']}[/] · {one['raised']} · {ALERTS[one['kind']]}"
        facts = {"site": one["site"], "device": one["device_id"], "event": one["event_id"], **one["detail"]}
        yield "  " + escape(" · ".join(f"{name} {fact}" for name, fact in facts.items() if fact is not None))
        if done := one["acknowledged"]:
            yield "  " + escape(f"đã xem / seen: {done['by']}, {done['at']}: {done['reason']}")


def _row(one: Raised) -> dict[str, Any]:
    detail = dict(one.detail)
    for name in ("occurred_at", "since"):
        if name in detail:
            detail[name] = rfc3339(detail[name])
    done = one.acknowledged
    return {
        "id": one.id,
        "kind": one.kind,
        "raised": rfc3339(one.raised_at),
        "device_id": one.device_id,
        "site": one.site_id,
        "event_id": one.event_id,
        "detail": detail,
        "acknowledged": done and {"at": rfc3339(done.at), "by": done.by, "reason": done.reason},
    }
