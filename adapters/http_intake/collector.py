"""Group commit: what came in from many requests meanwhile goes to the desk in one go, and each gets its own answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from adapters.http_intake.queue import Bounds, HandedIn, Queue
from adapters.http_intake.verdict import Told, Verdict, verdicts
from hub.intake.desk import Desk
from hub.registers.intake import Rejected

_LOG = logging.getLogger(__name__)
#: Seconds after which an idle collector says that it is well.
_TURN = 1.0


class Unavailable(Exception):
    """The log or the database can't be used now; nothing can be promised about what was handed in."""


class Collector:
    """The one thread that uses a desk. `unavailable` are the errors of a broken world, rather than of one event.

    `first_places` tells where ids were met first, of those that are known. `beat` is called at every turn.
    """

    def __init__(
        self,
        desk: Desk,
        first_places: Callable[[Sequence[str]], dict[str, str]],
        unavailable: tuple[type[Exception], ...],
        beat: Callable[[], None] = lambda: None,
        bounds: Bounds | None = None,
    ) -> None:
        """Take nothing yet."""
        self._desk = desk
        self._first_places = first_places
        self._unavailable = unavailable
        self._beat = beat
        self._queue = Queue(bounds or Bounds())
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Begin to take."""
        self._thread.start()

    def close(self) -> None:
        """Take what was handed in, then end."""
        self._queue.close()
        self._thread.join()

    def hand_in(self, handed: HandedIn) -> Future[Verdict]:
        """Put a request into the queue; its future has the verdict, or `Unavailable`. Raises `Busy`."""
        self._queue.put(handed)
        return handed.answer

    def _run(self) -> None:
        while (group := self._queue.next_group(_TURN)) is not None:
            self._beat()
            by_sender: dict[str, list[HandedIn]] = {}
            for handed in group:
                if handed.answer.set_running_or_notify_cancel():
                    by_sender.setdefault(handed.sender, []).append(handed)
            for sender, requests in by_sender.items():
                self._take(f"http:{sender}", requests)

    def _take(self, producer: str, requests: Sequence[HandedIn]) -> None:
        """Take requests of a sender together; where one of them breaks the desk, each by itself."""
        try:
            told = self._take_together(producer, requests)
        except self._unavailable as error:
            _LOG.warning("intake: nothing can be taken now: %s", error)
            for handed in requests:
                handed.answer.set_exception(Unavailable())
        except Exception as error:
            if len(requests) > 1:
                for handed in requests:
                    self._take(producer, [handed])
            else:  # a bug; its words may hold what was sent
                _LOG.error("intake: a request broke the desk: %s", type(error).__name__)
                requests[0].answer.set_exception(error)
        else:
            for handed, verdict in zip(requests, told, strict=True):
                handed.answer.set_result(verdict)

    def _take_together(self, producer: str, requests: Sequence[HandedIn]) -> list[Verdict]:
        rejected: list[Rejected] = []
        self._desk.on_refused = rejected.append
        taken = self._desk.take(producer, [piece for handed in requests for piece in handed.pieces])
        told = [Told(handed.pieces, handed.event_ids) for handed in requests]
        places = self._first_places([i for t in told for i in t.event_ids if i]) if taken.duplicates else None
        return verdicts(producer, told, rejected, places)
