"""`dancu operator`: tokens with which operators ask the hub over HTTP."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.bootstrap import now_ms
from deploy.cli.agency import step
from deploy.cli.output import show, write, write_json
from deploy.cli.shell import asker, fail, hub_of, screen
from hub.access import OPERATOR, ROLES, Holder, Token, Tokens
from schemas.conversion import millis, rfc3339

app = typer.Typer(help="Người vận hành. / Operators and their tokens for the HTTP interface.", no_args_is_help=True)
_NAME = re.compile(r"[a-z][a-z0-9.-]{0,39}")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str | None, typer.Option(help="Who asks for it (else the user of this session).")]


@app.command(epilog="Example: dancu operator token lan --role approver")
def token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits, `.` and `-`.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "viewer",
    old_until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="End this operator's other tokens then: 2026-11-22T08:00:00+07:00."),
    ] = None,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Tạo mã truy cập. / Make a token. It is shown once; only its hash is kept."""
    if not _NAME.fullmatch(name):
        fail("NAME: lower-case letters, digits, `.` and `-`, from a letter on", 2)
    if role not in ROLES:
        fail(f"--role: {role} is none. Allowed: {', '.join(ROLES)}", 2)
    until = _moment(old_until)
    with hub_of(context) as hub:
        text = Tokens(hub.deliveries_db).new(Holder(OPERATOR, name, role), asker(by), now_ms(), until)
    if json:
        write_json({"name": name, "role": role, "token": text})
        return
    screen.print("Chỉ hiện một lần. / Shown once; keep it where only its owner reads it:", markup=False)
    write(f"{text}\n".encode())


@app.command(epilog="Example: dancu operator tokens --json")
def tokens(context: typer.Context, json: AsJson = False) -> None:
    """Các mã đã cấp. / The tokens that were given out, without the tokens themselves."""
    with hub_of(context) as hub:
        found = [_as_json(one) for one in Tokens(hub.deliveries_db).every(OPERATOR)]
    if json:
        write_json({"tokens": found})
        return
    table = Table("Mã / Id", "Tên / Name", "Vai trò / Role", "Còn hiệu lực / Valid", "Cấp lúc / Made at")
    for one in found:
        table.add_row(one["id"], one["name"], one["role"], "✓" if one["valid"] else "", one["created_at"])
    show(table)


@app.command(epilog='Example: dancu operator revoke 0f3a5c7e9b1d --reason "she has left"')
def revoke(
    context: typer.Context,
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `dancu operator tokens` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")],
    by: By = None,
) -> None:
    """Thu hồi. / End a token. It opens nothing any more within seconds."""
    with hub_of(context) as hub:
        store = Tokens(hub.deliveries_db)
        known = token_id in {one.id for one in store.every(OPERATOR)}
        why = step(reason, by)
        if not known or not store.revoke(token_id, why.by, why.reason, why.at):
            fail(f"{token_id}: no token of an operator with this id that is still valid; see `dancu operator tokens`")
        screen.print("Đã thu hồi. / Revoked.")


def _as_json(one: Token) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.holder.name,
        "role": one.holder.role,
        "valid": one.valid(now_ms()),
        "created_at": rfc3339(one.created_at),
        "created_by": one.created_by,
        "expires_at": None if one.expires_at is None else rfc3339(one.expires_at),
        "revoked_at": None if one.revoked_at is None else rfc3339(one.revoked_at),
    }


def _moment(text: str | None) -> int | None:
    try:
        return None if text is None else millis(text)
    except ValueError:
        fail("--old-until: a time with its offset, such as 2026-11-22T08:00:00+07:00", 2)
