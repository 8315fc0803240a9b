"""`dancu edge devices`: the devices that the hub knows, and what they are about."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from deploy.cli.agency import AsJson
from deploy.cli.output import show, write_json
from deploy.cli.shell import hub_of
from hub.edge.device import Device
from hub.edge.devices import Devices
from schemas.conversion import rfc3339


def devices(
    context: typer.Context,
    site: Annotated[str | None, typer.Option(metavar="ID", help="Only those of this site.")] = None,
    json: AsJson = False,
) -> None:
    """Các thiết bị tại quầy. / The devices at counters: when each was last heard of, what is missing of it."""
    with hub_of(context) as hub:
        found = [_row(one) for one in Devices(hub.deliveries_db).every(site)]
    if json:
        write_json({"devices": found})
        return
    table = Table(
        "Thiết bị / Device",
        "Tên / Name",
        "Nơi / Site",
        "Mục đích / Purposes",
        "Lần cuối / Last heard",
        "Tình trạng / State",
    )
    for one in found:
        words = (one["device_id"], escape(one["name"]), one["site"], ", ".join(one["purposes"]))
        table.add_row(*words, one["last_seen"] or "", _state(one))
    show(table)


def _row(one: Device) -> dict[str, Any]:
    revoked = one.revoked
    return {
        "device_id": one.device_id,
        "name": one.name,
        "site": one.site_id,
        "province": one.province,
        "purposes": list(one.purposes),
        "state": "revoked" if revoked else "active",
        "enrolled": rfc3339(one.enrolled_at),
        "kid": one.kid,
        "last_seen": rfc3339(one.last_seen_at) if one.last_seen_at is not None else None,
        "last_sequence": one.last_sequence,
        "clock": one.clock,
        "missing": one.missing,
        "refused": one.refused,
        "revoked": revoked and {"at": rfc3339(revoked.at), "by": revoked.by, "reason": revoked.reason},
    }


def _state(one: dict[str, Any]) -> str:
    words = []
    if one["revoked"]:
        words.append(f"đã thu hồi / revoked: {one['revoked']['reason']}")
    if one["missing"]:
        words.append(f"thiếu / missing {one['missing']}")
    if one["refused"]:
        words.append(f"từ chối / refused {one['refused']}")
    if one["clock"] == "unsynced":
        words.append("đồng hồ chưa đồng bộ / clock unsynced")
    return escape(" · ".join(words))
