"""`dancu feeds`: every feed, when it last spoke, whether it is silent that should speak, and who knows of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from deploy.bootstrap import Hub, now_ms
from deploy.cli.agency import AsJson, By, Reason, step
from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, hub_of, screen
from deploy.silence import watch_of
from hub.activity import HOUR, Acknowledged, Activity
from hub.audit import Entry
from monitoring.silence import Silence, Why
from monitoring.silence.watch import PREFIXES
from monitoring.words import Words
from schemas.conversion import rfc3339

_WHY = {
    Why.NEVER: Words("chưa có", "none yet"),
    Why.NEW: Words("mới", "new"),
    Why.RARE: Words("quá thưa", "rare"),
    Why.GONE: Words("đã ngừng", "ended"),
    Why.ACKNOWLEDGED: Words("đã biết", "acknowledged"),
    Why.BEHIND: Words("hub đang chậm", "hub is behind"),
}
_SILENT = Words("IM LẶNG", "SILENT")
_SPEAKS = Words("bình thường", "as usual")

app = typer.Typer(
    epilog="Example: dancu feeds --json",
    invoke_without_command=True,
)


@app.callback()
def feeds(context: typer.Context, json: AsJson = False) -> None:
    """Các luồng sự kiện và luồng im lặng. / Every source and every agency's outbox, and which is silent.

    What is usual is learnt from each feed's own last eight weeks: hour, weekday, holidays.
    """
    if context.invoked_subcommand is not None:
        return
    with hub_of(context) as hub:
        found = sorted(watch_of(hub)(), key=lambda one: not one.silent)
        lately = _lately(hub)
        if json:
            write_json({"feeds": [one.as_json() | {"last_hour": lately.get(one.feed, 0)} for one in found]})
        else:
            show(*silent_feeds(found), _table(found, lately))


@app.command(epilog="Example: dancu feeds acknowledge source:/registers/civil-status/79 --reason 'merged into 01'")
def acknowledge(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(metavar="FEED", help="As `dancu feeds` calls it.")],
    reason: Reason,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Xác nhận đã biết một luồng im lặng. / Say that you know why a feed is silent: it has ended, or is being repaired.

    It alarms nobody any more until it speaks again and falls silent once more.
    """
    why = step(reason, by)
    kinds = {kind: feed.removeprefix(prefix) for kind, prefix in PREFIXES.items() if feed.startswith(prefix)}
    entry = Entry(why.at, why.by, "feed.silence_acknowledged", feed, why.reason, {})
    with hub_of(context) as hub:
        known = Acknowledged(hub.deliveries_db)
        if not any(known.add(kind, name, entry) for kind, name in kinds.items()):
            fail(f"nothing ever came in a feed {feed}. See `dancu feeds`")
    if json:
        write_json({"feed": feed, "acknowledged": {"at": rfc3339(why.at), "by": why.by, "reason": why.reason}})
        return
    screen.print(f"{feed}: đã xác nhận / acknowledged, until it speaks again", markup=False, soft_wrap=True)


def _lately(hub: Hub) -> Mapping[str, int]:
    """Return how many events came into each feed within the last hour."""
    activity, now = Activity(hub.deliveries_db), now_ms()
    counts = {prefix: activity.totals(kind, now - HOUR * 1000, now) for kind, prefix in PREFIXES.items()}
    return {prefix + name: count for prefix, found in counts.items() for name, count in found.items()}


def silent_feeds(found: Sequence[Silence]) -> Iterator[str]:
    """Say which feeds are silent that should speak."""
    for one in found:
        if one.silent:
            yield (
                f"[bold red]{escape(one.feed)}: im lặng / silent[/] {_length(one.silent_seconds)} · thường có sự kiện"
                f" trong / usually an event within {_length(one.expected_seconds or 0)} · dancu feeds"
            )


def _table(found: Sequence[Silence], lately: Mapping[str, int]) -> Table:
    table = Table(title="Luồng sự kiện / Feeds")
    table.add_column("Luồng\nFeed", overflow="fold")
    for heading in ("cuối / last\nim lặng / silent", "giờ qua / hour\nthường / usual", "tối đa\nat most"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Đánh giá\nVerdict", no_wrap=True)
    for one in found:
        last = "" if one.last_at is None else f"{rfc3339(one.last_at)[5:16].replace('T', ' ')}Z"
        silent = "" if one.last_at is None else _short(one.silent_seconds)
        usual = "–" if one.usual is None else f"{one.usual:,.1f}"
        most = "" if one.expected_seconds is None else _short(one.expected_seconds)
        rate = f"{lately.get(one.feed, 0):,}\n[dim]{usual}[/]"
        table.add_row(escape(one.feed), f"{last}\n[dim]{silent}[/]", rate, most, _verdict(one))
    return table


def _verdict(one: Silence) -> str:
    if one.why is not None:
        return f"[dim]{_WHY[one.why].vi}\n{_WHY[one.why].en}[/]"
    style, words = ("bold red", _SILENT) if one.silent else ("green", _SPEAKS)
    return f"[{style}]{words.vi}\n{words.en}[/]"


_UNITS = ((86_400, "ngày / d"), (3_600, "giờ / h"), (60, "phút / min"), (1, "giây / s"))


def _length(seconds: float) -> str:
    """Return a span of time in the largest unit of which there are two."""
    size, name = next((unit for unit in _UNITS if seconds >= 2 * unit[0]), _UNITS[-1])
    return f"{int(seconds // size)} {name}"


def _short(seconds: float) -> str:
    count, name = _length(seconds).split(" ", 1)
    return f"{count} {name.rpartition(' ')[2]}"
