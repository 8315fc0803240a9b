"""Waits at the ends of feeds: one look at the log for all who wait there, never a thread or a scan for each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from hub.eventlog import LogBrowser, LogUnavailable, Record
from hub.passing import passes
from hub.topics import outbox

_LOG = logging.getLogger(__name__)

#: An agency, and the position behind which nothing was when somebody began to wait.
_End = tuple[str, int]
_Waiting = asyncio.Future[Sequence[Record]]


class Watch:
    """Who waits, at which ends. It looks while somebody waits, and rests otherwise. For one event loop."""

    def __init__(self, log: LogBrowser, pause: float, page: int) -> None:
        """Look every `pause` seconds; hand over up to `page` records to all who wait at the same end."""
        self._log = log
        self._pause = pause
        self._page = page
        self._ends: dict[_End, set[_Waiting]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "feed-ends")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = False

    async def news(self, agency: str, position: int, seconds: float) -> Sequence[Record]:
        """Return what has come behind the end of a feed; nothing after so many seconds, or when the hub stops."""
        if self._stopped or seconds <= 0:
            return ()
        self._loop = asyncio.get_running_loop()
        end, future = (agency, position), self._loop.create_future()
        waiting = self._ends.setdefault(end, set())
        waiting.add(future)
        if self._looking is None or self._looking.done():
            self._looking = self._loop.create_task(self._look_on())
        try:
            async with asyncio.timeout(seconds):
                found: Sequence[Record] = await future
                return found
        except TimeoutError:
            return ()
        finally:
            waiting.discard(future)
            if not waiting and self._ends.get(end) is waiting:
                del self._ends[end]

    def stop(self) -> None:
        """Answer all who wait, now and later, that nothing came. Any thread may call it."""
        self._stopped = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._let_all_go)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    @property
    def stopped(self) -> bool:
        """Whether the hub is about to end."""
        return self._stopped

    async def _look_on(self) -> None:
        loop = asyncio.get_running_loop()
        while self._ends and not self._stopped:
            await asyncio.sleep(self._pause)
            news = await loop.run_in_executor(self._thread, self._look, list(self._ends))
            for end, records in news.items():
                _answer(self._ends.get(end, ()), records)

    def _look(self, ends: Sequence[_End]) -> Mapping[_End, Sequence[Record]]:
        """Return what has come. While the log is away nothing comes; whoever asks anew is told."""
        news: dict[_End, Sequence[Record]] = {}
        for agency, position in ends:
            try:
                if records := self._log.scan(outbox(agency), position, self._page):
                    news[agency, position] = records
            except Exception as error:
                if not (isinstance(error, LogUnavailable) or passes(error)):
                    raise
                _LOG.info("%s: the end of the feed can't be seen: %s", agency, error)
                break
        return news

    def _let_all_go(self) -> None:
        for waiting in self._ends.values():
            _answer(waiting, ())


def _answer(waiting: set[_Waiting] | tuple[()], records: Sequence[Record]) -> None:
    for future in tuple(waiting):
        if not future.done():
            future.set_result(records)
