"""Answers agencies: pages and streams of their feeds. Async outside, with a few threads for the log and databases."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

import orjson
from starlette.requests import Request

from consumers.pull.answers import Answer, Wanted, answer_of
from consumers.pull.kinds import problem
from consumers.pull.parts import Parts
from consumers.pull.reading import Reading, Start
from consumers.pull.seats import Seats
from consumers.pull.watch import Watch
from hub.access import AGENCY
from hub.ages import ages
from hub.eventlog import LogUnavailable, Record
from hub.observe import FeedRead
from hub.passing import passes
from hub.problems import Problem

_T = TypeVar("_T")
#: Events of one piece of a stream.
_PIECE = 100


class Asked(NamedTuple):
    """A wish for a page."""

    agency: str
    start: Start
    limit: int
    #: So long it waits when there is nothing.
    seconds: float
    wanted: Wanted


class Feeds:
    """The feeds of one hub, for one event loop at a time."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        limits = parts.limits
        self.reading = Reading(parts)
        self.watch = Watch(parts.log, limits.look, limits.page)
        self.waiting = Seats("wait for events", limits.waiting)
        self.streams = Seats("have a stream open", limits.streams)
        self.sending = Seats("get a page", limits.sending)
        #: Agency → the last position of its feed that this process has given it.
        self._given: dict[str, int] = {}
        self._threads = ThreadPoolExecutor(limits.making[1], "feed-pages")
        self._making: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(limits.making[0]))

    def stop_waiting(self) -> None:
        """Answer all who wait, and end all streams: the hub stops. Any thread may call it."""
        self.watch.stop()

    def close(self) -> None:
        """End the threads."""
        self.watch.close()
        self._threads.shutdown()

    async def in_thread(self, work: Callable[..., _T], *arguments: Any) -> _T:
        """Do something that blocks in one of the few threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))

    async def admit(self, request: Request, agency: str) -> None:
        """Let the agency in whose feed is asked for. Raises `Problem` for everybody else."""
        await self.in_thread(self._admit, request, agency)

    async def page(self, asked: Asked) -> Answer:
        """Return the page behind a start, waiting for its first event as long as asked. Raises `Problem`.

        Few are made at once, so that of many who are woken together none holds a page in memory before its turn.
        """
        agency, start = asked.agency, asked.start
        async with self._making[agency]:
            items = await self.in_thread(self._read, agency, start, asked.limit)
            if items or asked.seconds <= 0:
                return await self.in_thread(answer_of, items, asked.wanted)
        with self.waiting.seat(agency):
            news = await self.watch.news(agency, start.position, asked.seconds)
        async with self._making[agency]:
            items = await self.in_thread(self._open, agency, start, news[: asked.limit])
            return await self.in_thread(answer_of, items, asked.wanted)

    async def stream(
        self, request: Request, agency: str, start: Start, items: Sequence[dict[str, Any]]
    ) -> AsyncIterator[bytes]:
        """Yield a feed as server-sent events, with signs of life between: first `items`, then what is behind them.

        It ends when the hub stops, or when there is a problem: whoever comes back is told.
        """
        yield b": dancu\nretry: 2000\n\n"
        while not self.watch.stopped:
            yield b"".join(map(_as_event, items)) or b":\n\n"
            if items:
                start = Start(int(items[-1]["sequence"]), given=True)
            try:
                items = await self._next(agency, start)
                await self.admit(request, agency)  # the token may have been revoked since
            except Exception as error:
                if isinstance(error, Problem | LogUnavailable) or passes(error):
                    return
                raise

    async def _next(self, agency: str, start: Start) -> list[dict[str, Any]]:
        """Return the next piece of a stream; nothing when it is time for a sign of life."""
        items = await self.piece(agency, start)
        if items:
            return items
        news = await self.watch.news(agency, start.position, self.parts.limits.heartbeat)
        async with self._making[agency]:
            return await self.in_thread(self._open, agency, start, news[:_PIECE])

    async def piece(self, agency: str, start: Start) -> list[dict[str, Any]]:
        """Return what a stream begins with. Raises `Problem`."""
        async with self._making[agency]:
            return await self.in_thread(self._read, agency, start, _PIECE)

    def requests_of(self, agency: str) -> Mapping[str, int]:
        """Return what requests of an agency do now."""
        seats = {"waiting": self.waiting, "streams": self.streams, "pages": self.sending}
        return {name: taken.of(agency) for name, taken in seats.items()}

    def _admit(self, request: Request, agency: str) -> None:
        holder = self.parts.authenticate(request)
        if (holder.kind, holder.name) != (AGENCY, agency):
            raise problem("not-your-feed", "This token is of another agency, or of an operator.")
        if agency not in self.parts.agreements.by_agency:
            raise Problem(404, f"{agency} has no agreement with this hub.")
        if reason := self.parts.contacts.suspended(agency):
            raise problem("suspended", f"{agency} is suspended: {reason}")

    def _read(self, agency: str, start: Start, limit: int) -> list[dict[str, Any]]:
        self.parts.contacts.asked(agency, start.position)
        records = self.reading.records(agency, start, limit)
        return self._items(agency, records)

    def _open(self, agency: str, start: Start, news: Sequence[Record]) -> list[dict[str, Any]]:
        return self._items(agency, self.reading.whole(agency, start, news)) if news else []

    def _items(self, agency: str, records: Sequence[Record]) -> list[dict[str, Any]]:
        if not records:
            return []
        items = self.reading.items(agency, records)
        before = self._given.get(agency, 0)  # what an agency reads again is not late
        fresh = [record for record in records if record.position > before]
        self._given[agency] = max(before, records[-1].position)
        self.parts.observe(FeedRead(agency, len(items), ages(fresh, time.time_ns() // 1_000_000)))
        return items


def _as_event(item: Mapping[str, Any]) -> bytes:
    """Return an item as a server-sent event. JSON has no line ends in it."""
    return b"id: %s\ndata: %s\n\n" % (item["cursor"].encode(), orjson.dumps(item))
