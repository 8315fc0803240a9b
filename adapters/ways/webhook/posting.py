"""Posts a batch of events over one line, several requests at once, and finds out what became of each event."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from adapters.ways.webhook.endpoint import Endpoint, Format
from adapters.ways.webhook.line import NoAnswer, ask
from adapters.ways.webhook.messages import Message, write
from adapters.ways.webhook.pace import Pace
from adapters.ways.webhook.signing import signed_headers
from adapters.ways.webhook.spdci import Unwritable
from adapters.ways.webhook.verdict import Away, Over, Refused, Taken, Verdict, judge
from hub.destination import Event, Rejection
from schemas.conversion import rfc3339

#: Bytes of a request with several events; a larger one is parted.
_LARGEST = 512 * 1024
#: So many requests in a row without an answer that counts are enough to know, however few go at once.
_ENOUGH = 3


@dataclass(slots=True)
class Posted:
    """What became of a batch so far."""

    #: Ids of the events that the endpoint has acknowledged.
    taken: set[str] = field(default_factory=set)
    rejected: list[Rejection] = field(default_factory=list)
    away: Away | None = None
    over: Over | None = None


@dataclass(slots=True)
class Posting:
    """One batch on its way. The events are of different persons, so they may go in any order."""

    session: aiohttp.ClientSession
    endpoint: Endpoint
    keys: Sequence[bytes]
    pace: Pace
    _left: deque[Sequence[Event]] = field(default_factory=deque)
    _posted: Posted = field(default_factory=Posted)
    #: Requests in a row that nobody answered in earnest.
    _misses: int = 0
    _stopped: bool = False

    async def post(self, events: Sequence[Event]) -> Posted:
        """Post the events. An endpoint that answers nothing in earnest is given up before all are tried."""
        size = self.endpoint.in_one_request
        self._left.extend(events[start : start + size] for start in range(0, len(events), size))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.endpoint.connections, len(self._left))):
                group.create_task(self._work())
        return self._posted

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._left and not self._stopped:
            events = self._left.popleft()
            message = self._written(events)
            if message is None:
                continue
            delay = self.pace.delay(loop.time())
            if delay:
                await asyncio.sleep(delay)
                if self._stopped:
                    return
            self._note(events, await self._send(message, events))

    def _written(self, events: Sequence[Event]) -> Message | None:
        """Write the request, or refuse the events without asking anybody."""
        try:
            message = write(events, self.endpoint, rfc3339(time.time_ns() // 1_000_000))
        except Unwritable as problem:
            self._refuse(events, Refused("spdci_unwritable", str(problem)))
            return None
        if len(message.body) > _LARGEST and len(events) > 1:
            self._part(events)
            return None
        return message

    async def _send(self, message: Message, events: Sequence[Event]) -> Verdict:
        signed = signed_headers(self.keys, message.id, int(time.time()), message.body)
        try:
            answer = await ask(self.session, self.endpoint, "POST", {**message.headers, **signed}, message.body)
        except NoAnswer as problem:
            return Away(str(problem))
        return judge(answer, events, time.time(), acknowledged=self.endpoint.format is Format.SPDCI)

    def _note(self, events: Sequence[Event], verdict: Verdict) -> None:
        if isinstance(verdict, Away):
            self._misses += 1
            self._posted.away = _worse(self._posted.away, verdict)
            self._stopped |= verdict.not_now or self._misses >= max(_ENOUGH, self.endpoint.connections)
            return
        self._misses = 0
        match verdict:
            case Over():
                self._posted.over = verdict
                self._stopped = True
            case Refused():
                self._refuse(events, verdict)
            case Taken():
                self._posted.taken.update(event.event_id for event in events)

    def _refuse(self, events: Sequence[Event], why: Refused) -> None:
        if len(events) > 1:
            self._part(events)
        else:
            self._posted.rejected.append(Rejection(events[0].event_id, why.error_class, why.message))

    def _part(self, events: Sequence[Event]) -> None:
        """Post the halves next: they will tell which event is to blame."""
        middle = len(events) // 2
        self._left.extendleft((events[middle:], events[:middle]))


def _worse(one: Away | None, other: Away) -> Away:
    """Return the first, with the longest time to wait of both."""
    if one is None:
        return other
    waits = [wait for wait in (one.retry_after, other.retry_after) if wait is not None]
    return one._replace(retry_after=max(waits, default=None))
