"""One event loop in one thread for the webhooks of all agencies: a thousand requests under way cost no thread each."""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import aiohttp

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_STARTING = threading.Lock()
#: Seconds that connections have to end when the process does.
_FAREWELL = 2.0


class EventLoop:
    """Runs coroutines for threads, and keeps the sessions that are open."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_note)
        self._sessions: set[aiohttp.ClientSession] = set()
        #: What ends sessions now: the loop itself holds its tasks weakly.
        self._ending: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="webhooks", daemon=True)
        self._thread.start()
        atexit.register(self._end)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run to the end, while this thread waits."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        finally:
            future.cancel()  # of use only when this thread is interrupted while it waits

    def open(self, make: Callable[[], aiohttp.ClientSession]) -> aiohttp.ClientSession:
        """Return a new session of this loop."""

        async def made() -> aiohttp.ClientSession:
            session = make()
            self._sessions.add(session)
            return session

        return self.run(made())

    def close(self, session: aiohttp.ClientSession) -> None:
        """End a session and its connections soon; waits for nothing, so any thread may ask for it at any time."""

        def begin() -> None:
            task = self._loop.create_task(self._close(session))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

        with suppress(RuntimeError):  # the loop has ended, and with it every session
            self._loop.call_soon_threadsafe(begin)

    async def _close(self, session: aiohttp.ClientSession) -> None:
        self._sessions.discard(session)
        await session.close()

    def _end(self) -> None:
        async def close_all() -> None:
            for session in list(self._sessions):
                await self._close(session)

        with suppress(TimeoutError, RuntimeError):
            asyncio.run_coroutine_threadsafe(close_all(), self._loop).result(_FAREWELL)
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_FAREWELL)
        if not self._thread.is_alive():
            self._loop.close()


def event_loop() -> EventLoop:
    """Return the one of this process; it starts when it is first needed."""
    with _STARTING:
        return _the_one()


@cache
def _the_one() -> EventLoop:
    return EventLoop()


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What goes wrong beside a request, such as the end of a connection, is worth one line for those who look."""
    _LOG.debug("%s: %s", context.get("message"), type(context.get("exception")).__name__)
