"""`python -m tests.benchmarks`: takes the figures, prints them as a table and writes them as JSON.

`--only kafka` measures the hub beside Faust, Quix Streams and the bare client on a real broker, and nothing else; the
first time it installs the two into an environment in the user's cache. Progress of that part is on standard error.

The scratch files (about 12 GB in full, on the disk that TMPDIR names) are removed at the end.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Column, Table

from tests.benchmarks.catalogue import BENCHMARKS
from tests.benchmarks.child import make, take_sample
from tests.benchmarks.figure import Benchmark, Figure
from tests.benchmarks.kafka import suite
from tests.benchmarks.kafka.report import report
from tests.benchmarks.lacking import missing
from tests.benchmarks.machine import describe
from tests.benchmarks.workplace import FULL, QUICK, Workplace

#: Columns of the table when the screen has fewer, or is a file.
_WIDTH = 110
#: The part that has a broker of its own, and a table of its own.
_KAFKA = "kafka"
#: What a benchmark needs besides the lines.
_NEEDS = {
    "pipeline": "received",
    "pipeline-faust": "received",
    "memory": "large",
    "status": "large",
    "explain": "large",
    "pages": "paged",
    "console-load": "watched",
    "console-pages": "looked-at",
    **{name: "decided" for name in BENCHMARKS if name.startswith("deliveries")},
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Take the figures that were asked for."""
    asked = _parse(arguments)
    screen = Console(highlight=False, width=max(Console().width, _WIDTH))
    with tempfile.TemporaryDirectory(prefix="dancu-bench-") as folder:
        place = Workplace(Path(folder).resolve(), QUICK if asked.quick else FULL)
        machine = describe(place.folder)
        names = asked.only or [*BENCHMARKS, _KAFKA]
        figures = [_take(BENCHMARKS[name], place, screen) for name in _possible(names, screen)]
        kafka = _measure_kafka(place) if _KAFKA in names else {}
    if figures:
        screen.print(_table(figures), *_explanations(figures), sep="\n")
    content = {"machine": machine, "quick": asked.quick, "figures": [figure.as_json() for figure in figures]}
    if kafka:
        screen.print(*report(kafka), sep="\n")
        content[_KAFKA] = kafka
    asked.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if kafka.get("problems"):
        raise SystemExit(1)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="where the figures go")
    parser.add_argument(
        "--only", action="append", choices=[*BENCHMARKS, _KAFKA], metavar="NAME", help="may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="small and once: to see that it works, not how fast")
    return parser.parse_args(arguments)


def _possible(names: Iterable[str], screen: Console) -> Iterator[str]:
    """Yield the benchmarks that this machine has the programs for; say what the others lack."""
    for name in names:
        if (lacks := missing(name)) is not None:
            screen.print(f"[yellow]{name}: left out: {lacks}[/]")
        elif name != _KAFKA:
            yield name


def _measure_kafka(place: Workplace) -> dict[str, Any]:
    errors = Console(stderr=True, highlight=False)
    folder = place.folder / _KAFKA
    folder.mkdir()
    sizes = suite.QUICK if place.sizes == QUICK else suite.FULL
    return suite.measure(folder, sizes, lambda said: errors.print(said, style="dim", markup=False))


def _take(benchmark: Benchmark, place: Workplace, screen: Console) -> Figure:
    for material in ("lines", _NEEDS.get(benchmark.name)):
        if material and not _is_there(material, place):
            screen.print(f"[dim]preparing: {material}[/]")
            make(material, place)
    samples = []
    for run in range(1 if place.sizes == QUICK else benchmark.runs):
        samples.append(take_sample(benchmark.name, place))
        screen.print(f"[dim]{benchmark.name} {run + 1}: {_number(samples[-1].value)} {benchmark.unit}[/]")
    return Figure(benchmark, samples)


def _is_there(material: str, place: Workplace) -> bool:
    return place.lines.exists() if material == "lines" else place.home(material).exists()


def _table(figures: Iterable[Figure]) -> Table:
    right = ("median", "min–max", "target", "limit", "% of limit")
    table = Table("figure", *(Column(name, justify="right") for name in right), "met", title="Dân Cư Hub")
    for figure in figures:
        benchmark, values = figure.benchmark, [sample.value for sample in figure.samples]
        met = benchmark.met(figure.value)
        table.add_row(
            benchmark.name,
            f"{_number(figure.value)} {benchmark.unit}",
            f"{_number(min(values))}–{_number(max(values))}",
            "" if benchmark.target is None else f"{'≥' if benchmark.more_is_better else '≤'} {benchmark.target:,.0f}",
            _number(figure.limit),
            f"{benchmark.share(figure.value, figure.limit):.0f} %",
            "" if met is None else "[green]yes[/]" if met else "[bold red]no[/]",
        )
    return table


def _explanations(figures: Iterable[Figure]) -> list[str]:
    return [
        f"[bold]{figure.benchmark.name}[/]: {figure.benchmark.says}. Limit: {figure.benchmark.limit_is}."
        f" [dim]{_notes(figure.notes)}[/]"
        for figure in figures
    ]


def _notes(notes: Mapping[str, Any]) -> str:
    return "; ".join(f"{name} {_number(value)}" for name, value in notes.items())


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


if __name__ == "__main__":
    main()
