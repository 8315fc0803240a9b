"""Sends what waits to the hub, in order and in batches, until it is acknowledged; slower while nobody answers."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.card_reader.producer.alarms import is_alarm
from adapters.card_reader.producer.line import Answer, Line, LineDown
from adapters.card_reader.producer.outbox import Waiting
from adapters.card_reader.producer.outbox_file import Stop, Stopped
from adapters.card_reader.producer.recorder import Recorder
from adapters.card_reader.producer.verdicts import NoAnswer, Verdict, read_verdicts

_LOG = logging.getLogger(__name__)
#: Events in one request: the hub takes no more.
BATCH = 500
#: Seconds: the first pause after a failure, the longest, the longest that the hub may ask for.
_FIRST, _LONGEST, _ASKED = 0.5, 60.0, 3600.0
#: Seconds between two questions while the hub does not know this device; between two looks when nothing waits.
_REVOKED, _QUIET = 300.0, 15.0
#: Reasons that are about the device and not about one event: its events stay, and wait for an operator.
_REVOKING = frozenset({"unknown_device", "unknown_key", "revoked"})
#: Reasons that show that this device has given out numbers of which it does not know any more.
_FORKED = frozenset({"sequence_regression", "replay", "key_ended"})

#: Called with an event and what the hub answered about it.
OnAnswer = Callable[[Waiting, Mapping[str, Any]], None]


def pause_after(failures: int, chance: float) -> float:
    """Return the seconds to wait after so many failures; `chance`: from 0 to 1, so that not all come at once."""
    return min(_LONGEST, _FIRST * 2.0 ** min(failures - 1, 16)) * (0.5 + chance / 2)


class Uplink:
    """One device's way to the hub. One thread."""

    def __init__(self, line: Line, recorder: Recorder, device_id: str, on_answer: OnAnswer = lambda *_: None) -> None:
        self._line, self._recorder, self._outbox = line, recorder, recorder.outbox
        self._device_id, self._on_answer = device_id, on_answer
        self._failures, self._size = 0, BATCH
        self._chance = random.Random()  # noqa: S311 - only spreads the load
        #: Set it when there is something to send.
        self.wake = threading.Event()

    def run(self, stop: threading.Event, on_turn: Callable[[], None] = lambda: None) -> None:
        """Send until told to stop (and woken)."""
        while not stop.is_set():
            self.wake.clear()
            pause = self.turn()
            on_turn()
            if pause and not stop.is_set():
                # what comes while the hub is away waits for the next try, like all else
                (stop if self._failures else self.wake).wait(pause)
        self._line.close()

    def turn(self) -> float:
        """Send one batch; return after how many seconds the next turn is due, 0: at once."""
        try:
            if lost := self._recorder.expire():
                _LOG.error("%d events were too old to be sent; an event says so", lost)
            waiting = self._outbox.batch(self._size)
            if not waiting:
                return _QUIET
            content = {"device_id": self._device_id, "events": [one.sealed for one in waiting]}
            return self._hear(self._line.post("/edge/events", content), waiting)
        except (LineDown, NoAnswer) as trouble:
            return self._failed(str(trouble))
        except Stopped:
            _LOG.error("the outbox can't be written: is the disk full?")
            self._failures += 1
            return pause_after(self._failures, self._chance.random())

    def _hear(self, answer: Answer, waiting: Sequence[Waiting]) -> float:
        if answer.status == 413 and len(waiting) > 1:
            self._size = max(1, len(waiting) // 2)
            return 0.0
        if answer.status in (401, 403):
            return self._revoked(answer.reason)
        if answer.status != 200:
            pause = self._failed(answer.reason)
            return max(pause, min(answer.retry_after or 0.0, _ASKED))
        verdicts = read_verdicts(answer.body, waiting)
        if not verdicts:
            raise NoAnswer("the hub took none of the events, and did not say why")
        return self._settle(verdicts)

    def _settle(self, verdicts: Sequence[Verdict]) -> float:
        is_revoked = any(one.state == "refused" and one.reason in _REVOKING for one in verdicts)
        done = [one for one in verdicts if one.state != "refused" or one.reason not in _REVOKING]
        if any(one.state == "refused" and one.reason in _FORKED for one in done):
            self._outbox.stop(Stop.restored)
        for one in done:
            if one.answer is not None and is_alarm(one.answer):
                self._outbox.alarms.add(one.event.id, one.event.at, one.answer)
        taken = [one.event for one in done if one.state != "refused"]
        refused = [(one.event, one.reason or "unknown") for one in done if one.state == "refused"]
        self._outbox.settle(taken, refused, time.time_ns() // 1_000_000)
        for one in done:
            if one.answer is not None:
                self._on_answer(one.event, one.answer)
        if is_revoked:
            return self._revoked("the hub does not know this device, or has revoked it")
        self._outbox.go_on()
        self._failures, self._size = 0, BATCH
        return 0.0

    def _revoked(self, words: str) -> float:
        self._outbox.stop(Stop.revoked)
        return max(_REVOKED, self._failed(words))

    def _failed(self, words: str) -> float:
        """Note what is wrong, and return the pause."""
        self._failures += 1
        if self._failures in (1, 10, 100, 1000):
            _LOG.warning("nothing can be sent now, it waits: %s (%d times)", words, self._failures)
        self._outbox.trouble(words)
        return pause_after(self._failures, self._chance.random())
