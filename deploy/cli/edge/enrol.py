"""`dancu edge enrol`: a one-time code with which a device at a counter joins the hub."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli.agency import AsJson, By, Reason, step
from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, hub_of, screen
from hub.edge.codes import BadGrant, Grant, new_code
from replay.schedule import pause_of
from schemas.conversion import rfc3339
from schemas.reference.units import VN34, province


def enrol(
    context: typer.Context,
    site: Annotated[str, typer.Option(metavar="ID", help="Where the device stands, such as hospital-7.")],
    purpose: Annotated[list[str], typer.Option(help="What cards are read for; may be given several times.")],
    reason: Reason,
    province_code: Annotated[
        str | None, typer.Option("--province", metavar="CODE", help="The site's province of today, such as 79.")
    ] = None,
    valid: Annotated[str, typer.Option(help="So long the code is good: 30m, 12h, 7d at most.")] = "1d",
    by: By = None,
    json: AsJson = False,
) -> None:
    """Cấp mã ghi danh thiết bị, dùng một lần. / Make a one-time code for a device. It is shown once."""
    if province_code is not None and province(province_code, VN34) is None:
        fail(f"--province {province_code}: no province of today has this code, such as 01 or 79", 2)
    why = step(reason, by)
    with hub_of(context) as hub:
        grant = Grant(site, province_code, purpose)
        try:
            code = new_code(hub.deliveries_db, grant, (why.by, why.reason), why.at, _milliseconds(valid))
        except BadGrant as problem:
            fail(str(problem), 2)
    expires = rfc3339(why.at + _milliseconds(valid))
    if json:
        write_json({"code": code, "site": site, "province": province_code, "purposes": purpose, "expires": expires})
        return
    screen.print("Mã ghi danh, chỉ hiện một lần / the code, shown once; type it at the device: dancu edge join")
    show(code)
    screen.print(f"Hết hạn / good until {expires}")


def _milliseconds(valid: str) -> int:
    try:
        return pause_of(valid)
    except ValueError:
        fail(f"--valid {valid}: say a number and s, m, h or d, such as 12h", 2)
