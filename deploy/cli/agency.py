"""`dancu agency`: the contact with each agency, and an operator's steps: suspend, resume, rewind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from deploy.bootstrap import Hub, now_ms
from deploy.cli.agency_way import of_its_way
from deploy.cli.output import show, write_json
from deploy.cli.shell import asker, fail, hub_of, screen
from hub.contacts import Contact, Suspension
from schemas.conversion import rfc3339

app = typer.Typer(no_args_is_help=True, help="Cơ quan nhận sự kiện. / The agencies, and the contact with each.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The agency, as its agreement names it.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")]
By = Annotated[str | None, typer.Option(help="Who asks for it (else the user of this session).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

#: So many outages and rewinds are shown.
_SHOWN = 10


@app.command("list", epilog="Example: dancu agency list --json")
def list_all(context: typer.Context, json: AsJson = False) -> None:
    """Các cơ quan và tình trạng liên lạc. / Every agency, its way of delivery, and how the contact with it stands."""
    with hub_of(context) as hub:
        known = hub.contacts.all()
        found = [_brief(hub, known.get(name, Contact(name))) for name in hub.agencies]
        if json:
            write_json({"agencies": found})
        else:
            show(_table(found))


@app.command("show", epilog="Example: dancu agency show tax")
def show_one(context: typer.Context, name: Name, json: AsJson = False) -> None:
    """Mọi điều về một cơ quan. / All that is known of the contact with one agency, its outages and rewinds."""
    with hub_of(context) as hub:
        found = _whole(hub, known_agency(hub, name))
        if json:
            write_json(found)
        else:
            show(*_lines(found))


@app.command(epilog='Example: dancu agency suspend land --reason "they move to another data centre"')
def suspend(context: typer.Context, name: Name, reason: Reason, by: By = None) -> None:
    """Tạm ngừng giao. / Hand out nothing to an agency until it is resumed. Its events wait; nothing is lost."""
    with hub_of(context) as hub:
        if not hub.contacts.suspend(known_agency(hub, name), step(reason, by)):
            fail(f"{name} is suspended already; see `dancu agency show {name}`")
        screen.print(f"{name}: đã tạm ngừng / suspended. Running processes follow within seconds.")


@app.command(epilog='Example: dancu agency resume land --reason "the new data centre answers"')
def resume(context: typer.Context, name: Name, reason: Reason, by: By = None) -> None:
    """Giao trở lại. / Hand out again: what has waited goes first, nothing is skipped."""
    with hub_of(context) as hub:
        if not hub.contacts.resume(known_agency(hub, name), step(reason, by)):
            fail(f"{name} is not suspended")
        screen.print(f"{name}: giao trở lại / resumed. Running processes follow within seconds.")


def known_agency(hub: Hub, name: str) -> str:
    """Return the name of an agency, or end the command with those that there are."""
    if name not in hub.agencies:
        fail(f"{name}: no such agency. Allowed: {', '.join(hub.agencies)}", 2)
    return name


def step(reason: str, by: str | None) -> Suspension:
    """Return who does what now and why, or end the command when nobody says."""
    if not reason.strip():
        fail("say why: --reason may not be empty", 2)
    return Suspension(now_ms(), asker(by), reason.strip())


def _brief(hub: Hub, contact: Contact) -> dict[str, Any]:
    agreement = hub.rules.agreements.by_agency[contact.agency]
    failing, suspended = contact.failing, contact.suspended
    return {
        "agency": contact.agency,
        "name": {"vi": agreement.name_vi, "en": agreement.name_en},
        "sector": agreement.sector,
        "way": agreement.delivery["way"],
        "last_contact": _time(contact.last_ok_at),
        "failing": failing
        and {
            "since": rfc3339(failing.since),
            "times": failing.times,
            "reason": failing.reason,
            "next_try": _time(failing.next_try_at),
        },
        "suspended": suspended and {"at": rfc3339(suspended.at), "by": suspended.by, "reason": suspended.reason},
    }


def _whole(hub: Hub, name: str) -> dict[str, Any]:
    contact = hub.contacts.of(name)
    outages = [
        {"began": rfc3339(o.began_at), "ended": _time(o.ended_at), "attempts": o.attempts, "reason": o.reason}
        for o in hub.contacts.outages(name, _SHOWN)
    ]
    rewinds = [
        {
            "id": r.id,
            "by": r.request.by,
            "at": rfc3339(r.request.at),
            "reason": r.request.reason,
            "after": r.after,
            "until": r.until,
            "reached": r.reached,
            "taken": r.taken,
            "refused": r.refused,
            "ended": _time(r.ended_at),
            "cancelled_by": r.cancelled_by,
        }
        for r in hub.line.rewinds.of(name)[:_SHOWN]
    ]
    more = {
        "first_contact": _time(contact.first_ok_at),
        "usual_gap_seconds": None if contact.usual_gap_ms is None else contact.usual_gap_ms / 1000,
        "endpoint": contact.endpoint,
        "endpoint_verified": _time(contact.verified_at),
        "outages": outages,
        "rewinds": rewinds,
        **of_its_way(hub, name),
    }
    return _brief(hub, contact) | more


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(
        "Cơ quan / Agency", "Cách giao / Way", "Liên lạc gần nhất / Last contact", "Tình trạng / State", title=None
    )
    for one in found:
        table.add_row(one["agency"], one["way"], one["last_contact"] or "", escape(_state(one)))
    return table


def _state(one: dict[str, Any]) -> str:
    if one["suspended"]:
        return f"tạm ngừng / suspended: {one['suspended']['reason']}"
    if one["failing"]:
        return f"không phản hồi / failing ({one['failing']['times']}×): {one['failing']['reason']}"
    return ""


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"[bold]{found['agency']}[/] · {escape(found['name']['vi'])} / {escape(found['name']['en'])}"
    for name, value in found.items():
        if name in ("agency", "name") or value in (None, []):
            continue
        for one in value if isinstance(value, list) else [value]:
            parts = [f"{k} {v}" for k, v in one.items() if v is not None] if isinstance(one, dict) else [str(one)]
            yield f"  [dim]{name}:[/] {escape(' · '.join(parts))}"
