"""`dancu procedures`: the cases of linked procedures, who is late, and one case with all its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer
from rich.table import Column, Table

from deploy.bootstrap import Hub
from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, hub_of
from deploy.procedures import procedures_of
from hub.procedures.case import Case, StepOfCase
from hub.procedures.course import State
from hub.procedures.store import Cases, NoSuchPage, Page
from monitoring.procedures import STATES, Names, case_as_json, counts_as_json, in_order, last_day
from schemas.conversion import rfc3339

app = typer.Typer(
    help="Thủ tục liên thông. / Linked procedures: what one event begins, and who is late.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_STYLES = {State.LATE: "bold red", State.OPEN: "yellow", State.DONE: "green", State.CANCELLED: "dim"}
_ENDED = (State.DONE, State.CANCELLED)


@app.command("list", epilog="Example: dancu procedures list --state late --agency insurance")
def list_all(
    context: typer.Context,
    procedure: Annotated[str | None, typer.Option(help="Of this procedure only.")] = None,
    state: Annotated[State | None, typer.Option(help="In this state; else all open and late ones.")] = None,
    agency: Annotated[str | None, typer.Option(help="That wait for this agency.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    after: Annotated[str | None, typer.Option(help="Go on behind this place: `next` of the page before.")] = None,
    json: AsJson = False,
) -> None:
    """Liệt kê hồ sơ. / The cases, those late for longest first; those that ended newest first."""
    with hub_of(context) as hub:
        names, cases = names_of(hub), Cases(hub.deliveries_db)
        _check("--procedure", procedure, [one.name for one in names.rules.each])
        _check("--agency", agency, names.agencies)
        if agency and state in _ENDED:
            fail(f"--agency: a case that is {state.value} waits for nobody; use it with --state open or late", 2)
        try:
            page = cases.page(procedure, state, after, limit, agency)
        except NoSuchPage as problem:
            fail(str(problem), 2)
        counts = counts_as_json(cases.counts(), names)
    if json:
        found = [case_as_json(case, names) for case in page.cases]
        write_json({"cases": found, "next": page.next, "counts": counts})
    else:
        show(_counts(counts, names), *_listed(page, names))


@app.command("show", epilog="Example: dancu procedures show 0199c0de-0000-7000-8000-000000000001")
def show_one(
    context: typer.Context,
    event_id: Annotated[str, typer.Argument(metavar="CASE_EVENT_ID", help="Mã sự kiện mở hồ sơ / what began it.")],
    json: AsJson = False,
) -> None:
    """Một hồ sơ. / One case: its steps, who takes them, by when, and by how much somebody is late."""
    with hub_of(context) as hub:
        names, case = names_of(hub), Cases(hub.deliveries_db).case(event_id)
    if case is None:
        fail("không có hồ sơ nào / no case was begun by an event with this id; `dancu explain` tells of any event")
    if json:
        write_json(case_as_json(case, names))
    else:
        show(*_told(case, names))


def names_of(hub: Hub) -> Names:
    """Return what everything is called in a hub. Raises `BadSetting`."""
    return Names(procedures_of(hub.settings, hub.rules.catalogue, hub.agencies), hub.rules.agreements)


def _check(option: str, value: str | None, allowed: Sequence[str]) -> None:
    if value is not None and value not in allowed:
        fail(f"{option}: {value!r} is not followed. Allowed: {', '.join(allowed) or 'none'}", 2)


def _counts(counts: Mapping[str, Mapping[str, int]], names: Names) -> Table:
    columns = [Column(f"{words.vi}\n{words.en}", justify="right") for words in STATES.values()]
    table = Table("Thủ tục\nProcedure", *columns, title="Thủ tục liên thông / Linked procedures")
    for procedure, of_states in counts.items():
        numbers = [f"{of_states[state.value]:,}" for state in STATES]
        table.add_row(f"{procedure}\n[dim]{names.procedure(procedure).vi}[/]", *numbers)
    return table


def _listed(page: Page, names: Names) -> Iterator[Table | str]:
    if not page.cases:
        yield "[green]Không có hồ sơ nào như vậy. / No such cases.[/]"
        return
    table = Table(
        Column("Hồ sơ / Case", no_wrap=True),
        "Tình trạng\nState",
        Column("Còn chờ / Waits for", overflow="fold"),
        "Hạn / Due",
    )
    for case in page.cases:
        waits = [step for step in in_order(case, names) if step.done_at is None] if case.state not in _ENDED else []
        table.add_row(
            f"{case.event_id}\n{case.procedure} · {case.person}",
            f"[{_STYLES[case.state]}]{STATES[case.state].vi}\n{STATES[case.state].en}[/]",
            "\n".join(f"{step.agency}: {step.step}" for step in waits),
            "\n".join(_due(step) for step in waits),
        )
    yield table
    if page.next:
        yield f"còn nữa / more: --after {page.next}"


def _due(step: StepOfCase) -> str:
    if step.due_at is None:
        return "sau bước trước / after the step before"
    late = f" [red]+{_span(step.late_ms)}[/]" if step.late_ms else ""
    return f"{last_day(step.due_at)}{late}"


def _told(case: Case, names: Names) -> Iterator[Table | str]:
    state, style = STATES[case.state], _STYLES[case.state]
    yield f"[bold]{names.procedure(case.procedure)}[/] · {case.person} · [{style}]{state}[/]"
    yield f"{case.event_id} · mở / opened {_minute(case.opened_at)} · dancu explain {case.event_id}"
    table = Table("Bước / Step", "Cơ quan / Agency", "Hạn / Due", "Xong / Done")
    for step in in_order(case, names):
        title, agency = names.step(case.procedure, step.step), names.agency(step.agency)
        done = "" if step.done_at is None else f"{_minute(step.done_at)}\n[dim]{step.done_by}[/]"
        table.add_row(f"{title.vi}\n[dim]{title.en}[/]", f"{step.agency}\n[dim]{agency.vi}[/]", _due(step), done)
    yield table
    for step in case.late:
        who = names.agency(step.agency)
        yield f"[bold red]{step.agency} ({who.vi}): trễ / late {_span(step.late_ms)}[/]"


def _span(ms: int) -> str:
    """Return a time in words, in its largest unit."""
    seconds = ms // 1000
    for size, unit in ((86_400, "ngày / d"), (3_600, "giờ / h"), (60, "phút / min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} giây / s"


def _minute(at: int) -> str:
    return rfc3339(at)[:16].replace("T", " ") + "Z"
