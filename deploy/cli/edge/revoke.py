"""`dancu edge revoke`: a device that was stolen, replaced or is not needed any more."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli.agency import AsJson, By, Reason, step
from deploy.cli.output import write_json
from deploy.cli.shell import fail, hub_of, screen
from hub.edge.devices import Devices


def revoke(
    context: typer.Context,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The device's id, see `dancu edge devices`.")],
    reason: Reason,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Thu hồi một thiết bị. / End a device at once, for good: what it sends from now on is refused, and kept."""
    why = step(reason, by)
    with hub_of(context) as hub:
        if not Devices(hub.deliveries_db).revoke(device, why.by, why.reason, why.at):
            fail("no device has this id, or it was revoked before. See `dancu edge devices`")
    if json:
        write_json({"device_id": device, "state": "revoked"})
        return
    screen.print(f"{device}: đã thu hồi / revoked", markup=False)
