"""`dancu replay AGENCY`: try parked deliveries again at once, without a plan. For small things."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from consumers.loop import deliver_once
from deploy.bootstrap import Hub
from deploy.cli.agency import step
from deploy.cli.output import write_json
from deploy.cli.shell import fail, hub_of, screen
from deploy.home import HomeBusy
from deploy.replaying import judge_of
from hub.audit import Entry, write_entry
from hub.deliveries import Deliveries, DeliveryBrowser, Request
from hub.destination import Unavailable
from monitoring.words import reason as reason_of
from replay.redeliver import AtOnce, TooMany, ask_at_once, foresee
from replay.selection import Selection


def replay_now(
    context: typer.Context,
    agency: Annotated[str | None, typer.Argument(help="The agency; all of them unless told.")] = None,
    event: Annotated[list[str] | None, typer.Option(help="Only this event id; can be given several times.")] = None,
    error_class: Annotated[str | None, typer.Option(help="Only failures of this class.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept with every delivery.")] = "asked for on the command line",
    by: Annotated[str | None, typer.Option(help="Who asks for it (else the user of this session).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many would be tried again.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Gửi lại sự kiện bị giữ. / Try parked deliveries again: same event, same bytes, in each person's order."""
    with hub_of(context) as hub:
        if agency is not None and agency not in hub.agencies:
            fail(f"{agency}: no such agency. Allowed: {', '.join(hub.agencies)}", 2)
        chosen = [agency] if agency else list(hub.agencies)
        why = step(reason, by)
        request = Request(why.by, why.reason, why.at)
        selections = {name: Selection(name, event, error_class=error_class) for name in chosen}
        if dry_run:
            asked = foresee(judge_of(hub), selections, request.at)
        else:
            asked = _ask(hub, selections, request)
            browser = DeliveryBrowser(hub.deliveries_db)
            due = [name for name in chosen if browser.summary(name).due]  # also of a replay that was interrupted
            if due:
                _redeliver(hub, due)
        _tell(hub, asked, as_json=json, dry_run=dry_run)


def _ask(hub: Hub, selections: dict[str, Selection], request: Request) -> dict[str, AtOnce]:
    try:
        asked = ask_at_once(
            Deliveries(hub.deliveries_db), judge_of(hub), selections, request, hub.settings.replay_alone
        )
    except TooMany as problem:
        fail(str(problem))
    _note(hub, request, selections, asked)
    return asked


def _note(hub: Hub, request: Request, selections: dict[str, Selection], asked: dict[str, AtOnce]) -> None:
    """Write into the audit trail what was asked for, agency by agency."""
    with hub.deliveries_db.begin() as connection:
        for name, one in asked.items():
            if one.asked:
                detail = {"requested": one.asked, "skipped": dict(one.skipped), "selection": selections[name].as_json()}
                write_entry(connection, Entry(request.at, request.by, "replay.now", name, request.reason, detail))


def _redeliver(hub: Hub, agencies: list[str]) -> None:
    """Deliver what is due now, unless a running hub does it anyway."""
    if hub.shared:
        screen.print("Các tiến trình giao sẽ gửi lại. / The delivery processes send them again.")
        return
    try:
        with hub.claimed():
            for name in agencies:
                _deliver_due(hub, name)
    except HomeBusy:
        screen.print("Hệ thống đang chạy sẽ gửi lại. / The running hub delivers them.")


def _deliver_due(hub: Hub, agency: str) -> None:
    feed, browser = hub.feed(agency), DeliveryBrowser(hub.deliveries_db)
    try:
        while browser.summary(agency).due and not deliver_once(feed).idle:
            pass
    except Unavailable as outage:
        screen.print(f"{agency}: không phản hồi / unavailable: {outage}", style="yellow", markup=False)


def _tell(hub: Hub, asked: dict[str, AtOnce], *, as_json: bool, dry_run: bool) -> None:
    browser = DeliveryBrowser(hub.deliveries_db)
    rows: dict[str, dict[str, Any]] = {
        name: {
            "requested": one.asked,
            "skipped": dict(one.skipped),
            "parked": summary.parked + summary.waiting + summary.due,
        }
        for name, one in asked.items()
        for summary in [browser.summary(name)]
    }
    if as_json:
        write_json({"dry_run": dry_run, "agencies": rows})
        return
    for name, row in rows.items():
        screen.print(f"{name}: yêu cầu / asked {row['requested']:,} · còn giữ / still parked {row['parked']:,}")
        for code, count in row["skipped"].items():
            screen.print(f"  bỏ qua / skipped: {reason_of(code)}: {count:,}", markup=False, soft_wrap=True)
