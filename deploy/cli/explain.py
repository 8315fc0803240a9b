"""`dancu explain`: the whole story of one event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.markup import escape

from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, hub_of
from monitoring.evidence import Stores, gather
from monitoring.story import Standing, Step, Story
from monitoring.telling import tell
from monitoring.words import STANDINGS, STEPS, VERDICTS, reason
from schemas.conversion import rfc3339


def explain(
    context: typer.Context,
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="Mã sự kiện / the event's id.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Toàn bộ câu chuyện của một sự kiện. / The whole story of an event, in order, with reasons and legal basis."""
    with hub_of(context) as hub:
        evidence = gather(Stores(hub.log, hub.registers_db, hub.deliveries_db), event_id)
        if evidence is None:
            fail(
                f"không có sự kiện này / the hub in {hub.home.folder} has never seen an event with this id. "
                "Look whether the id is whole and the home is the right one (--home); "
                "if the event was never sent, send it with `dancu ingest`."
            )
        story = tell(evidence, hub.rules.agreements)
        if json:
            write_json(story.as_json())
        else:
            show(*_lines(story))


def _lines(story: Story) -> Iterator[str]:
    subject = f" · {story.subject_masked}" if story.subject_masked else ""
    yield f"[bold]{escape(story.event_id)}[/] · {escape(story.type or '?')}{subject} · {VERDICTS[story.verdict]}"
    for step in story.steps:
        yield from _step(step)
    if story.agencies:
        yield "\n[bold]Cơ quan / Agencies[/]"
    for agency, standing in story.agencies.items():
        yield _standing(agency, standing)


def _step(step: Step) -> Iterator[str]:
    at = "(chưa rõ / no time yet)" if step.at is None else rfc3339(step.at)
    agency = f" · [cyan]{step.agency}[/]" if step.agency else ""
    attempt = f" · lần / attempt {step.attempt}" if step.attempt and step.what in ("delivered", "parked") else ""
    yield f"{at}  [bold]{STEPS[step.what]}[/]{agency}{attempt}"
    if step.code:
        yield _detail("lý do / reason", str(reason(step.code)))
    if step.detail:
        yield _detail("chi tiết / detail", step.detail)
    if step.event:
        yield _detail("sự kiện / event", step.event)
    if step.basis:
        yield _detail("căn cứ / legal basis", step.basis)
    if step.purpose:
        yield _detail("mục đích / purpose", step.purpose)
    if step.by:
        yield _detail("người yêu cầu / asked by", step.by)
    if step.until is not None:
        yield _detail("đến / until", rfc3339(step.until))
    for note in step.notes:
        yield _detail("lưu ý / note", str(reason(note)))
    for name, value in step.about.items():
        yield _detail(name, str(value))


def _detail(name: str, value: str) -> str:
    return f"    [dim]{name}:[/] {escape(value)}"


def _standing(agency: str, standing: Standing) -> str:
    parts = [str(STANDINGS[standing.state])]
    if standing.delivered_at is not None:
        parts.append(rfc3339(standing.delivered_at))
    if standing.code:
        parts.append(str(reason(standing.code)))
    parts += [part for part in (standing.legal_basis, standing.purpose) if part]
    return f"  [cyan]{agency}[/]: {escape(' · '.join(parts))}"
