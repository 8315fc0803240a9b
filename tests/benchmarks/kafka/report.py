"""The Kafka part for a reader: who did how much, on which cores, and which floors are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Column, Table

_WORDS = {True: "[green]yes[/]", False: "[bold red]no[/]", None: "[yellow]–[/]"}


def report(found: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what is to be printed."""
    if "skipped" in found:
        yield f"[yellow]Kafka: not measured.[/] {escape(found['skipped'])}"
        return
    yield _race(found)
    yield _floors(found)
    for name in ("latency", "handing_out", "taken_over", "started_again"):
        if name in found:
            told = "; ".join(f"{what} {value:,.1f}" for what, value in found[name].items())
            yield f"[bold]{_TITLES[name]}[/]: {told}"
    yield from (f"[bold red]no figure[/] {escape(problem)}" for problem in found["problems"])


_TITLES = {
    "latency": "time from intake's yes until an agency's database has the event",
    "handing_out": "from the feeds on Kafka into the agencies' databases",
    "taken_over": "one of two workers killed: seconds until its partitions go on",
    "started_again": "the only worker killed and started again",
}


def _race(found: Mapping[str, Any]) -> Table:
    parts = ("contender", "broker", "PostgreSQL")
    right = ("events/s", "min–max", "CPU µs", "cores: own", "Kafka", "PostgreSQL", "start, s")
    title = f"On one Kafka broker, four agencies, {found['outputs_per_event']:.2f} outputs per event"
    table = Table(Column("", no_wrap=True), *(Column(name, justify="right") for name in right), title=title)
    for figure in found["figures"]:
        table.add_row(
            figure["says"],
            f"{figure['median']:,.0f}",
            f"{figure['min']:,.0f}–{figure['max']:,.0f}",
            f"{figure['cpu_us_per_event']:,.0f}",
            *(f"{figure['cores_busy'][part]:.2f}" for part in parts),
            f"{figure['start_seconds']:.1f}",
        )
    return table


def _floors(found: Mapping[str, Any]) -> Table:
    right = (Column(name, justify="right") for name in ("is", "by CPU", "floor"))
    table = Table("the hub with one worker", *right, "met", "")
    for floor in found["floors"]:
        values = ("" if floor[name] is None else f"{floor[name]:.2f}" for name in ("value", "by_cpu"))
        table.add_row(floor["name"], *values, f"≥ {floor['floor']}", _WORDS[floor["met"]], floor["why"])
    return table
