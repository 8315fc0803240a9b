"""`dancu replay`: sends again what agencies did not take: planned, approved, run, and told of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from deploy.cli.filters import (
    Agency,
    Attempts,
    ErrorClass,
    Event,
    Person,
    Since,
    Type,
    Until,
    persons_of,
    selection_from,
)
from deploy.cli.output import show, write_json
from deploy.cli.replay_now import replay_now
from deploy.cli.replay_run import run
from deploy.cli.replay_shown import replay_lines
from deploy.cli.replay_told import AsJson, ReplayId, list_all, plain_steps, status
from deploy.cli.shell import asker, hub_of
from deploy.replaying import desk_of
from hub.replays import Kind, Move
from replay.desk import Limits
from replay.views import replay_json


class _OrAgency(TyperGroup):
    """What is no subcommand is an agency to be replayed at once: `dancu replay land --reason …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command `now` before it."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["now", *args]
        return list(super().parse_args(ctx, args))


app = typer.Typer(
    cls=_OrAgency,
    help="Gửi lại. / Send again what agencies did not take: same event, same bytes, in each person's order."
    " `dancu replay AGENCY` does it at once, `plan` … `run` with an approval.",
)
Reason = Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")]
Why = Annotated[str | None, typer.Option(help="Why; it is kept in the audit trail.")]
By = Annotated[str | None, typer.Option(help="Who asks for it (else the user of this session).")]

app.command("now", epilog='Example: dancu replay land --reason "titles repaired"')(replay_now)
app.command("run", epilog="Example: dancu replay run 0199c0de-0000-7000-8000-000000000001")(run)
app.command("status", epilog="Example: dancu replay status REPLAY --items skipped --json")(status)
app.command("list", epilog="Example: dancu replay list --json")(list_all)


@app.command(epilog='Example: dancu replay plan --agency land --error-class constraint --reason "titles repaired"')
def plan(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; needed unless --dry-run.")] = "",
    agency: Agency = None,
    type_: Type = None,
    since: Since = None,
    until: Until = None,
    error_class: ErrorClass = None,
    attempts: Attempts = None,
    person: Person = None,
    event: Event = None,
    every: Annotated[bool, typer.Option("--all", help="All that is parked, for every agency.")] = False,
    quarantined: Annotated[
        bool, typer.Option("--quarantined", help="Also what was replayed in vain so often that it is left alone.")
    ] = False,
    refused: Annotated[
        bool, typer.Option("--refused", help="Refused events instead: they go to the pipeline again.")
    ] = False,
    rate: Annotated[float | None, typer.Option(metavar="PER_SECOND", help="Deliveries per second at most.")] = None,
    cap: Annotated[int | None, typer.Option(help="So many deliveries at most.")] = None,
    by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only estimate; keep nothing.")] = False,
    json: AsJson = False,
) -> None:
    """Lập kế hoạch. / Choose what to send again, and see what that would do. Nothing is sent yet."""
    more = {"persons": persons_of(person), "event_ids": event, "quarantined": quarantined, "all": every}
    chosen = selection_from(agency, type_, (since, until), error_class, attempts, **more)
    kind = Kind.REFUSED if refused else Kind.DELIVERIES
    with hub_of(context) as hub, plain_steps():
        desk = desk_of(hub)
        if dry_run:
            estimate = desk.estimate(kind, chosen)
            if json:
                write_json({"estimate": estimate})
            else:
                show(*_estimated(estimate))
            return
        _tell(replay_json(desk.plan(kind, chosen, asker(by), reason, Limits(rate, cap))), as_json=json)


@app.command(epilog='Example: dancu replay approve REPLAY --reason "looked at three of them"')
def approve(context: typer.Context, replay: ReplayId, reason: Reason, by: By = None, json: AsJson = False) -> None:
    """Phê duyệt. / Approve a plan: what it selects is frozen. Large ones take another person than the planner."""
    with hub_of(context) as hub, plain_steps():
        _tell(replay_json(desk_of(hub).approve(replay, asker(by), reason)), as_json=json)


@app.command(epilog='Example: dancu replay pause REPLAY --reason "the agency asks us to"')
def pause(context: typer.Context, replay: ReplayId, reason: Reason, by: By = None, json: AsJson = False) -> None:
    """Tạm dừng. / Ask for nothing more until it is resumed; what was asked for already still comes."""
    _move(context, replay, Move.PAUSED, reason, by, json)


@app.command(epilog="Example: dancu replay resume REPLAY")
def resume(context: typer.Context, replay: ReplayId, reason: Why = None, by: By = None, json: AsJson = False) -> None:
    """Tiếp tục. / Go on after a pause; the running hub does it, or `dancu replay run`."""
    _move(context, replay, Move.RESUMED, reason, by, json)


@app.command(epilog='Example: dancu replay cancel REPLAY --reason "the wrong agency"')
def cancel(context: typer.Context, replay: ReplayId, reason: Reason, by: By = None, json: AsJson = False) -> None:
    """Hủy. / End it: what was not asked for yet is left parked."""
    _move(context, replay, Move.CANCELLED, reason, by, json)


def _move(context: typer.Context, replay: str, move: Move, reason: str | None, by: str | None, as_json: bool) -> None:
    with hub_of(context) as hub, plain_steps():
        _tell(replay_json(desk_of(hub).move(replay, move, asker(by), reason)), as_json=as_json)


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(found)
    else:
        show(*replay_lines(found))


def _estimated(estimate: dict[str, Any]) -> Iterator[str]:
    if not estimate["deliveries"]:
        yield "Không có gì như vậy. / Nothing that is parked is meant by this; nothing would be sent."
        return
    yield f"{estimate['deliveries']:,} được chọn / selected · {estimate['will_be_sent']:,} sẽ gửi / would be sent"
    for why, count in estimate["skipped"].items():
        yield f"  bỏ qua / skipped: {why}: {count:,}"
