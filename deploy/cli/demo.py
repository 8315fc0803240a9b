"""`dancu demo`: everything at once, with a check at the end."""

from __future__ import annotations

import random
import time
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.bootstrap import Hub, open_hub
from deploy.cli.output import write_json
from deploy.cli.shell import fail, plain_errors, screen, settings_of
from deploy.demo import counter
from deploy.demo.holdings import effects
from deploy.demo.show import NotTheDemos, Stage, clear, stream
from deploy.groups import fetching_of
from deploy.keeping import catch_up, keeper_of
from deploy.memory import settle_memory
from deploy.recording import recorded
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox
from monitoring.status import Status, read_status

_ACTS = {
    "generate": "Tạo dân số mẫu / make a population",
    "send": "Các sổ đăng ký gửi / the registers send",
    "deliver": "Xử lý và giao / decide and deliver",
    "replay": "Sửa chữa và gửi lại / repair and replay",
    "verify": "Đối chiếu / verify",
}


def demo(
    context: typer.Context,
    events: Annotated[int, typer.Option(help="How many events the registers send.", min=1)] = 10_000,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same population.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Trình diễn toàn bộ hệ thống. / Show the whole hub at work, and verify it.

    Duplicates, corrections, annulments, late and invalid events, protected persons, consents; one agency is down for
    a while, one rejects some events, which are then replayed. Ends with exit code 1 if anything is not as it must be.
    """
    started, seed = time.monotonic(), random.SystemRandom().randrange(1_000_000) if seed is None else seed
    with plain_errors():
        settings = settings_of(context).embedded()
        try:
            clear(settings.home)
        except NotTheDemos as problem:
            fail(str(problem))
        with open_hub(settings) as opened, opened.claimed(), recorded(opened) as hub, _Show(hub, quiet=json) as show:
            settle_memory()
            show.act("generate")
            lines = list(stream(events, seed))
            stage = Stage(hub, lines, show.act, show.sent, show.pulse)
            stage.play()
            catch_up(keeper_of(hub))
            differences = stage.differences()
            done = effects(hub)
            status = read_status(hub.log, hub.registers_db, hub.deliveries_db, hub.agencies, fetching_of(hub))
        seconds = time.monotonic() - started
    result = {"events": events, "seed": seed, "seconds": round(seconds, 2), "verified": not differences}
    if json:
        content = {**result, "differences": differences[:100], "status": status.as_json()}
        content["effects"] = [{"agency": agency, "what": what, "count": count} for agency, what, count in done]
        with plain_errors():
            write_json(content)
    else:
        _print(status, done)
        differences += _show_counter()
        _print_verdict(differences, seconds, seed)
    if differences:
        raise typer.Exit(1)


class _Show:
    """The live display: one bar for deciding, one per agency."""

    def __init__(self, hub: Hub, *, quiet: bool) -> None:
        self._hub = hub
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=screen, disable=quiet)
        self._act = self._progress.add_task("", total=None)
        self._bars = {(RECEIVED, PIPELINE): self._progress.add_task("  đã xử lý / decided", total=0)}
        for agency in hub.agencies:
            self._bars[outbox(agency), DELIVER] = self._progress.add_task(f"  {agency}", total=0)

    def __enter__(self) -> _Show:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def act(self, name: str) -> None:
        self._progress.update(self._act, description=f"[bold]{_ACTS[name]}", completed=0, total=None)

    def sent(self, _: int) -> None:
        self.pulse()

    def pulse(self) -> None:
        for (topic, group), bar in self._bars.items():
            committed, last = self._hub.log.extent(topic, group)
            self._progress.update(bar, completed=committed, total=last)


def _print(status: Status, done: list[tuple[str, str, int]]) -> None:
    table = Table(
        "Cơ quan / agency", "Đã giao / delivered", "Gửi lại / replayed", "Giữ lại / parked", "Từ chối / withheld"
    )
    for name, state in status.agencies.items():
        withheld = status.withheld.get(name, 0)
        table.add_row(name, f"{state.delivered:,}", f"{state.replayed:,}", f"{state.parked:,}", f"{withheld:,}")
    screen.print(table)
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in status.duplicates.items())
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(status.refused.items()))
    screen.print(f"Đã nhận / received {status.received:,}\nTrùng / duplicates: {kinds}\nTừ chối / refused: {reasons}")
    for agency, what, count in done:
        screen.print(f"  {agency:<10} {what}: {count:,}")


def _show_counter() -> list[str]:
    """Show a counter at which cards are read, if the parts for that are there; return what it did wrong."""
    try:
        cards = counter.read_cards()
    except counter.NotShown as reason:
        screen.print(
            f"Quầy đọc thẻ / a counter with a card reader: {reason}", style="dim", markup=False, soft_wrap=True
        )
        return []
    screen.print(counter.table(cards))
    return counter.wrong(cards)


def _print_verdict(differences: list[str], seconds: float, seed: int) -> None:
    if differences:
        screen.print(f"[bold red]✗ {len(differences):,} sai khác / differences[/] (seed {seed})")
        for difference in differences[:20]:
            screen.print(f"  {difference}", markup=False)
    else:
        screen.print(
            "[bold green]✓ Mỗi sự kiện đã đến đúng cơ quan có quyền, đúng một lần, đúng thứ tự.[/]\n"
            "[green]  Every event is with each entitled agency, exactly once, in each person's order; no other.[/]"
        )
    screen.print(f"{seconds:.1f} s · seed {seed}")
