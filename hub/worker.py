"""The worker: Faust hosts the pipeline. One agent takes whole batches; timers do what depends on time.

Faust's own Kafka client is not used: it commits past events that are still in flight. A pump reads from the event log,
hands each batch to the agent over a channel, and reads on only when the agent has answered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import faust
from faust.app.base import BootStrategy

from hub.database_errors import plain
from hub.eventlog import Batch, EventLog, LogUnavailable, PositionMoved
from hub.observe import quiet
from hub.passing import passes, pause_after
from hub.topics import PIPELINE, RECEIVED

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """What the worker does, called in threads: `process` once at a time for each log, `on_tick` beside it."""

    log: EventLog
    #: Decides about a batch of a log and commits it.
    process: Callable[[EventLog, Batch], None]
    #: Looks whether something that waits is due; called every second.
    on_tick: Callable[[], None]
    #: Called when `received` is empty; says whether it has brought something new.
    on_empty: Callable[[], bool]
    #: Where Faust may keep its files.
    datadir: Path
    #: Events per batch.
    limit: int = 1000
    #: Seconds to wait when there is nothing to do.
    idle_pause: float = 0.05
    #: Told after each turn, with the seconds until the next one, and of how many events a turn has decided.
    on_turn: Callable[[float, int], None] = quiet
    #: Further handles on the same log, which share its partitions with the first: while one waits for a database or
    #: for the log, another decides.
    beside: Sequence[EventLog] = ()


@dataclass(slots=True)
class _Turn:
    """A batch on its way through the agent."""

    log: EventLog
    batch: Batch
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _WithoutKafka(BootStrategy):  # type: ignore[misc]  # Faust has no types
    enable_kafka = False
    enable_web = False


class _App(faust.App):  # type: ignore[misc]  # Faust has no types
    BootStrategy = _WithoutKafka

    async def _wait_for_table_recovery_completed(self) -> bool:
        """There are no tables to recover, and nobody who would say so: without this, start-up waits for ever."""
        return False


async def work_until(stop: asyncio.Event, work: Work) -> None:
    """Run the pipeline until `stop` is set. Raises what the pipeline raises, such as `LogUnavailable`."""
    app = _App("dancu", broker="kafka://", datadir=str(work.datadir), web_enabled=False, stream_wait_empty=False)
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    _host(app, work, stop, failed)
    await app.start()
    stopped = asyncio.create_task(stop.wait())
    either: list[asyncio.Future[Any]] = [stopped, failed]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        if failed.done():
            failed.result()
    finally:
        stopped.cancel()
        await app.stop()


def _host(app: Any, work: Work, stop: asyncio.Event, failed: asyncio.Future[None]) -> None:
    """Give the app its agent, a pump for each log, and its timer."""
    channel = app.channel(maxsize=1)
    ready = asyncio.Event()
    working: set[asyncio.Task[None]] = set()

    @app.agent(channel, concurrency=1)  # type: ignore[untyped-decorator]
    async def pipeline(turns: Any) -> None:
        ready.set()  # what is put into the channel before the agent listens is lost
        async for turn in turns:
            task = asyncio.create_task(_take(work, turn))
            working.add(task)  # the loop itself holds no task
            task.add_done_callback(working.discard)

    async def pump(log: EventLog, on_empty: Callable[[], bool]) -> None:
        app.flow_control.resume()  # without a Kafka consumer nobody else does
        await ready.wait()
        failures = 0
        try:
            while not stop.is_set():
                try:
                    await _pump_once(work, log, channel, stop, on_empty)
                    failures = 0
                except Exception as error:
                    if not passes(error):
                        raise
                    failures += 1
                    await _wait_out(error, failures, stop)
        except Exception as error:
            if not failed.done():
                failed.set_exception(error)

    app.task(partial(pump, work.log, work.on_empty))
    for other in work.beside:
        app.task(partial(pump, other, lambda: False))

    @app.timer(interval=1.0)  # type: ignore[untyped-decorator]
    async def tick() -> None:
        try:
            await asyncio.to_thread(work.on_tick)
        except Exception as error:
            if not passes(error) and not failed.done():
                failed.set_exception(error)


async def _take(work: Work, turn: _Turn) -> None:
    """Process a batch. An agent that raises drops its batch and goes on: so the pump is told, and decides."""
    try:
        await asyncio.to_thread(work.process, turn.log, turn.batch)
    except BaseException as error:
        if not turn.done.done():  # when the app stops, nobody waits any more
            turn.done.set_exception(error)
    else:
        if not turn.done.done():
            turn.done.set_result(None)


async def _pump_once(
    work: Work, log: EventLog, channel: Any, stop: asyncio.Event, on_empty: Callable[[], bool]
) -> None:
    batch = await asyncio.to_thread(log.read, RECEIVED, PIPELINE, work.limit)
    if batch.records:
        turn = _Turn(log, batch)
        await channel.put(turn)
        try:
            await turn.done
            work.on_turn(0.0, len(batch.records))
        except PositionMoved as moved:
            _LOG.warning("another worker was quicker; reading again: %s", moved)
            await _rest(stop, work.idle_pause)
    else:
        work.on_turn(work.idle_pause, 0)
        if not await asyncio.to_thread(on_empty):
            await _rest(stop, work.idle_pause)


async def _wait_out(error: Exception, failures: int, stop: asyncio.Event) -> None:
    """Say what is away, and rest: nothing was committed, so the same batch comes again."""
    pause = pause_after(failures)
    words = str(error) if isinstance(error, LogUnavailable) else plain(error)
    _LOG.warning("nothing is decided for now (%d×); trying again in %.1f s: %s", failures, pause, words)
    await _rest(stop, pause)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
