"""`dancu replay run`: starts an approved replay and watches it; delivers itself when no hub runs here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from consumers.feed import Feed
from consumers.loop import deliver_once
from deploy.bootstrap import Hub
from deploy.cli.output import show, write_json
from deploy.cli.replay_shown import replay_lines, say
from deploy.cli.replay_told import plain_steps
from deploy.cli.shell import asker, hub_of, screen
from deploy.home import HomeBusy
from deploy.replaying import desk_of, runner_of
from hub.deliveries import DeliveryBrowser
from hub.destination import Unavailable
from hub.replays import ItemState, Kind, Move, Replay, Replays, ReplayState
from replay.runner import Runner
from replay.views import replay_json

_PAUSE = 0.2
_OPEN = (ItemState.SELECTED, ItemState.ASKED)


def run(
    context: typer.Context,
    replay: Annotated[str, typer.Argument(metavar="REPLAY", help="An approved one, or one that was interrupted.")],
    reason: Annotated[str | None, typer.Option(help="Why; it is kept in the audit trail.")] = None,
    by: Annotated[str | None, typer.Option(help="Who asks for it (else the user of this session).")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it is done.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, no progress.")] = False,
) -> None:
    """Chạy. / Start an approved replay, or go on with one that was interrupted, and watch it until it is done."""
    with hub_of(context) as hub:
        desk = desk_of(hub)
        with plain_steps():
            if desk.replays.find(replay).state is not ReplayState.RUNNING:
                desk.move(replay, Move.STARTED, asker(by), reason)
        if wait:
            with _shown(desk.replays, replay, quiet=json) as tick:
                _work(hub, replay, tick)
        found = desk.replays.find(replay)
    if json:
        write_json(replay_json(found))
        return
    show(*replay_lines(replay_json(found)))
    if wait and found.state is ReplayState.RUNNING:
        say("Chưa xong; hệ thống đang chạy sẽ làm tiếp. / Not done yet: `dancu run` goes on with it.")
    if wait and found.plan.kind is Kind.REFUSED:
        say("Hệ thống sẽ xử lý lại. / `dancu run` decides about them; `dancu explain EVENT_ID` tells what came of one.")


def _work(hub: Hub, replay_id: str, tick: Callable[[], Replay]) -> None:
    """Work on the replay, and deliver unless a running hub does it anyway."""
    runner = runner_of(hub)
    try:
        if hub.shared:
            _until_done(runner, tick, lambda: False)
            return
        try:
            with hub.claimed():
                _until_done(runner, tick, _Loops(hub).turn, alone=True)
        except HomeBusy:
            _until_done(runner, tick, lambda: False)
    except KeyboardInterrupt:
        say(f"Vẫn tiếp tục / it goes on. Dừng / to stop it: dancu replay cancel {replay_id}")
    finally:
        runner.close()


def _until_done(
    runner: Runner, tick: Callable[[], Replay], deliver: Callable[[], bool], *, alone: bool = False
) -> None:
    """Turn until the replay has ended; alone, until nothing moves any more because an agency does not answer."""
    idle = 0
    while (found := tick()).state is ReplayState.RUNNING:
        moved = runner.turn()
        moved = deliver() or moved
        idle = 0 if moved or not runner.has(found.id) else idle + 1
        limited = found.plan.rate is not None and found.count(ItemState.SELECTED) > 0
        if alone and idle > 2 and not limited:
            return
        if not moved:
            time.sleep(_PAUSE)


class _Loops:
    """The delivery loops of the agencies that have something due, in this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._browser = DeliveryBrowser(hub.deliveries_db)
        self._feeds: dict[str, Feed] = {}
        self._away: set[str] = set()

    def turn(self) -> bool:
        """Deliver some of what is due; say whether anything moved."""
        moved = False
        for agency in self._hub.pushed:
            if agency not in self._away and self._browser.summary(agency).due:
                moved = self._deliver(agency) or moved
        return moved

    def _deliver(self, agency: str) -> bool:
        try:
            feed = self._feeds.get(agency) or self._hub.feed(agency)
            self._feeds[agency] = feed
            return not deliver_once(feed).idle
        except Unavailable as outage:
            self._away.add(agency)
            say(f"{agency}: không phản hồi / unavailable: {outage}")
            return False


class _Look:
    """Looks at a replay; not too often, as counting its deliveries takes a while when they are many."""

    def __init__(self, replays: Replays, replay_id: str) -> None:
        self._replays, self._replay_id = replays, replay_id
        self._found = replays.find(replay_id)
        self._looked = time.monotonic()

    def __call__(self) -> Replay:
        if time.monotonic() - self._looked > _PAUSE:
            self._found = self._replays.find(self._replay_id)
            self._looked = time.monotonic()
        return self._found


@contextmanager
def _shown(replays: Replays, replay_id: str, *, quiet: bool) -> Iterator[Callable[[], Replay]]:
    """Give what looks at the replay, and moves a bar."""
    look = _Look(replays, replay_id)
    if quiet:
        yield look
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen) as progress:
        total = replays.find(replay_id).count(*ItemState)
        task = progress.add_task("gửi lại / replay", total=total)

        def tick() -> Replay:
            found = look()
            progress.update(task, completed=total - found.count(*_OPEN))
            return found

        yield tick
