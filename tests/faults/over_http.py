"""A source that sends over HTTP, and sends again what was not answered, however often `dancu intake` is killed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

from deploy.demo.lines import SourceLine

#: Events in one request.
_BATCH = 20
_HEADERS = {"Content-Type": "application/cloudevents-batch+json"}


@dataclass(slots=True)
class Sender:
    """Sends lines in their order, one request after the other."""

    port: int
    lines: Sequence[SourceLine]
    #: Requests that were answered, and tries that were not.
    answered: int = 0
    unanswered: int = 0
    failure: BaseException | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Send from now on."""
        self._thread = threading.Thread(target=self._send_all, name="sender", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether everything was answered. Raises what went wrong."""
        if self.failure is not None:
            raise self.failure
        return self._thread is not None and not self._thread.is_alive()

    def give_up(self) -> None:
        """Send no more."""
        self._stop.set()

    def _send_all(self) -> None:
        try:
            whole = [line.raw for line in self.lines if _is_json(line.raw)]  # no batch can hold what is no JSON
            for start in range(0, len(whole), _BATCH):
                self._send(b"[" + b",".join(whole[start : start + _BATCH]) + b"]")
        except BaseException as problem:
            self.failure = problem

    def _send(self, body: bytes) -> None:
        while not self._stop.is_set():
            status = self._try(body)
            if status in (202, 422):  # taken, or all of it refused
                self.answered += 1
                return
            assert status is None or status >= 500, f"answered {status}"
            self.unanswered += 1
            time.sleep(0.05)

    def _try(self, body: bytes) -> int | None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=70)
        try:
            connection.request("POST", "/events", body, _HEADERS)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, HTTPException):  # it is dead, or died before it answered
            return None
        finally:
            connection.close()


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
