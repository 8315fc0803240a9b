"""`dancu agency token`, `tokens`, `revoke`: with what an agency proves who it is when it asks over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.bootstrap import now_ms
from deploy.cli.agency import AsJson, By, Name, Reason, known_agency, step
from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, hub_of, screen
from hub.access import AGENCY, Holder, Token, Tokens
from replay.schedule import pause_of
from schemas.conversion import rfc3339

#: The longest overlap, in milliseconds: a year.
_LONGEST = 366 * 86_400_000


def token(
    context: typer.Context,
    name: Name,
    overlap: Annotated[
        str, typer.Option(help="So long the agency's other tokens go on: 0s, 30m, 12h, 7d. At most 366d.")
    ] = "7d",
    by: By = None,
    json: AsJson = False,
) -> None:
    """Cấp mã truy cập mới. / Give an agency a new token for its feed. It is shown once; only its hash is kept."""
    span = _milliseconds(overlap)
    with hub_of(context) as hub:
        why = step("a new token", by)
        given, holder = Tokens(hub.deliveries_db), Holder(AGENCY, known_agency(hub, name), None)
        made = given.new(holder, why.by, why.at, why.at + span)
        others = [one for one in given.every(AGENCY, name) if one.valid(why.at) and one.id != _id_of(made)]
        if json:
            ends = rfc3339(why.at + span) if others else None
            write_json({"agency": name, "token": made, "id": _id_of(made), "others_end": ends})
            return
        screen.print("Mã truy cập, chỉ hiện một lần / the token, shown once; hand it over by a safe way:")
        show(made)
        if others:
            screen.print(f"Mã cũ hết hạn / its older tokens ({len(others)}) end: {rfc3339(why.at + span)}")


def tokens(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The agency; all of them unless told.")] = None,
    json: AsJson = False,
) -> None:
    """Các mã truy cập đã cấp. / The tokens that agencies were given: never the token itself, only its id."""
    with hub_of(context) as hub:
        if name is not None:
            known_agency(hub, name)
        found = [_row(one, now_ms()) for one in Tokens(hub.deliveries_db).every(AGENCY, name)]
        if json:
            write_json({"tokens": found})
            return
        table = Table("id", "Cơ quan / Agency", "Cấp lúc / Given", "Bởi / By", "Hết hạn / Ends", "Tình trạng / State")
        for row in found:
            ends = row["revoked_at"] or row["expires_at"] or ""
            table.add_row(row["id"], row["agency"], row["created_at"], row["created_by"], ends, row["state"])
        show(table)


def revoke(
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="The token's id, see `dancu agency tokens`.")],
    reason: Reason,
    by: By = None,
) -> None:
    """Thu hồi mã truy cập. / End a token at once; a running hub follows within seconds."""
    with hub_of(context) as hub:
        why = step(reason, by)
        if not Tokens(hub.deliveries_db).revoke(identity, why.by, why.reason, why.at, kind=AGENCY):
            fail("no agency's token has this id, or it was revoked before. See `dancu agency tokens`")
        screen.print(f"{identity}: đã thu hồi / revoked")


def _milliseconds(overlap: str) -> int:
    try:
        span = 0 if overlap == "0s" else pause_of(overlap)
    except ValueError:
        span = _LONGEST + 1
    if span > _LONGEST:
        fail(f"--overlap {overlap}: say a number and s, m, h or d, such as 12h; 0s: none; at most 366d", 2)
    return span


def _id_of(made: str) -> str:
    """Return the public part of a token."""
    return made.split("_")[1]


def _row(one: Token, now: int) -> dict[str, Any]:
    state = "valid" if one.valid(now) else "revoked" if one.revoked_at is not None else "expired"
    return {
        "id": one.id,
        "agency": one.holder.name,
        "state": state,
        "created_at": rfc3339(one.created_at),
        "created_by": one.created_by,
        "expires_at": None if one.expires_at is None else rfc3339(one.expires_at),
        "revoked_at": None if one.revoked_at is None else rfc3339(one.revoked_at),
    }
